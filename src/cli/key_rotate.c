/*
 * key_rotate.c - a new gateway key in place of an old one, shown this once.
 *
 * Without --json the key stands alone on standard output, as with key create.
 */
#include "accounts/gateway_key.h"
#include "cli/command.h"

#define DAY_MS INT64_C(86400000)

static const struct option_row options[] = {
	{ "grace", "DURATION",
		"how long the old key goes on, as in 30m, 24h, 7d or 0 "
		"(default: 24h; at most 30d)" },
	{ NULL, NULL, NULL },
};

static bool read_id(
	const struct session *session, int64_t *id, struct error *err);
static bool read_grace(const struct arguments *arguments, int64_t *grace_ms,
	struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	char *text = session->secret;
	struct gateway_key_row old, ended;
	int64_t id, grace_ms = DAY_MS;

	if (!read_id(session, &id, err) ||
		!read_grace(&session->arguments, &grace_ms, err) ||
		!session_begin_change(session, err) ||
		!gateway_key_find(
			session->db, 0, id, &session->arena, &old, err))
		return false;
	gateway_key_make(old.key.kind, text);
	if (!gateway_key_rotate(session->db, &old, grace_ms, 0, str_of(text),
		    &session->arena, &id, err) ||
		!gateway_key_find(session->db, 0, old.key.id, &session->arena,
			&ended, err))
		return false;
	session->organisation_id = old.key.organisation_id;
	output_int(output, "id", id);
	output_str(output, "name", old.key.name);
	output_int(output, "rotated_from", old.key.id);
	output_time(output, "old_expires", ended.key.expires_ms);
	if (!session_commit_change(
		    session, "key.rotate", old.key.id, old.key.name, err))
		return false;
	output_str(output, "key", str_of(text));
	output_alone(output);
	return true;
}

static bool read_id(
	const struct session *session, int64_t *id, struct error *err)
{
	struct str operand = session_operand(session, 0);

	return str_to_int64_in(operand, 1, INT64_MAX, id) ||
	       error_refuse(err, ERR_BAD_REQUEST, "id",
		       "'%.*s' is not the id of a key; 'key list' shows them.",
		       STR_ARG(operand));
}

/* A whole number and its unit: m, h or d. */
static bool read_grace(
	const struct arguments *arguments, int64_t *grace_ms, struct error *err)
{
	struct str text = arguments_text(arguments, "grace");
	char unit = text.n > 0 ? text.p[text.n - 1] : '\0';
	int64_t unit_ms = unit == 'm'   ? DAY_MS / 24 / 60
			  : unit == 'h' ? DAY_MS / 24
			  : unit == 'd' ? DAY_MS
					: 0;
	int64_t count;

	if (!arguments_has(arguments, "grace"))
		return true;
	if (unit_ms && str_to_int64_in(str_head(text, text.n - 1), 0,
			       GATEWAY_KEY_MAX_GRACE_MS / unit_ms, &count)) {
		*grace_ms = count * unit_ms;
		return true;
	}
	if (str_equal(text, S("0"))) {
		*grace_ms = 0;
		return true;
	}
	return error_refuse(err, ERR_BAD_REQUEST, "grace",
		"--grace is a duration of at most 30 days, as in 30m, 24h, 7d "
		"or 0.");
}

const struct command command_key_rotate = {
	.words = "key rotate",
	.operands = "ID",
	.help = "make a new key that does the same; the old one ends soon",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
