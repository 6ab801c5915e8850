/*
 * request.c - whole requests, to and from the neutral form.
 */
#include "dialect/ollama/ollama.h"

#include "dialect/function_tool.h"
#include "dialect/head.h"

#define REQUEST(name, kind, field)                                           \
	{                                                                    \
		name, kind, offsetof(struct chat_request, field), NULL, NULL \
	}

static bool read_messages(struct json value, void *into, struct arena *arena);
static void write_messages(const void *from, const struct shape_out *out);
static bool keep_as_it_came(struct json value, void *into, struct arena *arena);
static void write_stream(const void *from, const struct shape_out *out);
static void write_tools(const void *from, const struct shape_out *out);
static bool read_format(struct json value, void *into, struct arena *arena);
static void write_format(const void *from, const struct shape_out *out);
static bool read_think(struct json value, void *into, struct arena *arena);
static void write_think(const void *from, const struct shape_out *out);

static const struct shape_row request_rows[] = {
	REQUEST("model", SHAPE_TEXT, model),
	{ "messages", SHAPE_SPECIAL, 0, read_messages, write_messages },
	{ "stream", SHAPE_SPECIAL, 0, keep_as_it_came, write_stream },
	{ "tools", SHAPE_SPECIAL, 0, function_tools_read, write_tools },
	{ "format", SHAPE_SPECIAL_KNOWN, 0, read_format, write_format },
	{ "think", SHAPE_SPECIAL_KNOWN, 0, read_think, write_think },
	{ "options", SHAPE_SPECIAL, 0, ollama_read_options,
		ollama_write_options },
	REQUEST("logprobs", SHAPE_FLAG, logprobs),
	REQUEST("top_logprobs", SHAPE_COUNT, top_logprobs),
};
static const struct shape request_shape = SHAPE_OF(request_rows);

/* How hard to think, in other formats' words; the first of a level of its own
 * is exact. */
static const struct {
	struct str effort;
	const char *level;
	bool is_exact;
} efforts[] = {
	{ STR("low"), "low", true },
	{ STR("medium"), "medium", true },
	{ STR("high"), "high", true },
	{ STR("minimal"), "low", false },
	{ STR("xhigh"), "max", false },
	{ STR("max"), "max", true },
};

static bool check_message(
	const struct chat_message *message, size_t index, struct error *err);
static bool check_call(const struct chat_call *call, size_t message,
	size_t index, struct error *err);
static bool check_foreign(const struct chat_request *request,
	struct chat_losses *losses, struct error *err);
static bool check_choice(const struct chat_request *request,
	const struct chat_losses *losses, struct error *err);
static bool check_part(const struct chat_message *message,
	const struct chat_part *part, const struct chat_losses *losses,
	struct error *err);
static bool can_be_sent(
	const struct chat_message *message, const struct chat_part *part);
static struct head_path path_of(
	const struct chat_message *message, const struct chat_losses *losses);
static struct chat_losses *losses_of(const struct shape_out *out);
static const char *word_of(
	const struct chat_losses *losses, enum chat_field field);
static void write_effort(struct str effort, const struct shape_out *out);

bool ollama_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	chat_request_init(out, S(OLLAMA_NAME));
	shape_read(&request_shape, head->root, out, &out->extra, arena);
	/* When nothing is said it is true, so it stays as it came. */
	ollama_keep_idle(&out->extra, &out->idle_extra, S("stream"));
	out->stream = head->stream ? CHAT_YES : CHAT_NO;
	if (json_is_empty(json_find(head->root, S("options"))))
		ollama_keep_idle(&out->extra, &out->idle_extra, S("options"));
	ollama_make_call_ids(out, arena);
	for (size_t i = 0; i < out->message_count; i++)
		if (!check_message(&out->messages[i], i, err))
			return false;
	return true;
}

void ollama_keep_idle(
	struct chat_extra *extra, struct chat_extra *idle, struct str name)
{
	struct chat_member **link = &extra->first;

	extra->last = NULL;
	while (*link) {
		struct chat_member *kept = *link;

		if (!json_name_is(kept->member, name)) {
			extra->last = kept;
			link = &kept->next;
			continue;
		}
		*link = kept->next;
		kept->next = NULL;
		if (idle->last)
			idle->last->next = kept;
		else
			idle->first = kept;
		idle->last = kept;
	}
}

/* What is not understood can go on to Ollama, but not to another. */
static bool check_message(
	const struct chat_message *message, size_t index, struct error *err)
{
	size_t calls = 0;

	if (message->role == CHAT_ROLE_UNSET)
		return error_refuse(err, ERR_BAD_FIELD,
			head_path("messages[%zu].role", index).text,
			"'messages[%zu].role' must be one of system, user, "
			"assistant and tool.",
			index);
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL &&
			!check_call(&part->call, index, calls++, err))
			return false;
	return true;
}

