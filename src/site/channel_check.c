/*
 * channel_check.c - a channel that could never speak is refused.
 */
#include "site/channel_check.h"

#include "accounts/names.h"
#include "catalog/base_url.h"
#include "net/mail.h"

static bool check_name(struct str name, struct error *err);
static bool check_address(
	const struct settings *settings, struct str address, struct error *err);

bool channel_check(const struct alert_channel *channel,
	const struct settings *settings, struct arena *arena, struct error *err)
{
	struct str read;

	if (!check_name(channel->name, err))
		return false;
	if (channel->target.n == 0)
		return error_refuse(err, ERR_BAD_REQUEST, "target",
			"Give --target: an e-mail address, or the URL to post "
			"to.");
	if (channel->target.n > ALERT_TARGET_MAX_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, "target",
			"A target has at most %d bytes.",
			ALERT_TARGET_MAX_BYTES);
	if (channel->kind == CHANNEL_EMAIL)
		return check_address(settings, channel->target, err);
	if (base_url_read(channel->target, settings->allow_private_upstreams,
		    arena, &read, err))
		return true;
	snprintf(err->param, sizeof(err->param), "target");
	return false;
}

/* Rules name channels in lists. */
static bool check_name(struct str name, struct error *err)
{
	if (str_index(name, ',') < name.n)
		return error_refuse(err, ERR_BAD_FIELD, "name",
			"The name of a channel has no comma.");
	return name_check(name, "name", err);
}

static bool check_address(
	const struct settings *settings, struct str address, struct error *err)
{
	if (!mail_address_is_valid(address))
		return error_refuse(err, ERR_BAD_FIELD, "target",
			"'%.*s' is not an e-mail address.", STR_ARG(address));
	if (settings->smtp_url.n == 0)
		return error_refuse(err, ERR_BAD_FIELD, "target",
			"There is no mail server: set alerts.smtp_url and "
			"alerts.smtp_from first.");
	return true;
}
