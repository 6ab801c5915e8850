/*
 * behaviour.c - the table of keys, and the reader that walks it.
 */
#include "behaviour.h"

#define MAX_WAIT_MS 600000
#define MAX_TOKENS 10000000
#define MAX_BYTES (64 * 1024 * 1024)

struct choice {
	const char *name;
	int value;
};

struct key {
	size_t offset; /* of the field in struct behaviour */
	const char *name;
	int min;
	int max;
	const struct choice *choices; /* instead of a number */
};

static const struct choice usage_choices[] = {
	{ "no", USAGE_NO },
	{ "always", USAGE_ALWAYS },
	{ NULL, 0 },
};

static const struct choice words_choices[] = {
	{ "plain", WORDS_PLAIN },
	{ "unicode", WORDS_UNICODE },
	{ NULL, 0 },
};

static const struct choice finish_choices[] = {
	{ "length", FINISH_LENGTH },
	{ "filter", FINISH_FILTER },
	{ NULL, 0 },
};

static const struct choice fault_choices[] = {
	{ "none", FAULT_NONE },
	{ "refuse_head", FAULT_REFUSE_HEAD },
	{ "reset", FAULT_RESET },
	{ "reset_body", FAULT_RESET_BODY },
	{ "stall", FAULT_STALL },
	{ "stall_stream", FAULT_STALL_STREAM },
	{ "garbage", FAULT_GARBAGE },
	{ "garbage_body", FAULT_GARBAGE_BODY },
	{ "half_body", FAULT_HALF_BODY },
	{ "cut", FAULT_CUT },
	{ "no_done", FAULT_NO_DONE },
	{ "slow_head", FAULT_SLOW_HEAD },
	{ "stream_error", FAULT_STREAM_ERROR },
	{ "bad_frame", FAULT_BAD_FRAME },
	{ "huge_frame", FAULT_HUGE_FRAME },
	{ NULL, 0 },
};

#define NUMBER(key, min, max)                                             \
	{                                                                 \
		offsetof(struct behaviour, key), #key, (min), (max), NULL \
	}
#define CHOICE(key, choices)                                           \
	{                                                              \
		offsetof(struct behaviour, key), #key, 0, 0, (choices) \
	}

static const struct key keys[] = {
	NUMBER(delay_ms, 0, MAX_WAIT_MS),
	NUMBER(first_ms, 0, MAX_WAIT_MS),
	NUMBER(gap_ms, 0, MAX_WAIT_MS),
	NUMBER(tokens, 0, MAX_TOKENS),
	NUMBER(chunk, 1, MAX_BYTES),
	NUMBER(prompt_tokens, 0, MAX_TOKENS),
	NUMBER(cached, 0, MAX_TOKENS),
	NUMBER(cache_write, 0, MAX_TOKENS),
	NUMBER(prompt_cache, 0, 86400),
	NUMBER(reasoning, 0, MAX_TOKENS),
	NUMBER(thoughts, 0, 1),
	CHOICE(usage, usage_choices),
	NUMBER(crlf, 0, 1),
	NUMBER(comment, 0, 1),
	NUMBER(tool, 0, 1),
	NUMBER(parallel, 0, 1),
	NUMBER(preface, 0, 1),
	CHOICE(finish, finish_choices),
	NUMBER(strict, 0, 1),
	CHOICE(words, words_choices),
	NUMBER(bytes, 0, MAX_BYTES),
	NUMBER(status, 400, 599),
	NUMBER(retry_after, 1, 86400),
	CHOICE(fault, fault_choices),
};

static bool apply(
	struct behaviour *behaviour, struct str assignment, struct error *err);
static const struct key *key_find(struct str name);
static bool read_number(
	const struct key *key, struct str value, int *out, struct error *err);
static bool read_choice(
	const struct key *key, struct str value, int *out, struct error *err);

void behaviour_init(struct behaviour *behaviour)
{
	*behaviour = (struct behaviour){
		.tokens = 16,
		.prompt_tokens = -1,
		.reasoning = -1,
		.tool = -1,
		.strict = 1,
		.bytes = -1,
	};
}

bool behaviour_parse(
	struct behaviour *behaviour, struct str text, struct error *err)
{
	struct str assignment;

	while (str_next_field(&text, ',', &assignment)) {
		if (!apply(behaviour, str_trim(assignment), err))
			return false;
	}
	return true;
}

void behaviour_split_model(
	struct str model, struct str *name, struct str *behaviour)
{
	size_t mark = str_index(model, '?');
	struct str after = str_from(model, mark + 1);

	if (mark == model.n && str_starts(model, S("sim-"))) {
		after = str_from(model, 4);
		/* "sim-small" is a name like any other. */
		if (str_index(after, '=') == after.n)
			after.n = 0;
	}
	*name = str_head(model, mark);
	*behaviour = after;
}

static bool apply(
	struct behaviour *behaviour, struct str assignment, struct error *err)
{
	size_t equals = str_index(assignment, '=');
	struct str name = str_head(assignment, equals);
	struct str value = str_from(assignment, equals + 1);
	const struct key *key = key_find(name);
	int *field;

	if (equals == assignment.n)
		return error_refuse(err, ERR_BAD_FIELD, "model",
			"'%.*s' is not of the form key=value.",
			STR_ARG(str_head(assignment, 60)));
	if (!key)
		return error_refuse(err, ERR_BAD_FIELD, "model",
			"The simulator knows no behaviour '%.*s'.",
			STR_ARG(str_head(name, 60)));
	field = (int *)(void *)((char *)behaviour + key->offset);
	return key->choices ? read_choice(key, value, field, err)
			    : read_number(key, value, field, err);
}

static const struct key *key_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (str_equal(name, str_of(keys[i].name)))
			return &keys[i];
	}
	return NULL;
}

static bool read_number(
	const struct key *key, struct str value, int *out, struct error *err)
{
	int64_t number;

	if (!str_to_int64_in(value, key->min, key->max, &number))
		return error_refuse(err, ERR_BAD_FIELD, "model",
			"'%s' must be a whole number from %d to %d, not "
			"'%.*s'.",
			key->name, key->min, key->max,
			STR_ARG(str_head(value, 60)));
	*out = (int)number;
	return true;
}

static bool read_choice(
	const struct key *key, struct str value, int *out, struct error *err)
{
	for (const struct choice *c = key->choices; c->name; c++) {
		if (str_equal(value, str_of(c->name))) {
			*out = c->value;
			return true;
		}
	}
	return error_refuse(err, ERR_BAD_FIELD, "model",
		"'%s' has no value '%.*s'.", key->name,
		STR_ARG(str_head(value, 60)));
}
