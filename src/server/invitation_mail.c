/*
 * invitation_mail.c - takes one, writes it, sends it, in the language that the
 * organisation's new people begin with.
 */
#include "server/invitation_mail.h"

#include "accounts/invitation.h"
#include "base/log.h"
#include "server/link_mail.h"
#include "site/link.h"

/* Who invites and whereto stand before `after_place`, then the link. */
static const struct {
	struct str locale;
	struct str subject;
	struct str somebody;
	const char *invites;
	const char *after_place;
	const char *after_link;
} words[] = {
	{ STR("en"), STR("An invitation to LLM Gateway"), STR("Somebody"),
		" invites you to ",
		" at this LLM Gateway.\n\nJoin here, within a week:\n\n",
		"\n\nIf you do not know what this is about, there is nothing "
		"to do.\n" },
	{ STR("es"), STR("Una invitación a LLM Gateway"), STR("Alguien"),
		" te invita a ",
		" en este LLM Gateway.\n\nÚnete aquí, antes de una semana:\n\n",
		"\n\nSi no sabes de qué se trata, no hay nada que hacer.\n" },
};

static bool take(const struct gateway *gateway, struct arena *arena,
	struct invitation *invitation, struct one_time *token);
static struct str write_text(const struct gateway *gateway,
	const struct invitation *invitation, size_t language,
	const struct one_time *token, struct arena *arena);

bool invitation_mail_send_next(const struct gateway *gateway,
	struct str smtp_password, const bool *stop)
{
	struct invitation invitation;
	struct one_time token;
	struct arena arena;
	struct error err;
	bool found;

	if (!link_goes_by_mail(gateway->settings))
		return false;
	arena_init(&arena, 8192);
	found = take(gateway, &arena, &invitation, &token);
	if (found) {
		size_t language = str_equal(invitation.locale, words[1].locale);
		struct link_mail mail = {
			.to = invitation.email,
			.kind = S("invitation"),
			.subject = words[language].subject,
			.text = write_text(
				gateway, &invitation, language, &token, &arena),
		};

		if (!link_mail_send(
			    gateway, smtp_password, stop, &mail, &arena, &err))
			log_warn("invitation %" PRId64 " is not mailed: %s",
				invitation.id, error_detail(&err));
	}
	explicit_bzero(&token, sizeof(token));
	arena_release(&arena);
	return found;
}

static bool take(const struct gateway *gateway, struct arena *arena,
	struct invitation *invitation, struct one_time *token)
{
	bool found = false;
	struct error err;
	struct db *db;

	/* Who sends alerts complains of a database that is away. */
	if (!db_take(gateway->db, &db, &err))
		return false;
	if (!invitation_take_mail(db, arena, &found, invitation, token, &err)) {
		log_warn("mails with invitations wait: %s", error_detail(&err));
		found = false;
	}
	db_give(gateway->db, db);
	return found;
}

static struct str write_text(const struct gateway *gateway,
	const struct invitation *invitation, size_t language,
	const struct one_time *token, struct arena *arena)
{
	struct str link = link_by_settings(
		gateway->settings, arena, "/invitation?token=", token);
	struct str inviter = invitation->inviter.n ? invitation->inviter
						   : words[language].somebody;

	return arena_printf(arena, "%.*s%s%.*s%s%.*s%s%.*s%s", STR_ARG(inviter),
		words[language].invites, STR_ARG(invitation->organisation),
		invitation->project.n ? " / " : "",
		STR_ARG(invitation->project), words[language].after_place,
		STR_ARG(link), words[language].after_link);
}
