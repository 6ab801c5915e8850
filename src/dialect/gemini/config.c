/*
 * config.c - generationConfig, to and from the neutral form.
 *
 * Its members that have no field stay in the request's inner_extra.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/losses.h"

/* https://ai.google.dev/api/generate-content: "up to 5". */
#define MAX_STOPS 5

#define CONFIG(name, kind, field)                                            \
	{                                                                    \
		name, kind, offsetof(struct chat_request, field), NULL, NULL \
	}

static void write_stops(const void *from, const struct shape_out *out);
static bool read_seed(struct json value, void *into, struct arena *arena);
static void write_seed(const void *from, const struct shape_out *out);
static bool read_media_type(struct json value, void *into, struct arena *arena);
static void write_format(const void *from, const struct shape_out *out);
static bool read_schema(struct json value, void *into, struct arena *arena);
static bool read_json_schema(
	struct json value, void *into, struct arena *arena);
static bool read_modalities(struct json value, void *into, struct arena *arena);
static void write_modalities(const void *from, const struct shape_out *out);
static bool read_thinking(struct json value, void *into, struct arena *arena);
static void write_thinking(const void *from, const struct shape_out *out);

static const struct shape_row config_rows[] = {
	CONFIG("temperature", SHAPE_NUMBER, temperature),
	CONFIG("topP", SHAPE_NUMBER, top_p),
	CONFIG("topK", SHAPE_NUMBER, top_k),
	CONFIG("maxOutputTokens", SHAPE_COUNT, max_tokens),
	{ "stopSequences", SHAPE_SPECIAL_TEXTS, 0, chat_read_stops,
		write_stops },
	CONFIG("candidateCount", SHAPE_COUNT, n),
	{ "seed", SHAPE_SPECIAL_NUMBER, 0, read_seed, write_seed },
	CONFIG("presencePenalty", SHAPE_NUMBER, presence_penalty),
	CONFIG("frequencyPenalty", SHAPE_NUMBER, frequency_penalty),
	CONFIG("responseLogprobs", SHAPE_FLAG, logprobs),
	CONFIG("logprobs", SHAPE_COUNT, top_logprobs),
	{ "responseMimeType", SHAPE_SPECIAL_TEXT, GEMINI_KEPT, read_media_type,
		write_format },
	{ "responseSchema", SHAPE_SPECIAL_OBJECT, GEMINI_KEPT, read_schema,
		NULL },
	{ "responseJsonSchema", SHAPE_SPECIAL_OBJECT, GEMINI_KEPT,
		read_json_schema, NULL },
	{ "_responseJsonSchema", SHAPE_SPECIAL_OBJECT, GEMINI_KEPT,
		read_json_schema, NULL },
	{ "responseModalities", SHAPE_SPECIAL_TEXTS, GEMINI_KEPT,
		read_modalities, write_modalities },
	{ "thinkingConfig", SHAPE_SPECIAL_OBJECT, GEMINI_KEPT, read_thinking,
		write_thinking },
};
static const struct shape config_shape = SHAPE_OF(config_rows);

static bool read_show(struct json value, void *into, struct arena *arena);
static bool read_budget(struct json value, void *into, struct arena *arena);
static bool read_level(struct json value, void *into, struct arena *arena);

static const struct shape_row thinking_rows[] = {
	{ "includeThoughts", SHAPE_SPECIAL_FLAG, 0, read_show, NULL },
	{ "thinkingBudget", SHAPE_SPECIAL_NUMBER, 0, read_budget, NULL },
	{ "thinkingLevel", SHAPE_SPECIAL_TEXT, 0, read_level, NULL },
};
static const struct shape thinking_shape = SHAPE_OF(thinking_rows);

/*
 * How Google's own OpenAI-compatible side understands an effort: the level is
 * for models from Gemini 3 on, the budget for those before
 * (https://ai.google.dev/gemini-api/docs/openai). The last two are other
 * providers' words for more than "high".
 */
static const struct effort {
	struct str word;
	struct str level;
	int64_t budget;
} efforts[] = {
	{ STR("minimal"), STR("minimal"), 1024 },
	{ STR("low"), STR("low"), 1024 },
	{ STR("medium"), STR("medium"), 8192 },
	{ STR("high"), STR("high"), 24576 },
	{ STR("xhigh"), STR("high"), 24576 },
	{ STR("max"), STR("high"), 24576 },
};

static void write_words(
	struct json list, int (*change)(int), struct json_writer *w);
static bool is_text_alone(struct json list);
static bool is_seed(struct str number);
static void write_depth(
	const struct chat_request *request, struct json_writer *w);
