/*
 * digest.c - walks a request and says each thing in one way.
 *
 * The hard part is to say neither too little (then one gets another's answer)
 * nor too much (then nobody gets any): a member that is new in chat.h and may
 * change an answer belongs here, too.
 */
#include "dialect/digest.h"

/* Longer numbers are compared as they are written. */
#define MAX_NUMBER_BYTES 64
/* Below it, "%.17g" has no exponent. */
#define MAX_WHOLE 1e15
/* A piece costs more than to copy so many bytes. */
#define SHORT_BYTES 128
/* For short pieces, and names with their numbers. */
#define ROOM_BYTES 1024

static void add_messages(
	struct digest *digest, const struct chat_request *request);
static void add_message(struct digest *digest,
	const struct chat_request *request, size_t index);
static void add_result(struct digest *digest,
	const struct chat_request *request, size_t index);
static void add_parts(struct digest *digest, const struct chat_part *part);
static void add_part(struct digest *digest, const struct chat_part *part);
static void add_media(struct digest *digest, const struct chat_part *part);
static void add_citations(
	struct digest *digest, const struct chat_citation *citation);
static void add_tools(
	struct digest *digest, const struct chat_request *request);
static void add_type(struct digest *digest, struct str type);
static bool is_strict(enum chat_flag strict, struct str dialect);
static void add_format(struct digest *digest, const struct chat_format *format);
static void add_reasoning(
	struct digest *digest, const struct chat_reasoning *reasoning);
static void add_sampling(
	struct digest *digest, const struct chat_request *request);
static void add_extra(struct digest *digest, const char *name,
	const struct chat_extra *extra);
static bool asks_for_nothing(const struct chat_member *kept);
static void add_present(
	struct digest *digest, const char *name, struct str text);
static void add_number(
	struct digest *digest, const char *name, struct str number);
static struct str number_text(double number, struct arena *arena);
static void add_json(struct digest *digest, const char *name, struct str text);
static void write_plain(
	struct json value, struct arena *arena, struct buf *out);
static void write_name(struct str name, struct arena *arena, struct buf *out);
static void append_head(struct digest *digest, const char *name, char before,
	int64_t number, char after);
static char *make_room(struct digest *digest, size_t bytes);
static void append_room(struct digest *digest, size_t bytes);
static void append(struct digest *digest, struct str piece);

void digest_init(struct digest *digest, struct arena *arena)
{
	*digest = (struct digest){ .arena = arena, .own = S("") };
}

void digest_add(struct digest *digest, const char *name, struct str text)
{
	append_head(digest, name, ':', text.p ? (int64_t)text.n : -1, ':');
	if (text.n > SHORT_BYTES) {
		append(digest, text);
	} else if (text.n > 0) {
		memcpy(make_room(digest, text.n), text.p, text.n);
		append_room(digest, text.n);
	}
}

void digest_add_int(struct digest *digest, const char *name, int64_t number)
{
	append_head(digest, name, '=', number, ';');
}

void digest_add_members(
	struct digest *digest, struct json object, const char *const *without)
{
	struct json_cursor cursor = json_members(object);
	struct buf plain = BUF_INIT(SIZE_MAX);
	struct json_member member;

	while (json_next(&cursor, &member)) {
		const char *const *name = without;

		while (*name && !json_name_is(member, str_of(*name)))
			name++;
		if (*name)
			continue;
		write_name(member.name, digest->arena, &plain);
		write_plain(member.value, digest->arena, &plain);
		buf_append_char(&plain, ',');
	}
	digest_add(
		digest, "members", arena_copy(digest->arena, buf_str(&plain)));
	buf_release(&plain);
}

void digest_add_request(
	struct digest *digest, const struct chat_request *request)
{
	struct str dialect = digest->own = S("");

	add_messages(digest, request);
	add_tools(digest, request);
	add_format(digest, &request->format);
	add_reasoning(digest, &request->reasoning);
	add_sampling(digest, request);
	add_extra(digest, "extra", &request->extra);
	add_extra(digest, "inner", &request->inner_extra);
	if (digest->own.n > 0)
		dialect = request->dialect;
	digest_add(digest, "dialect", dialect);
}

