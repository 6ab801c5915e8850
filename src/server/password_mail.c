/*
 * password_mail.c - takes one, writes it, sends it.
 */
#include "server/password_mail.h"

#include "accounts/user_link.h"
#include "base/log.h"
#include "server/link_mail.h"
#include "site/link.h"

/* The link stands between the two halves. */
static const struct {
	struct str locale;
	struct str subject;
	const char *before;
	const char *after;
} words[] = {
	{ STR("en"), STR("A new password"),
		"Somebody, you we hope, asked for a new password for your "
		"account at this LLM Gateway.\n\n"
		"Choose it here, within an hour:\n\n",
		"\n\nIf it was not you, there is nothing to do: your password "
		"stays as it is.\n" },
	{ STR("es"), STR("Una contraseña nueva"),
		"Alguien, esperamos que tú, ha pedido una contraseña nueva "
		"para tu cuenta en este LLM Gateway.\n\n"
		"Elígela aquí, antes de una hora:\n\n",
		"\n\nSi no has sido tú, no hay nada que hacer: tu contraseña "
		"sigue igual.\n" },
};

static bool take(const struct gateway *gateway, struct arena *arena,
	struct user *user, struct one_time *token);
static bool send_to(const struct gateway *gateway, struct str smtp_password,
	const bool *stop, const struct user *user, struct one_time *token,
	struct arena *arena, struct error *err);

bool password_mail_send_next(const struct gateway *gateway,
	struct str smtp_password, const bool *stop)
{
	struct one_time token;
	struct arena arena;
	struct error err;
	struct user user;
	bool found;

	if (!link_goes_by_mail(gateway->settings))
		return false;
	arena_init(&arena, 8192);
	found = take(gateway, &arena, &user, &token);
	if (found && !send_to(gateway, smtp_password, stop, &user, &token,
			     &arena, &err))
		log_warn("user %" PRId64 " gets no mail with a link to a new "
			 "password: %s",
			user.id, error_detail(&err));
	explicit_bzero(&token, sizeof(token));
	arena_release(&arena);
	return found;
}

static bool take(const struct gateway *gateway, struct arena *arena,
	struct user *user, struct one_time *token)
{
	bool found = false;
	struct error err;
	struct db *db;

	/* Who sends alerts complains of a database that is away. */
	if (!db_take(gateway->db, &db, &err))
		return false;
	if (!user_link_take(db, arena, &found, user, token, &err)) {
		log_warn("mails with links to new passwords wait: %s",
			error_detail(&err));
		found = false;
	}
	db_give(gateway->db, db);
	return found;
}

static bool send_to(const struct gateway *gateway, struct str smtp_password,
	const bool *stop, const struct user *user, struct one_time *token,
	struct arena *arena, struct error *err)
{
	size_t language = str_equal(user->locale, words[1].locale);
	struct str link = link_by_settings(
		gateway->settings, arena, "/password/new?token=", token);
	struct link_mail mail = {
		.to = user->email,
		.kind = S("password"),
		.subject = words[language].subject,
		.text = arena_printf(arena, "%s%.*s%s", words[language].before,
			STR_ARG(link), words[language].after),
	};

	return link_mail_send(gateway, smtp_password, stop, &mail, arena, err);
}
