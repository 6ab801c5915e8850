/*
 * cascade_check.c - is an answer so poor that a better model should be asked?
 *
 * Only what costs next to nothing to see: nothing said, a refusal at the
 * beginning, cut short, not the JSON that was asked for, a call that no tool
 * can take, a model that was not sure of its own words.
 */
#include "gateway/cascade_check.h"

/* A refusal comes first or not at all. */
#define BEGINNING_BYTES 200
/* Shorter than this, "length" means that hardly anything was said. */
#define SHORT_BYTES 64
#define SHORT_TOKENS 32
/* The mean logarithm of its tokens' probabilities: 0.3 each. */
#define UNSURE -1.2

static const char *find_in_choice(const struct chat_request *request,
	int64_t max_tokens, const struct chat_choice *choice,
	struct arena *arena);
static struct str text_of(
	const struct chat_message *message, struct arena *arena);
static bool has_media(const struct chat_message *message);
static bool is_refusal(struct str text);
static size_t fold(struct str text, char *out, size_t size);
static const char *find_in_calls(const struct chat_request *request,
	const struct chat_message *message, size_t *calls);
static bool is_tool(const struct chat_request *request, struct str name);
static bool is_object(struct str text);
static bool is_wanted_json(
	const struct chat_format *format, struct str text, struct arena *arena);
static bool is_unsure(struct str logprobs);

const char *cascade_fault(const struct chat_request *request,
	int64_t max_tokens, const struct chat_response *response,
	struct arena *arena)
{
	if (response->choice_count == 0)
		return "empty";
	for (size_t i = 0; i < response->choice_count; i++) {
		const char *fault = find_in_choice(
			request, max_tokens, &response->choices[i], arena);

		if (fault)
			return fault;
	}
	return NULL;
}

static const char *find_in_choice(const struct chat_request *request,
	int64_t max_tokens, const struct chat_choice *choice,
	struct arena *arena)
{
	const struct chat_message *message = &choice->message;
	struct str text = str_trim(text_of(message, arena));
	bool wants_json = request->format.kind == CHAT_FORMAT_JSON ||
			  request->format.kind == CHAT_FORMAT_SCHEMA;
	size_t calls = 0;
	const char *fault = find_in_calls(request, message, &calls);

	if (fault)
		return fault;
	if (choice->finish == CHAT_FINISH_FILTER)
		return "refusal";
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_REFUSAL)
			return "refusal";
	if (calls == 0 && text.n == 0)
		return has_media(message) ? NULL : "empty";
	if (calls == 0 && is_refusal(text))
		return "refusal";
	if (calls == 0 && wants_json &&
		!is_wanted_json(&request->format, text, arena))
		return "malformed_json";
	if (choice->finish == CHAT_FINISH_LENGTH && text.n < SHORT_BYTES &&
		(max_tokens < 0 || max_tokens > SHORT_TOKENS))
		return "cut_short";
	return is_unsure(choice->logprobs) ? "unsure" : NULL;
}

static struct str text_of(
	const struct chat_message *message, struct arena *arena)
{
	struct buf text = BUF_INIT(CASCADE_CHECKED_BYTES);
	struct str copy;

	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TEXT && part->text.p)
			buf_append(&text, part->text);
	copy = arena_copy(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

/* A picture, a sound, something only its provider knows. */
static bool has_media(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind != CHAT_TEXT && part->kind != CHAT_THINKING &&
			part->kind != CHAT_REDACTED_THINKING)
			return true;
	return false;
}

static bool is_refusal(struct str text)
{
	static const char *const phrases[] = { "i'm sorry, but i ",
		"i am sorry, but i ", "i'm sorry, i can", "sorry, but i can",
		"sorry, i can", "i can't help", "i cannot help",
		"i can't assist", "i cannot assist", "i can't provide",
		"i cannot provide", "i'm unable to", "i am unable to",
		"i'm not able to", "i am not able to", "i won't be able to",
		"unfortunately, i can", "as an ai ", "i don't know",
		"i do not know", "i'm not sure", "lo siento, pero no",
		"lo siento, no", "no puedo ayudar", "no puedo asistir",
		"no puedo proporcionar", "no puedo responder",
		"me temo que no puedo", "no me es posible",
		"no estoy en condiciones", "lamentablemente, no puedo",
		"lamentablemente no puedo", "como modelo de lenguaje",
		"como inteligencia artificial", "como ia,", "no lo se",
		"no estoy seguro" };
	char folded[BEGINNING_BYTES + 1];
	struct str beginning = { folded, fold(text, folded, sizeof(folded)) };
	/* Behind a greeting, or a sigh. */
	size_t last = beginning.n < 60 ? beginning.n : 60;

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++)
		if (str_find(beginning, str_of(phrases[i])) < last)
			return true;
	return false;
}