static void add_messages(
	struct digest *digest, const struct chat_request *request)
{
	digest_add_int(digest, "messages", (int64_t)request->message_count);
	for (size_t i = 0; i < request->message_count; i++)
		add_message(digest, request, i);
}

static void add_message(
	struct digest *digest, const struct chat_request *request, size_t index)
{
	const struct chat_message *message = &request->messages[index];

	digest_add_int(digest, "role", message->role);
	if (message->role == CHAT_TOOL || message->role == CHAT_FUNCTION)
		add_result(digest, request, index);
	else
		add_present(digest, "name", message->name);
	add_parts(digest, message->parts);
	add_citations(digest, message->citations);
	add_extra(digest, "extra", &message->extra);
	add_extra(digest, "inner", &message->inner_extra);
}

/* Which call it answers: by number, for ids are made up. */
static void add_result(
	struct digest *digest, const struct chat_request *request, size_t index)
{
	const struct chat_message *message = &request->messages[index];
	const struct chat_call *call =
		chat_find_call(request, index, message->tool_call_id);
	int64_t number = 0;

	if (message->is_error == CHAT_YES)
		digest_add_int(digest, "failed", 1);
	if (!call || !str_equal(call->name, message->name))
		add_present(digest, "name", message->name);
	if (!call || message->tool_call_id.n == 0) {
		add_present(digest, "id", message->tool_call_id);
		return;
	}
	for (size_t i = 0; i < index; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next) {
			if (&part->call == call)
				digest_add_int(digest, "call", number);
			number += part->kind == CHAT_TOOL_CALL;
		}
}

static void add_parts(struct digest *digest, const struct chat_part *part)
{
	for (; part; part = part->next)
		add_part(digest, part);
	digest_add_int(digest, "end", 0);
}

static void add_part(struct digest *digest, const struct chat_part *part)
{
	digest_add_int(digest, "part", part->kind);
	add_present(digest, "text", part->text);
	add_present(digest, "signature", part->signature.text);
	if (part->signature.text.n > 0)
		add_present(digest, "origin", part->signature.origin);
	add_media(digest, part);
	if (part->kind == CHAT_TOOL_CALL) {
		add_present(digest, "tool", part->call.name);
		add_type(digest, part->call.type);
		add_json(digest, "arguments", part->call.arguments);
	}
	if (part->kind == CHAT_OTHER) {
		add_json(digest, "json", part->json);
		digest->own = S("a part");
	}
	add_citations(digest, part->citations);
	add_extra(digest, "extra", &part->extra);
	add_extra(digest, "inner", &part->inner_extra);
}

/* Media in a data: URL are told by their data. */
static void add_media(struct digest *digest, const struct chat_part *part)
{
	add_present(digest, "data", part->data);
	add_present(digest, "media_type", part->media_type);
	if (!part->data.p)
		add_present(digest, "url", part->url);
	add_present(digest, "file", part->file_id);
	add_present(digest, "name", part->name);
	if (!str_equal(part->detail, S("auto")))
		add_present(digest, "detail", part->detail);
}

static void add_citations(
	struct digest *digest, const struct chat_citation *citation)
{
	for (; citation; citation = citation->next) {
		add_present(digest, "cites", citation->type);
		add_present(digest, "url", citation->url);
		add_present(digest, "title", citation->title);
		add_present(digest, "cited", citation->cited_text);
		digest_add_int(digest, "from", citation->start_index);
		digest_add_int(digest, "to", citation->end_index);
		add_json(digest, "json", citation->json);
		add_extra(digest, "extra", &citation->extra);
		add_extra(digest, "inner", &citation->inner_extra);
	}
}

static void add_tools(struct digest *digest, const struct chat_request *request)
{
	digest_add_int(digest, "tools", (int64_t)request->tool_count);
	for (size_t i = 0; i < request->tool_count; i++) {
		const struct chat_tool *tool = &request->tools[i];

		add_type(digest, tool->type);
		add_present(digest, "tool", tool->name);
		add_present(digest, "description", tool->description);
		add_json(digest, "parameters", tool->parameters);
		add_json(digest, "format", tool->format);
		add_json(digest, "json", tool->json);
		if (tool->json.n > 0)
			digest->own = S("a tool");
		digest_add_int(digest, "strict",
			is_strict(tool->strict, request->dialect));
		add_extra(digest, "extra", &tool->extra);
		add_extra(digest, "inner", &tool->inner_extra);
	}
	digest_add_int(digest, "choice", request->tool_choice);
	add_present(digest, "chosen", request->tool_choice_name);
	digest_add_int(digest, "parallel", request->parallel_tool_calls);
}

