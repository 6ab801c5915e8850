/*
 * translate.c - another dialect's request as ours: what it may be
 * sent, in what bounds, and what it goes without.
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/anthropic/anthropic.h"
#include "dialect/head.h"

/* The longest key or value of the metadata, and the most of them. */
#define METADATA_BYTES 256
#define METADATA_MEMBERS 16

static void write_inference(struct bedrock_translation *t);
static bool takes_sampling(const struct bedrock_translation *t);
static void write_temperature(struct bedrock_translation *t);
static void write_top_p(struct bedrock_translation *t);
static void write_stop(struct bedrock_translation *t);
static bool takes_stop(
	const struct bedrock_translation *t, const struct chat_stop *stop);
static void write_output(struct bedrock_translation *t);
static void write_format(struct bedrock_translation *t);
static void write_schema(struct bedrock_translation *t);
static void write_metadata(struct bedrock_translation *t);
static bool takes_metadata(const struct json_member *member);
static bool takes_metadata_text(struct str text);
static void write_tier(struct bedrock_translation *t);

bool bedrock_translate(struct bedrock_translation *t)
{
	bedrock_plan_thinking(t);
	json_begin_object(t->out.w);
	if (!bedrock_translate_turns(t) || !bedrock_translate_tools(t))
		return false;
	write_inference(t);
	bedrock_translate_additional(t);
	write_output(t);
	write_metadata(t);
	write_tier(t);
	json_end_object(t->out.w);
	return true;
}

bool bedrock_carries(const struct bedrock_translation *t, enum chat_field field)
{
	return !(t->traits && t->traits->unsupported & UINT64_C(1) << field);
}

/* By the client's word for it. */
void bedrock_lose(struct bedrock_translation *t,
	const struct chat_message *message, enum chat_field field)
{
	const char *word;

	if (!t->losses)
		return;
	word = t->losses->from->words[field];
	if (!word)
		word = bedrock.words[field];
	if (message)
		chat_losses_add_in(t->losses, message, str_of(word));
	else
		chat_losses_add(t->losses, "%s", word);
}

bool bedrock_refuse(struct bedrock_translation *t,
	const struct chat_message *message, const char *what)
{
	const char *list = t->losses ? t->losses->from->messages : "messages";
	struct head_path path =
		head_path("%s[%" PRId64 "]", list, message->wire_index);

	if (message->wire_index < 0 && message->member.p)
		path = head_path("%.*s", STR_ARG(message->member));
	return error_refuse(t->err, ERR_UNSUPPORTED, path.text,
		"The provider of the chosen model does not take '%s': it %s.",
		path.text, what);
}

static void write_inference(struct bedrock_translation *t)
{
	const struct chat_request *request = t->request;
	struct json_writer *w = t->out.w;

	json_name(w, "inferenceConfig");
	json_begin_object(w);
	if (request->max_tokens >= 0 && bedrock_carries(t, FIELD_MAX_TOKENS))
		json_member_int(w, "maxTokens", request->max_tokens);
	write_temperature(t);
	write_top_p(t);
	write_stop(t);
	json_end_object(w);
}

/* Claude does not while it thinks, and the newest never. */
static bool takes_sampling(const struct bedrock_translation *t)
{
	bool is_claude = t->model.maker == BEDROCK_ANTHROPIC;

	return t->model.takes_sampling && !(is_claude && t->thinks);
}

/* From 0 to 1. Where it may not be set, it is 1. */
static void write_temperature(struct bedrock_translation *t)
{
	struct str text = t->request->temperature;
	struct json number = { JSON_TYPE_NUMBER, text };
	double value;

	if (!text.p || !bedrock_carries(t, FIELD_TEMPERATURE))
		return;
	if (!json_double(number, &value))
		value = 2; /* of that many digits nobody means one */
	if (value > 1 || (!takes_sampling(t) && value != 1))
		bedrock_lose(t, NULL, FIELD_TEMPERATURE);
	if (takes_sampling(t))
		json_member_raw(
			t->out.w, "temperature", value > 1 ? S("1") : text);
}

static void write_top_p(struct bedrock_translation *t)
{
	struct str text = t->request->top_p;
	bool is_one_too_many =
		t->request->temperature.p && !t->model.takes_both_samplings;

	if (!text.p || !bedrock_carries(t, FIELD_TOP_P))
		return;
	if (!takes_sampling(t) || is_one_too_many)
		bedrock_lose(t, NULL, FIELD_TOP_P);
	else
		json_member_raw(t->out.w, "topP", text);
}

static void write_stop(struct bedrock_translation *t)
{
	struct json_writer *w = t->out.w;
	bool any = false;

	if (!bedrock_carries(t, FIELD_STOP))
		return;
	for (const struct chat_stop *stop = t->request->stop; stop;
		stop = stop->next) {
		if (!takes_stop(t, stop)) {
			bedrock_lose(t, NULL, FIELD_STOP);
			continue;
		}
		if (!any) {
			json_name(w, "stopSequences");
			json_begin_array(w);
		}
		any = true;
		json_write_str(w, stop->text);
	}
	if (any)
		json_end_array(w);
}