static bool is_off(const struct chat_reasoning *reasoning);
static bool is_asked(const struct chat_reasoning *reasoning);
static const struct effort *find_effort(struct str word);

bool gemini_read_config(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	if (value.type != JSON_TYPE_OBJECT || json_is_empty(value))
		return false;
	request->inner_extra.within = "generationConfig";
	gemini_read_shape(
		&config_shape, value, request, &request->inner_extra, arena);
	return true;
}

/* The member is there when anything is in it. */
void gemini_write_config(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	struct json_writer *w = out->w;
	size_t before = w->out->n;
	bool needs_comma = w->needs_comma;

	gemini_write_inner("generationConfig", &config_shape, request,
		&request->inner_extra, out);
	if (str_ends(buf_str(w->out), S("{}"))) {
		w->out->n = before;
		w->needs_comma = needs_comma;
	}
}

static void write_stops(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	int count = 0;

	if (!request->stop)
		return;
	json_name(out->w, "stopSequences");
	json_begin_array(out->w);
	for (const struct chat_stop *stop = request->stop; stop;
		stop = stop->next)
		if (out->own_words || count++ < MAX_STOPS)
			json_write_str(out->w, stop->text);
	json_end_array(out->w);
}

void gemini_lose_config(struct gemini_out *out)
{
	const struct chat_request *request = out->request;
	const struct chat_stop *stop = request->stop;
	const struct chat_reasoning *reasoning = &request->reasoning;
	int count = 0;

	if (!out->losses)
		return;
	for (; stop; stop = stop->next)
		count++;
	if (count > MAX_STOPS)
		chat_losses_add(out->losses, "%s",
			out->losses->from->words[FIELD_STOP]);
	if (request->seed.p && !is_seed(request->seed))
		chat_losses_add(out->losses, "%s",
			out->losses->from->words[FIELD_SEED]);
	if (reasoning->effort.p && !is_off(reasoning) &&
		reasoning->budget_tokens < 0 && !find_effort(reasoning->effort))
		chat_losses_add(out->losses, "%s",
			out->losses->from->words[FIELD_REASONING]);
}

static bool read_media_type(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = &((struct chat_request *)into)->format;

	(void)arena;
	if (json_text_is(value, S("application/json")))
		format->kind = CHAT_FORMAT_JSON;
	else if (json_text_is(value, S("text/plain")))
		format->kind = CHAT_FORMAT_TEXT;
	return format->kind != CHAT_FORMAT_UNSET;
}

static bool read_schema(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = &((struct chat_request *)into)->format;

	if (value.type != JSON_TYPE_OBJECT || format->kind == CHAT_FORMAT_TEXT)
		return false;
	format->kind = CHAT_FORMAT_SCHEMA;
	format->schema = gemini_read_schema(value, arena);
	return true;
}

static bool read_json_schema(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = &((struct chat_request *)into)->format;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT || format->schema.p ||
		format->kind == CHAT_FORMAT_TEXT)
		return false;
	format->kind = CHAT_FORMAT_SCHEMA;
	format->schema = value.text;
	return true;
}

static void write_format(const void *from, const struct shape_out *out)
{
	const struct chat_format *format =
		&((const struct chat_request *)from)->format;

	if (format->kind != CHAT_FORMAT_JSON &&
		format->kind != CHAT_FORMAT_SCHEMA)
		return;
	json_member_str(out->w, "responseMimeType", S("application/json"));
	if (format->schema.p)
		json_member_raw(out->w, "responseJsonSchema", format->schema);
}

/* ["TEXT"] asks for what every model gives. */
static bool read_modalities(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct buf text = BUF_INIT(value.text.n);
	struct json_member item;
	struct json_writer w;

	if (value.type != JSON_TYPE_ARRAY || json_is_empty(value))
		return false;
	while (json_next(&cursor, &item))
		if (item.value.type != JSON_TYPE_STRING)
			return false;
	if (is_text_alone(value))
		return true;
	json_writer_init(&w, &text);
	write_words(value, tolower, &w);
	request->modalities = arena_copy(arena, buf_str(&text));
	buf_release(&text);
	return true;
}

static bool is_text_alone(struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member first;

	return json_next(&cursor, &first) && json_length(list) == 1 &&
	       json_text_is(first.value, S("TEXT"));
}

/* The list's words in capitals, or without. */
static void write_words(
	struct json list, int (*change)(int), struct json_writer *w)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	json_begin_array(w);
	while (json_next(&cursor, &item)) {
		size_t at = w->out->n;
		bool is_word =
			str_index(item.value.text, '\\') == item.value.text.n;

		json_write_raw(w, item.value.text);
		for (; is_word && at < w->out->n; at++)
			w->out->p[at] =
				(char)change((unsigned char)w->out->p[at]);
	}
	json_end_array(w);
}

