/*
 * losses_find.c - finds what a request asks for and another format cannot say.
 *
 * Members of the request are a table of "is it set?"; those of messages and
 * parts are found on one walk over the conversation. Then the members that
 * only the client's format knows are named, nulls and empty lists aside.
 */
#include "dialect/losses.h"

struct finder {
	const struct chat_request *request;
	const struct dialect *from;
	const struct dialect *to;
	uint64_t unsupported;
	struct chat_losses *out;
	struct error *err;
};

static bool find_in_request(struct finder *f);
static bool find_in_tools(struct finder *f);
static bool find_in_message(
	struct finder *f, const struct chat_message *message);
static bool find_in_part(struct finder *f, const struct chat_message *message,
	const struct chat_part *part);
static bool find_content(struct finder *f, const struct chat_message *message,
	const struct chat_part *part);
static const char *missing_content(const struct chat_part *part);
static enum chat_field content_field(const struct chat_part *part);
static bool is_media(const struct chat_part *part);
static bool carries(const struct finder *f, enum chat_field field);
static bool find_in_extra(
	struct finder *f, const struct chat_extra *extra, const char *of);
static void find_in_message_extra(struct finder *f,
	const struct chat_extra *extra, const struct chat_message *message);
static bool is_essential(const struct finder *f, struct str name);
static bool is_worth_a_word(const struct json_member *member);

static bool has_logprobs(const struct chat_request *r)
{
	return r->logprobs == CHAT_YES;
}

static bool has_many(const struct chat_request *r)
{
	return r->n > 1;
}

static bool has_reasoning(const struct chat_request *r)
{
	const struct chat_reasoning *reasoning = &r->reasoning;

	return reasoning->effort.p || reasoning->budget_tokens != -1 ||
	       reasoning->summary.p ||
	       (reasoning->enabled != CHAT_UNSET && !reasoning->is_default);
}

static bool has_json(const struct chat_request *r)
{
	return r->format.kind == CHAT_FORMAT_JSON;
}

static bool has_schema(const struct chat_request *r)
{
	return r->format.kind == CHAT_FORMAT_SCHEMA;
}

static bool has_tools(const struct chat_request *r)
{
	return r->tool_count > 0;
}

static bool has_tool_choice(const struct chat_request *r)
{
	return r->tool_choice != CHAT_CHOICE_UNSET &&
	       r->tool_choice != CHAT_CHOICE_AUTO && r->tool_count > 0;
}

static bool has_one_call(const struct chat_request *r)
{
	return r->parallel_tool_calls == CHAT_NO && r->tool_count > 0;
}

static bool has_stop(const struct chat_request *r)
{
	return r->stop != NULL;
}

/* An answer in sound or pictures: in words alone it would be another one. */
static bool has_modalities(const struct chat_request *r)
{
	struct error ignored = ERROR_INIT;
	struct json_cursor cursor;
	struct json_member item;
	struct json list;

	if (!r->modalities.p || !json_check(r->modalities, 2, &list, &ignored))
		return false;
	cursor = json_members(list);
	while (json_next(&cursor, &item))
		if (!json_text_is(item.value, S("text")))
			return true;
	return false;
}

/* Values that ask for what happens anyhow: they are no loss. */
static const struct {
	enum chat_field field;
	struct str text;
} defaults[] = {
	{ FIELD_FREQUENCY_PENALTY, STR("0") },
	{ FIELD_FREQUENCY_PENALTY, STR("0.0") },
	{ FIELD_PRESENCE_PENALTY, STR("0") },
	{ FIELD_PRESENCE_PENALTY, STR("0.0") },
	{ FIELD_REPETITION_PENALTY, STR("1") },
	{ FIELD_REPETITION_PENALTY, STR("1.0") },
	{ FIELD_TOP_K, STR("0") },
	{ FIELD_MIN_P, STR("0") },
	{ FIELD_MIN_P, STR("0.0") },
	{ FIELD_LOGIT_BIAS, STR("{}") },
	{ FIELD_METADATA, STR("{}") },
	{ FIELD_SERVICE_TIER, STR("auto") },
	{ FIELD_SERVICE_TIER, STR("default") },
	{ FIELD_SERVICE_TIER, STR("standard") },
	{ FIELD_VERBOSITY, STR("medium") },
};

