/*
 * response.c - whole answers, to and from the neutral form. A stream's
 * chunk is an answer whose candidates hold what is new.
 */
#include "dialect/gemini/gemini.h"

#include "base/clock.h"

#define RESPONSE(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_response, field), NULL, NULL \
	}

static bool read_candidates(struct json value, void *into, struct arena *arena);
static void write_candidates(const void *from, const struct shape_out *out);
static bool read_feedback(struct json value, void *into, struct arena *arena);
static bool read_usage(struct json value, void *into, struct arena *arena);
static void write_usage(const void *from, const struct shape_out *out);
static bool read_time(struct json value, void *into, struct arena *arena);

/* promptFeedback after the candidates: it counts when there are none. */
static const struct shape_row response_rows[] = {
	{ "candidates", SHAPE_SPECIAL, 0, read_candidates, write_candidates },
	{ "promptFeedback", SHAPE_SPECIAL, GEMINI_KEPT, read_feedback, NULL },
	{ "usageMetadata", SHAPE_SPECIAL, 0, read_usage, write_usage },
	RESPONSE("modelVersion", SHAPE_TEXT, model),
	RESPONSE("responseId", SHAPE_TEXT, id),
	{ "createTime", SHAPE_SPECIAL, GEMINI_KEPT, read_time, NULL },
};
static const struct shape response_shape = SHAPE_OF(response_rows);

#define CHOICE(name, kind, field)                                           \
	{                                                                   \
		name, kind, offsetof(struct chat_choice, field), NULL, NULL \
	}

static bool read_content(struct json value, void *into, struct arena *arena);
static void write_content(const void *from, const struct shape_out *out);
static bool read_finish(struct json value, void *into, struct arena *arena);
static void write_finish(const void *from, const struct shape_out *out);

static const struct shape_row choice_rows[] = {
	{ "content", SHAPE_SPECIAL, 0, read_content, write_content },
	{ "finishReason", SHAPE_SPECIAL, 0, read_finish, write_finish },
	CHOICE("index", SHAPE_COUNT, index),
	CHOICE("safetyRatings", SHAPE_LIST, safety),
	{ "citationMetadata", SHAPE_SPECIAL, GEMINI_KEPT, gemini_read_citations,
		NULL },
	{ "groundingMetadata", SHAPE_SPECIAL, GEMINI_KEPT,
		gemini_read_grounding, gemini_write_grounding },
	{ "logprobsResult", SHAPE_SPECIAL, GEMINI_KEPT, gemini_read_logprobs,
		gemini_write_logprobs },
};
static const struct shape choice_shape = SHAPE_OF(choice_rows);

/* The first word of each meaning is the one that is written. Those of the
 * first five stand at their numbers, which Vertex AI may send instead
 * ($alt=json;enum-encoding=int). */
static const struct {
	struct str word;
	enum chat_finish finish;
} finish_words[] = {
	{ STR("FINISH_REASON_UNSPECIFIED"), CHAT_FINISH_UNSET },
	{ STR("STOP"), CHAT_FINISH_STOP },
	{ STR("MAX_TOKENS"), CHAT_FINISH_LENGTH },
	{ STR("SAFETY"), CHAT_FINISH_FILTER },
	{ STR("RECITATION"), CHAT_FINISH_FILTER },
	{ STR("OTHER"), CHAT_FINISH_OTHER },
	{ STR("BLOCKLIST"), CHAT_FINISH_FILTER },
	{ STR("PROHIBITED_CONTENT"), CHAT_FINISH_FILTER },
	{ STR("SPII"), CHAT_FINISH_FILTER },
	{ STR("MODEL_ARMOR"), CHAT_FINISH_FILTER },
	{ STR("IMAGE_SAFETY"), CHAT_FINISH_FILTER },
	{ STR("IMAGE_PROHIBITED_CONTENT"), CHAT_FINISH_FILTER },
	{ STR("IMAGE_RECITATION"), CHAT_FINISH_FILTER },
};
#define FINISH_NUMBERS 6

/* An answer while it is read. */
struct answer {
	struct chat_response response; /* first: the table's rows are in it */
	bool is_delta;
};

static void read_candidate(struct json item, bool is_delta, struct arena *arena,
	struct chat_choice *choice);
static bool has_call(const struct chat_message *message);
static bool has_broken_call(const struct chat_message *message);
static struct str finish_word(enum chat_finish finish);
static int64_t sum(int64_t a, int64_t b);
static int64_t audio_of(struct json details);
static void write_counts(const struct chat_usage *usage, struct json_writer *w);
static void write_details(
	const char *name, int64_t audio, int64_t all, struct json_writer *w);

bool gemini_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err)
{
	struct json root;

	if (!facts_check(body, &root, err))
		return false;
	gemini_read_answer(root, false, arena, out);
	return true;
}

void gemini_read_answer(struct json root, bool is_delta, struct arena *arena,
	struct chat_response *out)
{
	struct answer answer = { .is_delta = is_delta };

	chat_response_init(&answer.response, S(GEMINI_NAME));
	gemini_read_shape(
		&response_shape, root, &answer, &answer.response.extra, arena);
	*out = answer.response;
}