/* Of a tool or call: a function, unless it says otherwise. */
static void add_type(struct digest *digest, struct str type)
{
	if (type.n > 0 && !str_equal(type, S("function")))
		digest_add(digest, "type", type);
}

/* OpenAI's Responses are strict unless they say they are not. */
static bool is_strict(enum chat_flag strict, struct str dialect)
{
	if (strict == CHAT_UNSET)
		return str_equal(dialect, S("openai_responses"));
	return strict == CHAT_YES;
}

static void add_format(struct digest *digest, const struct chat_format *format)
{
	bool is_text = format->kind == CHAT_FORMAT_UNSET;

	digest_add_int(
		digest, "format", is_text ? CHAT_FORMAT_TEXT : format->kind);
	add_present(digest, "name", format->name);
	add_present(digest, "description", format->description);
	add_json(digest, "schema", format->schema);
	digest_add_int(digest, "strict", format->strict == CHAT_YES);
	add_extra(digest, "extra", &format->extra);
	add_extra(digest, "inner", &format->inner_extra);
}

static void add_reasoning(
	struct digest *digest, const struct chat_reasoning *reasoning)
{
	add_present(digest, "effort", reasoning->effort);
	add_present(digest, "summary", reasoning->summary);
	digest_add_int(digest, "budget", reasoning->budget_tokens);
	digest_add_int(digest, "thinks", reasoning->enabled);
	digest_add_int(digest, "exclude", reasoning->exclude);
	add_extra(digest, "extra", &reasoning->extra);
}

static void add_sampling(
	struct digest *digest, const struct chat_request *request)
{
	add_number(digest, "temperature", request->temperature);
	add_number(digest, "top_p", request->top_p);
	add_number(digest, "top_k", request->top_k);
	add_number(digest, "min_p", request->min_p);
	add_number(digest, "frequency", request->frequency_penalty);
	add_number(digest, "presence", request->presence_penalty);
	add_number(digest, "repetition", request->repetition_penalty);
	add_number(digest, "seed", request->seed);
	digest_add_int(digest, "max_tokens", request->max_tokens);
	for (const struct chat_stop *stop = request->stop; stop;
		stop = stop->next)
		digest_add(digest, "stop", stop->text);
	digest_add_int(digest, "n", request->n < 1 ? 1 : request->n);
	digest_add_int(digest, "logprobs", request->logprobs == CHAT_YES);
	digest_add_int(digest, "top_logprobs", request->top_logprobs);
	add_json(digest, "logit_bias", request->logit_bias);
	add_json(digest, "modalities", request->modalities);
	add_present(digest, "verbosity", request->verbosity);
	add_json(digest, "safety", request->safety);
}

/* Members of the format's own. */
static void add_extra(
	struct digest *digest, const char *name, const struct chat_extra *extra)
{
	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next) {
		if (asks_for_nothing(kept))
			continue;
		digest_add(digest, name, str_of(extra->within));
		digest_add(digest, "member", kept->member.name);
		add_json(digest, "value", kept->member.value.text);
		digest->own = kept->member.name;
	}
}