/* Lower case, accents and typographers' apostrophes made plain. */
static size_t fold(struct str text, char *out, size_t size)
{
	static const struct {
		const char *bytes;
		char plain;
	} plains[] = { { "\xe2\x80\x99", '\'' }, { "\xc3\xa1", 'a' },
		{ "\xc3\xa9", 'e' }, { "\xc3\xad", 'i' }, { "\xc3\xb3", 'o' },
		{ "\xc3\xba", 'u' }, { "\xc3\x89", 'e' } };
	size_t n = 0, at = 0;

	while (at < text.n && n + 1 < size) {
		size_t used = 1;
		char c = (char)tolower((unsigned char)text.p[at]);

		for (size_t i = 0; i < ARRAY_LEN(plains); i++) {
			struct str bytes = str_of(plains[i].bytes);

			if (!str_starts(str_from(text, at), bytes))
				continue;
			c = plains[i].plain;
			used = bytes.n;
		}
		out[n++] = c;
		at += used;
	}
	out[n] = '\0';
	return n;
}

static const char *find_in_calls(const struct chat_request *request,
	const struct chat_message *message, size_t *calls)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		const struct chat_call *call = &part->call;

		if (part->kind != CHAT_TOOL_CALL)
			continue;
		++*calls;
		if (request->tool_count > 0 && call->name.n > 0 &&
			!is_tool(request, call->name))
			return "unknown_tool";
		if (str_equal(call->type, S("custom")))
			continue;
		if (call->arguments.n > 0 && !is_object(call->arguments))
			return "malformed_arguments";
	}
	return NULL;
}

static bool is_tool(const struct chat_request *request, struct str name)
{
	bool has_nameless = false;

	for (size_t i = 0; i < request->tool_count; i++) {
		has_nameless |= request->tools[i].name.n == 0;
		if (str_equal(request->tools[i].name, name))
			return true;
	}
	/* A provider's own tool may be called by any name. */
	return has_nameless;
}

static bool is_object(struct str text)
{
	struct error ignored;
	struct json root;

	return json_check(text, JSON_MAX_DEPTH, &root, &ignored) &&
	       root.type == JSON_TYPE_OBJECT;
}

/* JSON at all, and with the members that the schema demands. */
static bool is_wanted_json(
	const struct chat_format *format, struct str text, struct arena *arena)
{
	struct json root, schema, required;
	struct json_cursor cursor;
	struct json_member item;
	struct error ignored;

	if (!json_check(text, JSON_MAX_DEPTH, &root, &ignored))
		return false;
	if (format->kind != CHAT_FORMAT_SCHEMA || format->schema.n == 0 ||
		!json_check(format->schema, JSON_MAX_DEPTH, &schema, &ignored))
		return true;
	if (json_text_is(json_find(schema, S("type")), S("object")) &&
		root.type != JSON_TYPE_OBJECT)
		return false;
	required = json_find(schema, S("required"));
	if (required.type != JSON_TYPE_ARRAY || root.type != JSON_TYPE_OBJECT)
		return true;
	cursor = json_members(required);
	while (json_next(&cursor, &item)) {
		struct str name;

		if (json_text(item.value, arena, &name) &&
			json_count(root, name) == 0)
			return false;
	}
	return true;
}

/* OpenAI's shape: {"content": [{"token", "logprob"}]}. */
static bool is_unsure(struct str logprobs)
{
	struct json_cursor cursor;
	struct json_member item;
	struct error ignored;
	struct json root;
	double total = 0, value;
	size_t count = 0;

	if (logprobs.n == 0 ||
		!json_check(logprobs, JSON_MAX_DEPTH, &root, &ignored))
		return false;
	cursor = json_members(json_find(root, S("content")));
	while (json_next(&cursor, &item)) {
		if (!json_double(json_find(item.value, S("logprob")), &value))
			continue;
		total += value;
		count++;
	}
	return count > 0 && total / (double)count < UNSURE;
}