void gemini_write_response(
	const struct chat_response *response, struct buf *out)
{
	gemini_write_answer(response, false, out);
}

void gemini_write_answer(
	const struct chat_response *response, bool is_delta, struct buf *out)
{
	struct json_writer w;
	struct shape_out to = { &w, false, true, is_delta };

	json_writer_init(&w, out);
	to.own_words = str_equal(response->dialect, S(GEMINI_NAME));
	json_begin_object(&w);
	gemini_write_shape(&response_shape, response, &response->extra, &to);
	json_end_object(&w);
}

static bool read_candidates(struct json value, void *into, struct arena *arena)
{
	struct answer *answer = into;
	struct chat_response *response = &answer->response;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (value.type != JSON_TYPE_ARRAY || json_is_empty(value))
		return false;
	while (json_next(&cursor, &item))
		if (item.value.type != JSON_TYPE_OBJECT)
			return false;
	response->choice_count = json_length(value);
	response->choices =
		ARENA_ARRAY(arena, struct chat_choice, response->choice_count);
	cursor = json_members(value);
	for (size_t i = 0; json_next(&cursor, &item); i++)
		read_candidate(item.value, answer->is_delta, arena,
			&response->choices[i]);
	return true;
}

static void read_candidate(struct json item, bool is_delta, struct arena *arena,
	struct chat_choice *choice)
{
	choice->index = -1;
	choice->message_member = is_delta ? S("delta") : S("message");
	chat_message_init(&choice->message);
	gemini_read_shape(&choice_shape, item, choice, &choice->extra, arena);
	chat_number_calls(&choice->message);
	if (choice->finish == CHAT_FINISH_STOP && has_call(&choice->message))
		choice->finish = CHAT_FINISH_TOOL_CALLS;
}

static bool has_call(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL)
			return true;
	return false;
}

static void write_candidates(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	/* Own words without candidates: blocked, or none were there. */
	if (out->own_words && (response->choice_count == 0 ||
				      !response->choices[0].message_member.p))
		return;
	json_name(out->w, "candidates");
	json_begin_array(out->w);
	for (size_t i = 0; i < response->choice_count; i++) {
		struct chat_choice choice = response->choices[i];

		if (!out->own_words) {
			if (choice.index < 0)
				choice.index = (int64_t)i;
			/* Another provider's has another shape. */
			choice.safety = (struct str){ NULL, 0 };
		}
		json_begin_object(out->w);
		gemini_write_shape(&choice_shape, &choice, &choice.extra, out);
		json_end_object(out->w);
	}
	json_end_array(out->w);
}

static bool read_content(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	gemini_read_content(value, arena, &choice->message);
	return true;
}

static void write_content(const void *from, const struct shape_out *out)
{
	const struct chat_choice *choice = from;
	struct json_writer *w = out->w;
	bool is_empty = true;

	if (out->own_words) {
		/* Without a role there was no content. */
		if (choice->message.role != CHAT_ROLE_UNSET)
			gemini_write_content(&choice->message, out);
		return;
	}
	json_name(w, "content");
	json_begin_object(w);
	json_name(w, "parts");
	json_begin_array(w);
	for (const struct chat_part *part = choice->message.parts; part;
		part = part->next) {
		if (!gemini_can_write(part, true) ||
			(out->is_delta && part->kind == CHAT_TOOL_CALL))
			continue;
		gemini_write_part(part, out);
		is_empty = false;
	}
	if (is_empty) {
		json_begin_object(w);
		json_member_str(w, "text", S(""));
		json_end_object(w);
	}
	json_end_array(w);
	json_member_str(w, "role", S("model"));
	json_end_object(w);
}

static bool read_finish(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice = into;
	int64_t number;

	if (json_int(value, &number)) {
		choice->finish = CHAT_FINISH_OTHER;
		if (number >= 0 && number < FINISH_NUMBERS)
			choice->finish = finish_words[number].finish;
		return false; /* it stays among the extras as a number */
	}
	if (!json_text(value, arena, &choice->finish_word))
		return false;
	choice->finish = CHAT_FINISH_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(finish_words); i++)
		if (str_equal(choice->finish_word, finish_words[i].word))
			choice->finish = finish_words[i].finish;
	return true;
}

/* What is cut off, or was never JSON, is no call here. */
static void write_finish(const void *from, const struct shape_out *out)
{
	const struct chat_choice *choice = from;
	struct str word = finish_word(choice->finish);

	if (out->own_words) {
		word = choice->finish_word;
	} else if (choice->finish != CHAT_FINISH_LENGTH && word.p &&
		   has_broken_call(&choice->message)) {
		word = S("MALFORMED_FUNCTION_CALL");
		json_member_str(out->w, "finishMessage",
			S("The arguments of a function call are not a JSON "
			  "object."));
	}
	if (word.p)
		json_member_str(out->w, "finishReason", word);
}

static bool has_broken_call(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL &&
			!gemini_can_write(part, true))
			return true;
	return false;
}