/* The same of members that only one format has: false is their default. */
static const struct str false_by_default[] = { STR("store"), STR("background"),
	STR("strict_tools"), STR("thought") };

static bool asks_something(enum chat_field field, struct str text)
{
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (defaults[i].field == field &&
			str_equal(defaults[i].text, text))
			return false;
	return text.p != NULL;
}

/* What is set when a text is there, or a count. */
enum shape_of_field { A_TEXT, A_COUNT, ASK };

static const struct request_field {
	enum chat_field field;
	enum shape_of_field shape;
	size_t offset;
	bool (*is_set)(const struct chat_request *request);
	bool is_essential;
} request_fields[] = {
#define TEXT(field, member)                                                   \
	{                                                                     \
		FIELD_##field, A_TEXT, offsetof(struct chat_request, member), \
			NULL, false                                           \
	}
#define COUNT(field, member)                                                   \
	{                                                                      \
		FIELD_##field, A_COUNT, offsetof(struct chat_request, member), \
			NULL, false                                            \
	}
	TEXT(TEMPERATURE, temperature),
	TEXT(TOP_P, top_p),
	TEXT(TOP_K, top_k),
	TEXT(MIN_P, min_p),
	TEXT(FREQUENCY_PENALTY, frequency_penalty),
	TEXT(PRESENCE_PENALTY, presence_penalty),
	TEXT(REPETITION_PENALTY, repetition_penalty),
	TEXT(SEED, seed),
	COUNT(MAX_TOKENS, max_tokens),
	{ FIELD_STOP, ASK, 0, has_stop, false },
	{ FIELD_N, ASK, 0, has_many, true },
	{ FIELD_LOGPROBS, ASK, 0, has_logprobs, false },
	COUNT(TOP_LOGPROBS, top_logprobs),
	TEXT(LOGIT_BIAS, logit_bias),
	{ FIELD_MODALITIES, ASK, 0, has_modalities, true },
	TEXT(USER, user),
	TEXT(METADATA, metadata),
	TEXT(SERVICE_TIER, service_tier),
	TEXT(PROMPT_CACHE_KEY, prompt_cache_key),
	TEXT(VERBOSITY, verbosity),
	TEXT(SAFETY, safety),
	TEXT(CACHE_CONTROL, cache_control),
	{ FIELD_REASONING, ASK, 0, has_reasoning, false },
	{ FIELD_FORMAT_JSON, ASK, 0, has_json, true },
	{ FIELD_FORMAT_SCHEMA, ASK, 0, has_schema, true },
	{ FIELD_TOOLS, ASK, 0, has_tools, true },
	{ FIELD_TOOL_CHOICE, ASK, 0, has_tool_choice, true },
	{ FIELD_PARALLEL_TOOL_CALLS, ASK, 0, has_one_call, false },
};

bool chat_losses_find(const struct chat_request *request,
	const struct dialect *to, const struct dialect_traits *traits,
	struct chat_losses *out, struct error *err)
{
	struct finder f = { request, out->from, to,
		traits ? traits->unsupported : 0, out, err };

	if (!find_in_request(&f) || !find_in_tools(&f))
		return false;
	for (size_t i = 0; i < request->message_count; i++)
		if (!find_in_message(&f, &request->messages[i]))
			return false;
	return true;
}

static bool find_in_request(struct finder *f)
{
	const struct chat_request *r = f->request;

	for (size_t i = 0; i < ARRAY_LEN(request_fields); i++) {
		const struct request_field *row = &request_fields[i];
		const void *field = (const char *)r + row->offset;
		bool is_set;

		switch (row->shape) {
		case A_TEXT:
			is_set = asks_something(
				row->field, *(const struct str *)field);
			break;
		case A_COUNT: is_set = *(const int64_t *)field >= 0; break;
		default: is_set = row->is_set(r); break;
		}
		if (!is_set || carries(f, row->field))
			continue;
		if (row->is_essential)
			return error_refuse(f->err, ERR_UNSUPPORTED,
				chat_losses_word(f->from, row->field),
				"The provider of the chosen model has no "
				"'%s', and the answer would be wrong without.",
				chat_losses_word(f->from, row->field));
		chat_losses_add_field(f->out, NULL, row->field);
	}
	return find_in_extra(f, &r->extra, "") &&
	       find_in_extra(f, &r->inner_extra, "") &&
	       find_in_extra(f, &r->format.extra, "") &&
	       find_in_extra(f, &r->format.inner_extra, "") &&
	       find_in_extra(f, &r->reasoning.extra, "");
}

