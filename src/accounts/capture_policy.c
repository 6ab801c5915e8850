/*
 * capture_policy.c - the member "bodies" of a project's settings.
 */
#include "accounts/capture_policy.h"

#include "base/json.h"

static const char *const modes[] = {
	[CAPTURE_OFF] = "off",
	[CAPTURE_METADATA] = "metadata",
	[CAPTURE_FULL] = "full",
};

static bool read_member(struct capture_policy *policy,
	struct json_member member, struct error *err);
static bool set_mode(
	struct capture_policy *policy, struct str word, struct error *err);
static bool set_redaction(
	struct capture_policy *policy, struct str word, struct error *err);
static bool set_max_bytes(
	struct capture_policy *policy, int64_t bytes, struct error *err);

struct capture_policy capture_policy_off(void)
{
	return (struct capture_policy){
		.mode = CAPTURE_OFF,
		.is_redacted = true,
		.max_bytes = CAPTURE_USUAL_BYTES,
	};
}

const char *capture_mode_name(enum capture_mode mode)
{
	return modes[mode];
}

const char *capture_redaction_name(bool is_redacted)
{
	return is_redacted ? "personal" : "none";
}

bool capture_policy_read(
	struct str settings, struct capture_policy *out, struct error *err)
{
	struct capture_policy policy = capture_policy_off();
	struct json_cursor cursor;
	struct json_member member;
	struct json root;

	*out = policy;
	if (settings.n == 0)
		return true;
	if (!json_check(settings, JSON_MAX_DEPTH, &root, err))
		return false;
	cursor = json_members(json_find(root, S("bodies")));
	while (json_next(&cursor, &member))
		if (!read_member(&policy, member, err))
			return false;
	*out = policy;
	return true;
}

void capture_policy_write(const struct capture_policy *policy, struct buf *out)
{
	buf_printf(out,
		"{\"keep\":\"%s\",\"redact\":\"%s\",\"max_bytes\":%" PRId64 "}",
		modes[policy->mode],
		capture_redaction_name(policy->is_redacted), policy->max_bytes);
}

bool capture_policy_change(struct capture_policy *policy, struct str mode,
	struct str redaction, int64_t max_bytes, struct error *err)
{
	return (mode.n == 0 || set_mode(policy, mode, err)) &&
	       (redaction.n == 0 || set_redaction(policy, redaction, err)) &&
	       (max_bytes == 0 || set_max_bytes(policy, max_bytes, err));
}

static bool read_member(struct capture_policy *policy,
	struct json_member member, struct error *err)
{
	struct str word = S("");
	int64_t bytes = 0;

	/* Our own words: without escapes. */
	if (member.value.type == JSON_TYPE_STRING)
		word = str_head(str_from(member.value.text, 1),
			member.value.text.n - 2);
	if (json_name_is(member, S("keep")))
		return set_mode(policy, word, err);
	if (json_name_is(member, S("redact")))
		return set_redaction(policy, word, err);
	if (json_name_is(member, S("max_bytes")))
		return set_max_bytes(policy,
			json_int(member.value, &bytes) ? bytes : -1, err);
	return true;
}

static bool set_mode(
	struct capture_policy *policy, struct str word, struct error *err)
{
	for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
		if (str_equal(word, str_of(modes[i]))) {
			policy->mode = i;
			return true;
		}
	}
	return error_refuse(err, ERR_BAD_FIELD, "bodies",
		"What is kept of calls is off, metadata or full, not '%.*s'.",
		STR_ARG(str_head(word, 60)));
}

static bool set_redaction(
	struct capture_policy *policy, struct str word, struct error *err)
{
	policy->is_redacted = !str_equal(word, S("none"));
	return !policy->is_redacted || str_equal(word, S("personal")) ||
	       error_refuse(err, ERR_BAD_FIELD, "redact",
		       "What is taken out of bodies is personal or none, not "
		       "'%.*s'.",
		       STR_ARG(str_head(word, 60)));
}

static bool set_max_bytes(
	struct capture_policy *policy, int64_t bytes, struct error *err)
{
	policy->max_bytes = bytes;
	return (bytes >= CAPTURE_MIN_BYTES && bytes <= CAPTURE_MAX_BYTES) ||
	       error_refuse(err, ERR_BAD_FIELD, "max_bytes",
		       "A body is kept up to %d to %d bytes.",
		       CAPTURE_MIN_BYTES, CAPTURE_MAX_BYTES);
}
