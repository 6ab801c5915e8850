/*
 * request.c - whole requests, to and from the neutral form.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/losses.h"

static bool read_model(struct json value, void *into, struct arena *arena);
static bool read_contents(struct json value, void *into, struct arena *arena);
static void write_contents(const void *from, const struct shape_out *out);
static void write_system(const void *from, const struct shape_out *out);
static bool read_tools(struct json value, void *into, struct arena *arena);
static bool read_tier(struct json value, void *into, struct arena *arena);
static void write_tier(const void *from, const struct shape_out *out);

static const struct shape_row request_rows[] = {
	{ "model", SHAPE_SPECIAL_TEXT, GEMINI_KEPT, read_model, NULL },
	{ "contents", SHAPE_SPECIAL, 0, read_contents, write_contents },
	{ "systemInstruction", SHAPE_SPECIAL, 0, read_contents, write_system },
	{ "tools", SHAPE_SPECIAL, GEMINI_KEPT, read_tools, gemini_write_tools },
	{ "toolConfig", SHAPE_SPECIAL_OBJECT, GEMINI_KEPT,
		gemini_read_tool_config, gemini_write_tool_config },
	{ "safetySettings", SHAPE_LIST, offsetof(struct chat_request, safety),
		NULL, NULL },
	{ "generationConfig", SHAPE_SPECIAL, 0, gemini_read_config,
		gemini_write_config },
	{ "serviceTier", SHAPE_SPECIAL_TEXT, GEMINI_KEPT, read_tier,
		write_tier },
};
static const struct shape request_shape = SHAPE_OF(request_rows);

/* OpenAI's words for the same things come first. */
static const struct {
	struct str neutral;
	struct str word;
} tiers[] = {
	{ STR("default"), STR("standard") },
	{ STR("flex"), STR("flex") },
	{ STR("priority"), STR("priority") },
};

/* Texts of the request that a provider may not take. */
static const struct {
	enum chat_field field;
	size_t offset;
} texts[] = {
	{ FIELD_TEMPERATURE, offsetof(struct chat_request, temperature) },
	{ FIELD_TOP_P, offsetof(struct chat_request, top_p) },
	{ FIELD_TOP_K, offsetof(struct chat_request, top_k) },
	{ FIELD_FREQUENCY_PENALTY,
		offsetof(struct chat_request, frequency_penalty) },
	{ FIELD_PRESENCE_PENALTY,
		offsetof(struct chat_request, presence_penalty) },
	{ FIELD_SEED, offsetof(struct chat_request, seed) },
	{ FIELD_MODALITIES, offsetof(struct chat_request, modalities) },
	{ FIELD_SERVICE_TIER, offsetof(struct chat_request, service_tier) },
	{ FIELD_SAFETY, offsetof(struct chat_request, safety) },
};

static bool write_foreign(const struct chat_request *request,
	uint64_t unsupported, struct chat_losses *losses, struct buf *out,
	struct error *err);
static void drop(struct chat_request *request, uint64_t unsupported);
static bool lacks(uint64_t unsupported, enum chat_field field);
static bool asks_tier(struct str neutral);

bool gemini_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	struct json root = head->root;

	chat_request_init(out, S(GEMINI_NAME));
	out->model = head->model;
	if (!gemini_read_messages(root, arena, out, err) ||
		!gemini_read_tools(
			json_find(root, S("tools")), arena, out, err) ||
		!gemini_check_tool_config(root, err))
		return false;
	gemini_join_thoughts(out, arena);
	gemini_read_shape(&request_shape, root, out, &out->extra, arena);
	if (head->stream)
		out->stream = CHAT_YES;
	return true;
}

bool gemini_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	struct json_writer w;
	const struct shape_out to = { .w = &w, .own_words = true };

	if (!str_equal(request->dialect, S(GEMINI_NAME)))
		return write_foreign(request, traits ? traits->unsupported : 0,
			losses, out, err);
	json_writer_init(&w, out);
	json_begin_object(&w);
	gemini_write_shape(&request_shape, request, &request->extra, &to);
	json_end_object(&w);
	return true;
}