static bool find_in_tools(struct finder *f)
{
	char path[32];

	for (size_t i = 0; i < f->request->tool_count; i++) {
		const struct chat_tool *tool = &f->request->tools[i];
		bool is_custom = str_equal(tool->type, S("custom"));

		snprintf(path, sizeof(path), "tools[%zu]", i);
		if (tool->json.p ||
			(is_custom && !carries(f, FIELD_CUSTOM_TOOLS)))
			return error_refuse(f->err, ERR_UNSUPPORTED, path,
				"'%s': the provider of the chosen model has no "
				"tool of this type, it takes functions.",
				path);
		if (tool->strict == CHAT_YES && !carries(f, FIELD_TOOL_STRICT))
			chat_losses_add(f->out, "%s.strict", path);
		if (tool->cache_control.p && !carries(f, FIELD_CACHE_CONTROL))
			chat_losses_add(f->out, "%s.cache_control", path);
		if (!find_in_extra(f, &tool->extra, path) ||
			!find_in_extra(f, &tool->inner_extra, path))
			return false;
	}
	return true;
}

static bool find_in_message(
	struct finder *f, const struct chat_message *message)
{
	bool is_tool =
		message->role == CHAT_TOOL || message->role == CHAT_FUNCTION;

	if (message->name.n > 0 && !is_tool && !carries(f, FIELD_MESSAGE_NAME))
		chat_losses_add_field(f->out, message, FIELD_MESSAGE_NAME);
	if (message->is_error == CHAT_YES &&
		!carries(f, FIELD_TOOL_RESULT_ERROR))
		chat_losses_add_field(f->out, message, FIELD_TOOL_RESULT_ERROR);
	if (message->citations && !carries(f, FIELD_CITATIONS))
		chat_losses_add_field(f->out, message, FIELD_CITATIONS);
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (!find_in_part(f, message, part))
			return false;
	find_in_message_extra(f, &message->extra, message);
	find_in_message_extra(f, &message->inner_extra, message);
	return true;
}

static bool find_in_part(struct finder *f, const struct chat_message *message,
	const struct chat_part *part)
{
	if (part->cache_control.p && !carries(f, FIELD_CACHE_CONTROL))
		chat_losses_add_field(f->out, message, FIELD_CACHE_CONTROL);
	if (part->citations && !carries(f, FIELD_CITATIONS))
		chat_losses_add_field(f->out, message, FIELD_CITATIONS);
	if (part->kind == CHAT_IMAGE && part->detail.p &&
		!str_equal(part->detail, S("auto")) &&
		!carries(f, FIELD_IMAGE_DETAIL))
		chat_losses_add_field(f->out, message, FIELD_IMAGE_DETAIL);
	find_in_message_extra(f, &part->extra, message);
	find_in_message_extra(f, &part->inner_extra, message);
	return find_content(f, message, part);
}

/* Thoughts and refusals of earlier turns may go; what the user or a tool
 * said may not. */
static bool find_content(struct finder *f, const struct chat_message *message,
	const struct chat_part *part)
{
	enum chat_field field = content_field(part);
	bool may_go = field == FIELD_THINKING || field == FIELD_REFUSAL ||
		      field == FIELD_REDACTED_THINKING;
	bool is_result = message->role == CHAT_TOOL;

	if (part->kind == CHAT_OTHER)
		return chat_losses_refuse(f->out, message, f->err,
			"has a part that the provider of the chosen model has "
			"no words for");
	if (is_result && is_media(part) && !carries(f, FIELD_TOOL_RESULT_MEDIA))
		return chat_losses_refuse(f->out, message, f->err,
			"has images or files, and the provider of the chosen "
			"model takes only text as the result of a tool");
	if (field == CHAT_FIELDS || carries(f, field))
		return true;
	/* Where it has no member of its own, it goes as any other text. */
	if (field == FIELD_REFUSAL && f->to->words[field])
		return true;
	if (!may_go)
		return chat_losses_refuse(
			f->out, message, f->err, missing_content(part));
	if (field == FIELD_REFUSAL)
		chat_losses_add_field(f->out, message, field);
	else
		chat_losses_add_thought(f->out, message, part);
	return true;
}