static bool check_call(const struct chat_call *call, size_t message,
	size_t index, struct error *err)
{
	struct head_path path;

	if (call->name.n > 0 && call->arguments.p)
		return true;
	path = head_path("messages[%zu].tool_calls[%zu].function.%s", message,
		index, call->name.n > 0 ? "arguments" : "name");
	if (call->name.n == 0)
		return head_refuse_missing(
			err, path.text, "say which tool was called.");
	return error_refuse(err, ERR_BAD_FIELD, path.text,
		"'%s' must be an object.", path.text);
}

bool ollama_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	struct json_writer w;
	struct ollama_out to = { .to.w = &w, .losses = losses };

	(void)traits; /* all its servers speak alike */
	to.to.own_words = str_equal(request->dialect, S(OLLAMA_NAME));
	if (!to.to.own_words && !check_foreign(request, losses, err))
		return false;
	json_writer_init(&w, out);
	json_begin_object(&w);
	shape_write(&request_shape, request, &request->extra, &to.to);
	if (to.to.own_words)
		chat_extra_write(&request->idle_extra, &w);
	json_end_object(&w);
	return true;
}

/* What the table of words cannot tell. */
static bool check_foreign(const struct chat_request *request,
	struct chat_losses *losses, struct error *err)
{
	if (!check_choice(request, losses, err))
		return false;
	for (size_t i = 0; i < request->message_count; i++) {
		const struct chat_message *message = &request->messages[i];

		for (const struct chat_part *part = message->parts; part;
			part = part->next) {
			if (!check_part(message, part, losses, err))
				return false;
			/* A thought without words is not written. */
			if (losses && part->kind == CHAT_THINKING &&
				part->text.n == 0)
				chat_losses_add_thought(losses, message, part);
		}
	}
	return true;
}

/* The model chooses, unless it is given no tools. */
static bool check_choice(const struct chat_request *request,
	const struct chat_losses *losses, struct error *err)
{
	const char *word = word_of(losses, FIELD_TOOL_CHOICE);

	if (request->tool_count == 0 ||
		(request->tool_choice != CHAT_CHOICE_REQUIRED &&
			request->tool_choice != CHAT_CHOICE_NAMED))
		return true;
	return error_refuse(err, ERR_UNSUPPORTED, word,
		"The provider of the chosen model cannot be made to call a "
		"tool, as '%s' asks.",
		word);
}

static bool check_part(const struct chat_message *message,
	const struct chat_part *part, const struct chat_losses *losses,
	struct error *err)
{
	struct head_path path;

	if (can_be_sent(message, part))
		return true;
	path = path_of(message, losses);
	return error_refuse(err, ERR_UNSUPPORTED, path.text,
		"'%s' has a part that the provider of the chosen model does "
		"not take there.",
		path.text);
}

/* Images must be here. */
static bool can_be_sent(
	const struct chat_message *message, const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_REFUSAL:
	case CHAT_THINKING:
	case CHAT_REDACTED_THINKING: /* left out, and named */ return true;
	case CHAT_IMAGE: return part->data.p && message->role != CHAT_TOOL;
	case CHAT_TOOL_CALL: return true;
	default: return false;
	}
}

static struct head_path path_of(
	const struct chat_message *message, const struct chat_losses *losses)
{
	if (message->wire_index < 0 && message->member.p)
		return head_path("%.*s", STR_ARG(message->member));
	return head_path("%s[%" PRId64 "]",
		losses ? losses->from->messages : "messages",
		message->wire_index);
}

static struct chat_losses *losses_of(const struct shape_out *out)
{
	return CONTAINER_OF(out, struct ollama_out, to)->losses;
}

/* What the client calls it. */
static const char *word_of(
	const struct chat_losses *losses, enum chat_field field)
{
	const char *word = losses ? losses->from->words[field] : NULL;

	return word ? word : ollama.words[field];
}

static bool read_messages(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	request->message_count = json_length(value);
	request->messages =
		ARENA_ARRAY(arena, struct chat_message, request->message_count);
	for (size_t i = 0; json_next(&cursor, &item); i++) {
		ollama_read_message(item.value, arena, &request->messages[i]);
		request->messages[i].wire_index = (int64_t)i;
	}
	return true;
}

/* A result says of which tool it is; where a format has ids alone, the call
 * knows. */
