/*
 * session.c - opens and closes what commands share.
 */
#include "cli/session.h"

#include "base/log.h"
#include "cli/secret.h"
#include "hot/store.h"
#include "ledger/audit.h"

#include <unistd.h>

#define ARENA_BLOCK_BYTES 65536

static void announce_change(const struct settings *settings);

void session_init(struct session *session)
{
	memset(session, 0, sizeof(*session));
	arena_init(&session->arena, ARENA_BLOCK_BYTES);
	output_init(&session->output, &session->arena, false);
	settings_init(&session->settings);
}

void session_close(struct session *session)
{
	explicit_bzero(session->secret, sizeof(session->secret));
	if (session->db)
		db_give(session->pool, session->db);
	if (session->pool)
		db_pool_free(session->pool);
	vault_free(session->vault);
	arena_release(&session->arena);
}

bool session_read_settings(struct session *session, struct error *err)
{
	struct str path = arguments_text(&session->arguments, "config");
	const char *from_environment = getenv("LLM_GATEWAY_CONFIG");
	enum log_level level;
	bool is_level;
	struct str assignment;
	size_t at = 0;

	if (path.n)
		session->config_path = arena_cstr(&session->arena, path);
	else if (from_environment && *from_environment)
		session->config_path = from_environment;
	else if (access(DEFAULT_CONFIG, F_OK) == 0)
		session->config_path = DEFAULT_CONFIG;
	if (!settings_load(&session->settings, session->config_path,
		    &session->arena, err))
		return false;
	while (arguments_next(&session->arguments, "set", &at, &assignment)) {
		if (!settings_set(&session->settings, assignment,
			    &session->arena, err))
			return false;
	}
	/* The table of settings takes no other word. */
	is_level = log_level_parse(session->settings.log_level, &level);
	assert(is_level);
	log_set_level(level);
	session->has_settings = true;
	return true;
}

bool session_open_vault(struct session *session, struct error *err)
{
	return vault_load(&session->settings, &session->vault, err);
}

bool session_open_database(struct session *session, struct error *err)
{
	return db_pool_new(&session->settings, &session->pool, err) &&
	       db_take(session->pool, &session->db, err);
}

struct str session_operand(const struct session *session, size_t n)
{
	assert(n < session->arguments.word_count);
	return session->arguments.words[n];
}

bool session_read_secret(struct session *session, const char *what,
	struct str *out, struct error *err)
{
	return secret_read(STDIN_FILENO, what, session->secret,
		sizeof(session->secret), out, err);
}

bool session_begin_change(struct session *session, struct error *err)
{
	return db_begin(session->db, err);
}

bool session_note_change(struct session *session, const char *action,
	int64_t object_id, struct str object_name, struct error *err)
{
	struct str text = str_of(action);
	struct audit_entry entry = { .organisation_id =
					     session->organisation_id,
		.actor = S("cli"),
		.action = text,
		.object_kind = str_head(text, str_index(text, '.')),
		.object_id = object_id,
		.object_name = object_name,
		.after_json = output_row_json(&session->output) };

	return audit_write(session->db, &entry, err);
}

bool session_commit_change(struct session *session, const char *action,
	int64_t object_id, struct str object_name, struct error *err)
{
	if (!session_note_change(
		    session, action, object_id, object_name, err) ||
		!db_commit(session->db, err))
		return false;
	announce_change(&session->settings);
	return true;
}

/* The change is made; those who serve would find it by themselves as well. */
static void announce_change(const struct settings *settings)
{
	struct error err;
	struct hot *hot;
	int64_t changes;

	if (!hot_open(settings, false, &hot, &err)) {
		log_warn("the change may take half a second to be seen: %s",
			error_detail(&err));
		return;
	}
	if (hot && !hot_add(hot, HOT_SNAPSHOT_CHANGES, 1, &changes, &err))
		log_warn("the change may take half a second to be seen: %s",
			error_detail(&err));
	hot_close(hot);
}