/* Named by kind: a client has its own words for what it may not send. */
static const char *missing_content(const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_IMAGE:
		return "has an image in a form that the provider of the chosen "
		       "model does not take";
	case CHAT_AUDIO:
		return "has audio, and the provider of the chosen model takes "
		       "none";
	case CHAT_VIDEO:
		return "has a video, and the provider of the chosen model takes "
		       "none";
	default:
		return "has a file in a form that the provider of the chosen "
		       "model does not take";
	}
}

/* CHAT_FIELDS: every dialect has it. */
static enum chat_field content_field(const struct chat_part *part)
{
	bool has_url = part->url.p && !part->data.p;

	switch (part->kind) {
	case CHAT_IMAGE:
		if (part->file_id.p)
			return FIELD_FILE_ID;
		return has_url ? FIELD_IMAGE_URL : FIELD_IMAGE_DATA;
	case CHAT_AUDIO: return FIELD_AUDIO;
	case CHAT_VIDEO: return FIELD_VIDEO;
	case CHAT_FILE:
		if (part->file_id.p)
			return FIELD_FILE_ID;
		return has_url ? FIELD_FILE_URL : FIELD_FILE_DATA;
	case CHAT_THINKING: return FIELD_THINKING;
	case CHAT_REDACTED_THINKING: return FIELD_REDACTED_THINKING;
	case CHAT_REFUSAL: return FIELD_REFUSAL;
	default: return CHAT_FIELDS;
	}
}

static bool is_media(const struct chat_part *part)
{
	return part->kind == CHAT_IMAGE || part->kind == CHAT_AUDIO ||
	       part->kind == CHAT_VIDEO || part->kind == CHAT_FILE;
}

static bool carries(const struct finder *f, enum chat_field field)
{
	return f->to->words[field] && !(f->unsupported & UINT64_C(1) << field);
}

/* `of` as chat_extra_path() has it. */
static bool find_in_extra(
	struct finder *f, const struct chat_extra *extra, const char *of)
{
	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next) {
		char path[96];
		/* "web_search_options": {} searches the web. */
		bool is_empty_object =
			kept->member.value.type == JSON_TYPE_OBJECT &&
			json_is_empty(kept->member.value);
		bool must_be_there = is_essential(f, kept->member.name);

		if (!is_worth_a_word(&kept->member) &&
			!(must_be_there && is_empty_object))
			continue;
		chat_extra_path(extra, kept, of, path, sizeof(path));
		if (must_be_there)
			return error_refuse(f->err, ERR_UNSUPPORTED, path,
				"The provider of the chosen model has no '%s', "
				"and the answer would be wrong without.",
				path);
		chat_losses_add(f->out, "%s", path);
	}
	return true;
}

static void find_in_message_extra(struct finder *f,
	const struct chat_extra *extra, const struct chat_message *message)
{
	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next)
		if (is_worth_a_word(&kept->member))
			chat_losses_add_in(f->out, message, kept->member.name);
}

static bool is_essential(const struct finder *f, struct str name)
{
	const char *const *row = f->from->essential;

	for (; row && *row; row++)
		if (str_equal(name, str_of(*row)))
			return true;
	return false;
}

/* A null asks for nothing, nor does an empty list or object. */
static bool is_worth_a_word(const struct json_member *member)
{
	struct json value = member->value;
	bool is_container =
		value.type == JSON_TYPE_ARRAY || value.type == JSON_TYPE_OBJECT;

	if (value.type == JSON_TYPE_NULL)
		return false;
	if (is_container)
		return !json_is_empty(value);
	for (size_t i = 0; i < ARRAY_LEN(false_by_default); i++)
		if (value.type == JSON_TYPE_FALSE &&
			str_equal(member->name, false_by_default[i]))
			return false;
	return true;
}
