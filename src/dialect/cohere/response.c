/*
 * response.c - whole answers, to and from the neutral form.
 */
#include "dialect/cohere/cohere.h"

#define RESPONSE(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_response, field), NULL, NULL \
	}

static bool read_message(struct json value, void *into, struct arena *arena);
static void write_message(const void *from, const struct shape_out *out);
static bool read_finish(struct json value, void *into, struct arena *arena);
static void write_finish(const void *from, const struct shape_out *out);
static bool read_usage(struct json value, void *into, struct arena *arena);
static void write_usage(const void *from, const struct shape_out *out);

static const struct shape_row response_rows[] = {
	RESPONSE("id", SHAPE_TEXT, id),
	{ "message", SHAPE_SPECIAL, 0, read_message, write_message },
	{ "finish_reason", SHAPE_SPECIAL, 0, read_finish, write_finish },
	{ "usage", SHAPE_SPECIAL, 0, read_usage, write_usage },
};
static const struct shape response_shape = SHAPE_OF(response_rows);

/* The first word of each meaning is the one that is written. */
static const struct {
	struct str word;
	enum chat_finish finish;
} finish_words[] = {
	{ STR("COMPLETE"), CHAT_FINISH_STOP },
	{ STR("STOP_SEQUENCE"), CHAT_FINISH_STOP },
	{ STR("MAX_TOKENS"), CHAT_FINISH_LENGTH },
	{ STR("TOOL_CALL"), CHAT_FINISH_TOOL_CALLS },
	{ STR("ERROR"), CHAT_FINISH_OTHER },
	{ STR("TIMEOUT"), CHAT_FINISH_OTHER },
	/* Version 1 had a word for it. */
	{ STR("ERROR_TOXIC"), CHAT_FINISH_FILTER },
};

static const struct count_row billed_rows[] = {
	COUNT_ROW("input_tokens", prompt),
	COUNT_ROW("output_tokens", completion),
};
static const struct count_row token_rows[] = {
	COUNT_ROW("input_tokens", prompt),
	COUNT_ROW("output_tokens", completion),
	COUNT_ROW("reasoning_tokens", reasoning),
};

static struct chat_choice *the_choice(struct chat_response *response);
static void write_counts(const struct chat_usage *usage, struct json_writer *w);

bool cohere_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err)
{
	struct json root, logprobs;

	if (!facts_check(body, &root, err))
		return false;
	chat_response_init(out, S(COHERE_NAME));
	out->choices = ARENA_NEW(arena, struct chat_choice);
	chat_message_init(&out->choices->message);
	shape_read(&response_shape, root, out, &out->extra, arena);
	logprobs = json_find(root, S("logprobs"));
	if (out->choice_count > 0)
		out->choices->logprobs = cohere_read_logprobs(logprobs, arena);
	return true;
}

void cohere_write_response(
	const struct chat_response *response, struct buf *out)
{
	struct json_writer w;
	struct shape_out to = { .w = &w, .is_reply = true };

	json_writer_init(&w, out);
	to.own_words = str_equal(response->dialect, S(COHERE_NAME));
	json_begin_object(&w);
	shape_write(&response_shape, response, &response->extra, &to);
	if (!to.own_words && response->choice_count > 0 &&
		response->choices->logprobs.p) {
		json_name(&w, "logprobs");
		cohere_write_logprobs(response->choices->logprobs, &w);
	}
	json_end_object(&w);
}

/* There is always one; the members of the answer are its. */
static struct chat_choice *the_choice(struct chat_response *response)
{
	response->choice_count = 1;
	return response->choices;
}

static bool read_message(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	choice = the_choice(into);
	choice->message_member = S("message");
	cohere_read_message(value, arena, &choice->message);
	chat_number_calls(&choice->message);
	return true;
}