static struct str finish_word(enum chat_finish finish)
{
	if (finish == CHAT_FINISH_UNSET)
		return (struct str){ NULL, 0 };
	if (finish == CHAT_FINISH_TOOL_CALLS)
		return S("STOP");
	for (size_t i = 0; i < ARRAY_LEN(finish_words); i++)
		if (finish_words[i].finish == finish)
			return finish_words[i].word;
	return S("OTHER");
}

/* {"blockReason": "SAFETY"} and no candidates: an answer that was filtered. */
static bool read_feedback(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = &((struct answer *)into)->response;
	struct json reason = gemini_find(value, "blockReason");
	struct json ratings = gemini_find(value, "safetyRatings");
	struct chat_choice *choice;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	if (response->choice_count > 0 || reason.type == JSON_TYPE_NONE)
		return true;
	choice = ARENA_NEW(arena, struct chat_choice);
	chat_message_init(&choice->message);
	choice->message.role = CHAT_ASSISTANT;
	choice->finish = CHAT_FINISH_FILTER;
	if (!json_text(reason, arena, &choice->finish_word))
		choice->finish_word = reason.text;
	if (ratings.type == JSON_TYPE_ARRAY)
		choice->safety = ratings.text;
	response->choices = choice;
	response->choice_count = 1;
	return true;
}

/*
 * promptTokenCount has the cached ones in it, but not those of the tools that
 * Google itself runs; candidatesTokenCount has not those of the thoughts: the
 * total is the sum of the four (as in all recorded answers with tools).
 */
static bool read_usage(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = &((struct answer *)into)->response;
	struct chat_usage *usage = &response->usage;
	int64_t tools = -1, candidates = -1;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	response->has_usage = true;
	response->usage_json = value.text;
	facts_read_count(
		gemini_find(value, "promptTokenCount"), &usage->prompt);
	facts_read_count(gemini_find(value, "toolUsePromptTokenCount"), &tools);
	facts_read_count(
		gemini_find(value, "candidatesTokenCount"), &candidates);
	facts_read_count(
		gemini_find(value, "thoughtsTokenCount"), &usage->reasoning);
	facts_read_count(
		gemini_find(value, "cachedContentTokenCount"), &usage->cached);
	usage->prompt = sum(usage->prompt, tools);
	usage->completion = sum(candidates, usage->reasoning);
	usage->audio_prompt =
		audio_of(gemini_find(value, "promptTokensDetails"));
	usage->audio_completion =
		audio_of(gemini_find(value, "candidatesTokensDetails"));
	return true;
}

static int64_t sum(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a + b;
}

static int64_t audio_of(struct json details)
{
	struct json_cursor cursor = json_members(details);
	struct json_member item;
	int64_t tokens = -1;

	while (json_next(&cursor, &item))
		if (json_text_is(
			    json_find(item.value, S("modality")), S("AUDIO")))
			facts_read_count(
				gemini_find(item.value, "tokenCount"), &tokens);
	return tokens;
}

static void write_usage(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (!response->has_usage)
		return;
	json_name(out->w, "usageMetadata");
	if (out->own_words)
		json_write_raw(out->w, response->usage_json);
	else
		write_counts(&response->usage, out->w);
}

static void write_counts(const struct chat_usage *usage, struct json_writer *w)
{
	int64_t completion = usage->completion;
	int64_t total = sum(usage->prompt, completion);

	json_begin_object(w);
	if (usage->prompt >= 0)
		json_member_int(w, "promptTokenCount", usage->prompt);
	if (usage->cached >= 0)
		json_member_int(w, "cachedContentTokenCount", usage->cached);
	if (usage->reasoning >= 0 && completion >= usage->reasoning) {
		json_member_int(w, "thoughtsTokenCount", usage->reasoning);
		completion -= usage->reasoning;
	}
	if (completion >= 0)
		json_member_int(w, "candidatesTokenCount", completion);
	if (total >= 0)
		json_member_int(w, "totalTokenCount", total);
	write_details(
		"promptTokensDetails", usage->audio_prompt, usage->prompt, w);
	write_details("candidatesTokensDetails", usage->audio_completion,
		completion, w);
	json_end_object(w);
}

static void write_details(
	const char *name, int64_t audio, int64_t all, struct json_writer *w)
{
	if (audio < 0)
		return;
	json_name(w, name);
	json_begin_array(w);
	if (all > audio) {
		json_begin_object(w);
		json_member_str(w, "modality", S("TEXT"));
		json_member_int(w, "tokenCount", all - audio);
		json_end_object(w);
	}
	json_begin_object(w);
	json_member_str(w, "modality", S("AUDIO"));
	json_member_int(w, "tokenCount", audio);
	json_end_object(w);
	json_end_array(w);
}

/* "2026-04-02T17:03:50.399550Z", of Vertex AI alone; our clock reads three
 * decimals. */
static bool read_time(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = &((struct answer *)into)->response;
	struct str text;
	int64_t ms;

	if (!json_text(value, arena, &text) ||
		!clock_parse(str_head(text, str_index(text, '.')), &ms))
		return false;
	response->created_unix_s = ms / 1000;
	return true;
}