static bool write_foreign(const struct chat_request *request,
	uint64_t unsupported, struct chat_losses *losses, struct buf *out,
	struct error *err)
{
	struct json_writer w;
	const struct shape_out to = { .w = &w };
	struct chat_request ours = *request;
	struct gemini_out turns = { .request = &ours,
		.losses = losses,
		.w = &w,
		.err = err,
		.is_old = gemini_is_old(request->model),
		.no_thoughts = lacks(unsupported, FIELD_THINKING) };

	drop(&ours, unsupported);
	json_writer_init(&w, out);
	json_begin_object(&w);
	if (!gemini_write_turns(&turns))
		return false;
	gemini_lose_config(&turns);
	if (asks_tier(ours.service_tier) && losses)
		chat_losses_add(
			losses, "%s", losses->from->words[FIELD_SERVICE_TIER]);
	gemini_write_shape(&request_shape, &ours, &ours.extra, &to);
	json_end_object(&w);
	return true;
}

/* What this provider does not take; chat_losses_find() has named it. */
static void drop(struct chat_request *request, uint64_t unsupported)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (lacks(unsupported, texts[i].field))
			*(struct str *)(void *)((char *)request +
						texts[i].offset) =
				(struct str){ NULL, 0 };
	if (lacks(unsupported, FIELD_MAX_TOKENS))
		request->max_tokens = -1;
	if (lacks(unsupported, FIELD_STOP))
		request->stop = NULL;
	if (lacks(unsupported, FIELD_LOGPROBS))
		request->logprobs = CHAT_UNSET;
	if (lacks(unsupported, FIELD_TOP_LOGPROBS))
		request->top_logprobs = -1;
	if (lacks(unsupported, FIELD_REASONING))
		request->reasoning =
			(struct chat_reasoning){ .budget_tokens = -1 };
}

static bool lacks(uint64_t unsupported, enum chat_field field)
{
	return unsupported & UINT64_C(1) << field;
}

/* Clients may name the model as in the address. */
static bool read_model(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct str prefix = S("models/");
	struct str model;

	if (!json_text(value, arena, &model))
		return false;
	if (str_starts(model, prefix))
		model = str_from(model, prefix.n);
	if (request->model.n == 0)
		request->model = model;
	return true;
}

/* Read before, because something may be wrong in them. */
static bool read_contents(struct json value, void *into, struct arena *arena)
{
	(void)into;
	(void)arena;
	return value.type == JSON_TYPE_ARRAY || value.type == JSON_TYPE_OBJECT;
}

/* Those of other dialects are written by turns.c. */
static void write_contents(const void *from, const struct shape_out *out)
{
	if (out->own_words)
		gemini_write_contents(from, out);
}

static void write_system(const void *from, const struct shape_out *out)
{
	if (out->own_words)
		gemini_write_system(from, out);
}

static bool read_tools(struct json value, void *into, struct arena *arena)
{
	(void)into;
	(void)arena;
	return value.type == JSON_TYPE_ARRAY || value.type == JSON_TYPE_OBJECT;
}

static bool read_tier(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	(void)arena;
	for (size_t i = 0; i < ARRAY_LEN(tiers); i++) {
		if (!json_text_is(value, tiers[i].word))
			continue;
		request->service_tier = tiers[i].neutral;
		return true;
	}
	return false;
}

static void write_tier(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
		if (str_equal(request->service_tier, tiers[i].neutral) ||
			str_equal(request->service_tier, tiers[i].word)) {
			json_member_str(out->w, "serviceTier", tiers[i].word);
			return;
		}
}

/* One that Google has not, and that is another than everybody gets. */
static bool asks_tier(struct str neutral)
{
	for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
		if (str_equal(neutral, tiers[i].neutral) ||
			str_equal(neutral, tiers[i].word))
			return false;
	return neutral.p && !str_equal(neutral, S("auto"));
}