/* Who asks, and what becomes of it afterwards. */
static bool asks_for_nothing(const struct chat_member *kept)
{
	static const struct str names[] = {
		STR("safety_identifier"),
		STR("store"),
		STR("prompt_cache_retention"),
		STR("prompt_cache_options"),
	};

	if (kept->member.value.type == JSON_TYPE_NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (json_name_is(kept->member, names[i]))
			return true;
	return false;
}

/* Where a text is mostly absent, nothing is said of that. */
static void add_present(
	struct digest *digest, const char *name, struct str text)
{
	if (text.p)
		digest_add(digest, name, text);
}

/* By value: 1 may be written 1.0. */
static void add_number(
	struct digest *digest, const char *name, struct str number)
{
	struct json value = { JSON_TYPE_NUMBER, number };
	double plain;

	if (!number.p)
		return;
	if (number.n <= MAX_NUMBER_BYTES && json_double(value, &plain))
		number = number_text(plain, digest->arena);
	digest_add(digest, name, number);
}

/* Most are 0 or 1, and printf takes its time. */
static struct str number_text(double number, struct arena *arena)
{
	bool is_small = number > -MAX_WHOLE && number < MAX_WHOLE;

	if (is_small && number == (double)(int64_t)number)
		return ARENA_JOIN(arena, STR_OF_INT((int64_t)number));
	return arena_printf(arena, "%.17g", number);
}

/* JSON without white space and with each text in one spelling; members stay
 * in their order, in which models read them. */
static void add_json(struct digest *digest, const char *name, struct str text)
{
	struct error ignored;
	struct json root;
	struct buf plain = BUF_INIT(SIZE_MAX);

	if (!text.p)
		return;
	if (!json_check(text, JSON_DEPTH_LIMIT, &root, &ignored)) {
		digest_add(digest, name, text);
		return;
	}
	write_plain(root, digest->arena, &plain);
	digest_add(digest, name, arena_copy(digest->arena, buf_str(&plain)));
	buf_release(&plain);
}

static void write_plain(struct json value, struct arena *arena, struct buf *out)
{
	struct json_cursor cursor = json_members(value);
	struct json_member member;
	struct str text;

	if (value.type == JSON_TYPE_OBJECT || value.type == JSON_TYPE_ARRAY)
		buf_append_char(out, value.text.p[0]);
	else if (json_text(value, arena, &text))
		json_append_quoted(out, text);
	else
		buf_append(out, value.text);
	while (json_next(&cursor, &member)) {
		if (value.type == JSON_TYPE_OBJECT)
			write_name(member.name, arena, out);
		write_plain(member.value, arena, out);
		buf_append_char(out, ',');
	}
	if (value.type == JSON_TYPE_OBJECT || value.type == JSON_TYPE_ARRAY)
		buf_append_char(out, ']');
}

/* A name may be written with escapes, as any text. */
static void write_name(struct str name, struct arena *arena, struct buf *out)
{
	/* The quotes stand around it in the text it is from. */
	struct json quoted = { JSON_TYPE_STRING, { name.p - 1, name.n + 2 } };
	struct str text;

	if (json_text(quoted, arena, &text))
		json_append_quoted(out, text);
}

/* A name and a number, with a mark before and after it. By hand: printf took
 * longer than everything else here together. */
static void append_head(struct digest *digest, const char *name, char before,
	int64_t number, char after)
{
	char digits_room[STR_INT_BYTES];
	struct str digits = str_of_int(number, digits_room);
	size_t n = strlen(name), bytes = n + digits.n + 2;
	char *text = make_room(digest, bytes);

	memcpy(text, name, n);
	text[n] = before;
	memcpy(text + n + 1, digits.p, digits.n);
	text[bytes - 1] = after;
	append_room(digest, bytes);
}

static char *make_room(struct digest *digest, size_t bytes)
{
	if (bytes > digest->free_bytes) {
		digest->free_bytes = ROOM_BYTES;
		digest->free = arena_alloc(digest->arena, ROOM_BYTES);
	}
	return digest->free;
}

/* What was written there; one piece with what stands before it. */
static void append_room(struct digest *digest, size_t bytes)
{
	struct str *last = NULL;

	if (digest->count > 0)
		last = &digest->parts[digest->count - 1];
	if (last && last->p + last->n == digest->free)
		last->n += bytes;
	else
		append(digest, (struct str){ digest->free, bytes });
	digest->free += bytes;
	digest->free_bytes -= bytes;
}

static void append(struct digest *digest, struct str piece)
{
	if (digest->count == digest->room) {
		size_t room = digest->room ? 2 * digest->room : 64;
		struct str *larger =
			ARENA_ARRAY(digest->arena, struct str, room);

		if (digest->count > 0)
			memcpy(larger, digest->parts,
				digest->count * sizeof(*larger));
		digest->parts = larger;
		digest->room = room;
	}
	digest->parts[digest->count++] = piece;
}