static void write_modalities(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	const struct json list = { JSON_TYPE_ARRAY, request->modalities };

	if (!request->modalities.p)
		return;
	json_name(out->w, "responseModalities");
	write_words(list, toupper, out->w);
}

static bool read_thinking(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning =
		&((struct chat_request *)into)->reasoning;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	reasoning->member = S("thinkingConfig");
	reasoning->extra.within = "generationConfig.thinkingConfig";
	gemini_read_shape(
		&thinking_shape, value, reasoning, &reasoning->extra, arena);
	return true;
}

static bool read_show(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;
	bool show;

	(void)arena;
	if (!json_bool(value, &show))
		return false;
	reasoning->exclude = show ? CHAT_NO : CHAT_YES;
	if (!show)
		return true;
	reasoning->enabled = CHAT_YES;
	reasoning->summary = S("auto");
	return true;
}

/* -1 lets the model decide, 0 is off. */
static bool read_budget(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;
	int64_t tokens;

	(void)arena;
	if (!json_int(value, &tokens) || tokens < -1)
		return false;
	reasoning->budget_tokens = tokens == -1 ? -2 : tokens;
	if (tokens == 0)
		reasoning->enabled = CHAT_NO;
	return true;
}

static bool read_level(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;
	struct str word;

	if (!json_text(value, arena, &word))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(efforts); i++) {
		if (!str_equal_nocase(word, efforts[i].level))
			continue;
		reasoning->effort = efforts[i].level;
		return true;
	}
	return false;
}

static void write_thinking(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	const struct chat_reasoning *reasoning = &request->reasoning;

	if (!is_asked(reasoning))
		return;
	json_name(out->w, "thinkingConfig");
	json_begin_object(out->w);
	write_depth(request, out->w);
	if (!is_off(reasoning))
		json_member_bool(out->w, "includeThoughts",
			reasoning->exclude != CHAT_YES);
	json_end_object(out->w);
}

static bool is_asked(const struct chat_reasoning *reasoning)
{
	return reasoning->effort.p || reasoning->summary.p ||
	       reasoning->budget_tokens != -1 ||
	       reasoning->enabled != CHAT_UNSET;
}

static bool is_off(const struct chat_reasoning *reasoning)
{
	return reasoning->enabled == CHAT_NO || reasoning->budget_tokens == 0 ||
	       str_equal(reasoning->effort, S("none"));
}

/* Level and budget exclude each other. Gemini 3 always thinks, and its large
 * models know no "minimal"; some before it must be told to. */
static void write_depth(
	const struct chat_request *request, struct json_writer *w)
{
	const struct chat_reasoning *reasoning = &request->reasoning;
	const struct effort *effort = find_effort(reasoning->effort);
	/* As Anthropic's adaptive thinking, which an effort then guides. */
	bool is_free = reasoning->budget_tokens == -2;
	bool is_old = gemini_is_old(request->model);
	bool is_small = str_find(request->model, S("flash")) < request->model.n;

	if (is_off(reasoning) && is_old)
		json_member_int(w, "thinkingBudget", 0);
	else if (is_off(reasoning))
		json_member_str(
			w, "thinkingLevel", is_small ? S("minimal") : S("low"));
	else if (reasoning->budget_tokens != -1 && !(is_free && effort))
		json_member_int(w, "thinkingBudget",
			reasoning->budget_tokens == -2
				? -1
				: reasoning->budget_tokens);
	else if (effort && is_old)
		json_member_int(w, "thinkingBudget", effort->budget);
	else if (reasoning->enabled == CHAT_YES && is_old)
		json_member_int(w, "thinkingBudget", -1);
	else if (effort)
		json_member_str(w, "thinkingLevel",
			is_small || !str_equal(effort->level, S("minimal"))
				? effort->level
				: S("low"));
}

static const struct effort *find_effort(struct str word)
{
	for (size_t i = 0; i < ARRAY_LEN(efforts); i++)
		if (str_equal(word, efforts[i].word))
			return &efforts[i];
	return NULL;
}

static bool read_seed(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	(void)arena;
	if (value.type != JSON_TYPE_NUMBER)
		return false;
	request->seed = value.text;
	return true;
}

static void write_seed(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->seed.p && (out->own_words || is_seed(request->seed)))
		json_member_raw(out->w, "seed", request->seed);
}

/* Google's has 32 bits. */
static bool is_seed(struct str number)
{
	int64_t seed;

	return str_to_int64_in(number, INT32_MIN, INT32_MAX, &seed);
}