static void write_message(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;
	const struct chat_choice *choice = response->choices;
	struct chat_message message;

	if (out->own_words) {
		if (response->choice_count == 0 || !choice->message_member.p)
			return;
		message = choice->message;
	} else {
		chat_message_init(&message);
		if (response->choice_count > 0)
			message = choice->message;
		message.role = CHAT_ASSISTANT;
	}
	json_name(out->w, "message");
	cohere_write_message(&message, out);
}

static bool read_finish(struct json value, void *into, struct arena *arena)
{
	struct str word;

	if (!json_text(value, arena, &word))
		return false;
	cohere_read_finish(word, the_choice(into));
	return true;
}

void cohere_read_finish(struct str word, struct chat_choice *choice)
{
	choice->finish_word = word;
	choice->finish = CHAT_FINISH_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(finish_words); i++)
		if (str_equal(word, finish_words[i].word))
			choice->finish = finish_words[i].finish;
}

static void write_finish(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;
	const struct chat_choice *choice = response->choices;

	if (response->choice_count == 0) {
		if (!out->own_words)
			json_member_str(out->w, "finish_reason", S("COMPLETE"));
	} else if (!out->own_words) {
		json_member_str(out->w, "finish_reason",
			cohere_finish_word(choice->finish,
				choice->stop_sequence.p != NULL));
	} else if (choice->finish_word.p) {
		json_member_str(out->w, "finish_reason", choice->finish_word);
	}
}

struct str cohere_finish_word(enum chat_finish finish, bool stop_sequence)
{
	if (finish == CHAT_FINISH_FILTER)
		return S("ERROR"); /* version 2 has no other word for it */
	if (finish == CHAT_FINISH_STOP && stop_sequence)
		return S("STOP_SEQUENCE");
	for (size_t i = 0; i < ARRAY_LEN(finish_words); i++)
		if (finish_words[i].finish == finish &&
			finish != CHAT_FINISH_OTHER)
			return finish_words[i].word;
	return S("COMPLETE");
}

static bool read_usage(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	response->has_usage = true;
	response->usage_json = value.text;
	cohere_read_usage(value, &response->usage);
	return true;
}

/*
 * `tokens` are those that the model saw, with what Cohere itself put before
 * the conversation (some 500, cached mostly); `billed_units` are those that
 * must be paid for, and so they count where they are told. What is a part of
 * `tokens` alone is not a part of them.
 */
void cohere_read_usage(struct json object, struct chat_usage *usage)
{
	struct json tokens = json_find(object, S("tokens"));
	struct json billed = json_find(object, S("billed_units"));
	int64_t cached = -1;

	facts_read_counts(tokens, token_rows, ARRAY_LEN(token_rows), usage);
	facts_read_counts(billed, billed_rows, ARRAY_LEN(billed_rows), usage);
	facts_read_count(json_find(object, S("cached_tokens")), &cached);
	if (cached <= usage->prompt)
		usage->cached = cached;
	if (usage->reasoning > usage->completion)
		usage->reasoning = -1;
}

static void write_usage(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (!response->has_usage)
		return;
	if (out->own_words) {
		json_member_raw(out->w, "usage", response->usage_json);
		return;
	}
	json_name(out->w, "usage");
	cohere_write_usage(&response->usage, out->w);
}

void cohere_write_usage(const struct chat_usage *usage, struct json_writer *w)
{
	json_begin_object(w);
	json_name(w, "billed_units");
	json_begin_object(w);
	write_counts(usage, w);
	json_end_object(w);
	json_name(w, "tokens");
	json_begin_object(w);
	write_counts(usage, w);
	if (usage->reasoning >= 0)
		json_member_int(w, "reasoning_tokens", usage->reasoning);
	json_end_object(w);
	if (usage->cached >= 0)
		json_member_int(w, "cached_tokens", usage->cached);
	json_end_object(w);
}

/* What is not known is none. */
static void write_counts(const struct chat_usage *usage, struct json_writer *w)
{
	json_member_int(
		w, "input_tokens", usage->prompt > 0 ? usage->prompt : 0);
	json_member_int(w, "output_tokens",
		usage->completion > 0 ? usage->completion : 0);
}