static void write_messages(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	json_name(out->w, "messages");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->message_count; i++) {
		struct chat_message ours = request->messages[i];
		const struct chat_call *call = NULL;

		if (!out->own_words && ours.role != CHAT_TOOL &&
			ours.role != CHAT_FUNCTION)
			ours.name = (struct str){ NULL, 0 };
		else if (!out->own_words && ours.name.n == 0)
			call = chat_find_call(request, i, ours.tool_call_id);
		if (call)
			ours.name = call->name;
		ollama_write_message(&ours, out);
	}
	json_end_array(out->w);
}

static bool keep_as_it_came(struct json value, void *into, struct arena *arena)
{
	(void)value;
	(void)into;
	(void)arena;
	return false;
}

static void write_stream(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (!out->own_words)
		json_member_bool(out->w, "stream", request->stream == CHAT_YES);
}

static void write_tools(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_count == 0 ||
		(!out->own_words && request->tool_choice == CHAT_CHOICE_NONE))
		return;
	json_name(out->w, "tools");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->tool_count; i++)
		function_tool_write(&request->tools[i], out);
	json_end_array(out->w);
}

/* "json", a schema, or "" for neither. */
static bool read_format(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = &((struct chat_request *)into)->format;

	(void)arena;
	if (json_text_is(value, S("json"))) {
		format->kind = CHAT_FORMAT_JSON;
	} else if (json_text_is(value, S(""))) {
		format->kind = CHAT_FORMAT_TEXT;
	} else if (value.type == JSON_TYPE_OBJECT) {
		format->kind = CHAT_FORMAT_SCHEMA;
		format->schema = value.text;
	}
	return format->kind != CHAT_FORMAT_UNSET;
}

/* The answer follows a schema always, so `strict` asks for nothing; its name
 * is a handle that no answer shows. */
static void write_format(const void *from, const struct shape_out *out)
{
	const struct chat_format *format =
		&((const struct chat_request *)from)->format;
	struct chat_losses *losses;

	if (format->kind == CHAT_FORMAT_SCHEMA && format->schema.p) {
		json_member_raw(out->w, "format", format->schema);
	} else if (format->kind == CHAT_FORMAT_TEXT) {
		if (out->own_words)
			json_member_str(out->w, "format", S(""));
	} else if (format->kind != CHAT_FORMAT_UNSET) {
		json_member_str(out->w, "format", S("json"));
	}
	if (out->own_words || format->description.n == 0)
		return;
	losses = losses_of(out);
	if (losses)
		chat_losses_add(losses, "%s.description",
			word_of(losses, FIELD_FORMAT_SCHEMA));
}

static bool read_think(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning =
		&((struct chat_request *)into)->reasoning;
	bool enabled;

	(void)arena;
	if (json_bool(value, &enabled))
		reasoning->enabled = enabled ? CHAT_YES : CHAT_NO;
	for (size_t i = 0; i < ARRAY_LEN(efforts); i++)
		if (efforts[i].is_exact &&
			json_text_is(value, efforts[i].effort))
			reasoning->effort = efforts[i].effort;
	if (reasoning->enabled == CHAT_UNSET && !reasoning->effort.p)
		return false;
	reasoning->member = S("think");
	return true;
}

/* It can be turned on and off, and some models know levels; not limited, and
 * not hidden. */
static void write_think(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning =
		&((const struct chat_request *)from)->reasoning;
	struct chat_losses *losses;
	const char *word;

	if (str_equal(reasoning->effort, S("none")) ||
		reasoning->budget_tokens == 0 ||
		reasoning->enabled == CHAT_NO) {
		json_member_bool(out->w, "think", false);
		return;
	}
	if (reasoning->effort.p)
		write_effort(reasoning->effort, out);
	else if (reasoning->enabled == CHAT_YES ||
		 reasoning->budget_tokens != -1)
		json_member_bool(out->w, "think", true);
	losses = out->own_words ? NULL : losses_of(out);
	if (!losses)
		return;
	word = word_of(losses, FIELD_REASONING);
	if (reasoning->budget_tokens > 0)
		chat_losses_add(losses, "%s.budget", word);
	if (reasoning->exclude == CHAT_YES)
		chat_losses_add(losses, "%s.exclude", word);
}

static void write_effort(struct str effort, const struct shape_out *out)
{
	struct chat_losses *losses = losses_of(out);
	struct str level = effort;

	for (size_t i = 0; !out->own_words && i < ARRAY_LEN(efforts); i++) {
		if (!str_equal(efforts[i].effort, effort))
			continue;
		level = str_of(efforts[i].level);
		if (losses && !efforts[i].is_exact)
			chat_losses_add(
				losses, "%s", word_of(losses, FIELD_REASONING));
	}
	json_member_str(out->w, "think", level);
}