/* At least one character; Claude: "each stop sequence must contain
 * non-whitespace". */
static bool takes_stop(
	const struct bedrock_translation *t, const struct chat_stop *stop)
{
	if (t->model.maker == BEDROCK_ANTHROPIC)
		return str_trim(stop->text).n > 0;
	return stop->text.n > 0;
}

static void write_output(struct bedrock_translation *t)
{
	bool has_format = t->request->format.kind == CHAT_FORMAT_SCHEMA &&
			  bedrock_carries(t, FIELD_FORMAT_SCHEMA);
	bool has_effort =
		t->thinks && t->effort.p && t->model.maker == BEDROCK_ANTHROPIC;
	struct json_writer *w = t->out.w;

	if (!has_format && !has_effort)
		return;
	json_name(w, "outputConfig");
	json_begin_object(w);
	if (has_effort)
		json_member_str(w, "effort", t->effort);
	if (has_format)
		write_format(t);
	json_end_object(w);
}

static void write_format(struct bedrock_translation *t)
{
	const struct chat_format *format = &t->request->format;
	struct json_writer *w = t->out.w;

	json_name(w, "textFormat");
	json_begin_object(w);
	json_member_str(w, "type", S("json_schema"));
	json_name(w, "structure");
	json_begin_object(w);
	json_name(w, "jsonSchema");
	json_begin_object(w);
	write_schema(t);
	if (format->name.n > 0)
		json_member_str(w, "name", format->name);
	if (format->description.n > 0)
		json_member_str(w, "description", format->description);
	json_end_object(w);
	json_end_object(w);
	json_end_object(w);
}

/* A text, and of JSON Schema what the answer can be held to: the same part
 * as Anthropic's own, says
 * https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
 */
static void write_schema(struct bedrock_translation *t)
{
	struct str schema = t->request->format.schema;
	const char *path = bedrock.words[FIELD_FORMAT_SCHEMA];
	struct buf text = BUF_INIT(SIZE_MAX);
	struct json_writer w;
	struct anthropic_translation claude = { .losses = t->losses, .w = &w };

	if (t->losses && t->losses->from->words[FIELD_FORMAT_SCHEMA])
		path = t->losses->from->words[FIELD_FORMAT_SCHEMA];
	json_writer_init(&w, &text);
	anthropic_write_strict_schema(
		&claude, schema.p ? schema : S("{}"), path);
	t->out.w->out->failed |= text.failed;
	json_member_str(t->out.w, "schema", buf_str(&text));
	buf_release(&text);
}

/* Short texts of some characters, and not many. */
static void write_metadata(struct bedrock_translation *t)
{
	struct json object = { JSON_TYPE_OBJECT, t->request->metadata };
	struct json_writer *w = t->out.w;
	struct json_cursor cursor;
	struct json_member member;
	unsigned count = 0;

	if (!object.text.p || !bedrock_carries(t, FIELD_METADATA))
		return;
	cursor = json_members(object);
	while (json_next(&cursor, &member)) {
		struct chat_member kept = { .member = member };
		struct chat_extra one = { .first = &kept, .last = &kept };

		if (!takes_metadata(&member) || count == METADATA_MEMBERS) {
			bedrock_lose(t, NULL, FIELD_METADATA);
			continue;
		}
		if (count++ == 0) {
			json_name(w, "requestMetadata");
			json_begin_object(w);
		}
		chat_extra_write(&one, w);
	}
	if (count > 0)
		json_end_object(w);
}

static bool takes_metadata(const struct json_member *member)
{
	struct str value = member->value.text;

	if (member->value.type != JSON_TYPE_STRING || member->name.n == 0)
		return false;
	return takes_metadata_text(member->name) &&
	       takes_metadata_text(str_from(str_head(value, value.n - 1), 1));
}

/* Escapes are none of them. */
static bool takes_metadata_text(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!isascii(c) || (!isalnum((unsigned char)c) &&
					   !strchr(" _:@$#=/+,-.", c)))
			return false;
	}
	return text.n <= METADATA_BYTES;
}

/* "auto" is what everybody gets who does not ask. */
static void write_tier(struct bedrock_translation *t)
{
	static const struct {
		struct str theirs;
		struct str ours;
	} tiers[] = {
		{ STR("default"), STR("default") },
		{ STR("flex"), STR("flex") },
		{ STR("priority"), STR("priority") },
		{ STR("reserved"), STR("reserved") },
	};
	struct str tier = t->request->service_tier;

	if (!tier.p || !bedrock_carries(t, FIELD_SERVICE_TIER) ||
		str_equal(tier, S("auto")))
		return;
	for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
		if (str_equal(tier, tiers[i].theirs)) {
			bedrock_write_tier(tiers[i].ours, t->out.w);
			return;
		}
	bedrock_lose(t, NULL, FIELD_SERVICE_TIER);
}
