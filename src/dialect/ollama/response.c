/*
 * response.c - whole answers, to and from the neutral form. A line of a
 * stream is one, too, with what is new in it.
 *
 * What an answer tells beside its message (when it was made, how long it took,
 * how many tokens it is) stays as it came, for the same format; here it is
 * read from there.
 */
#include "dialect/ollama/ollama.h"

#define RESPONSE(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_response, field), NULL, NULL \
	}

static bool read_message(struct json value, void *into, struct arena *arena);
static void write_message(const void *from, const struct shape_out *out);
static bool read_reason(struct json value, void *into, struct arena *arena);
static void write_reason(const void *from, const struct shape_out *out);

static const struct shape_row response_rows[] = {
	RESPONSE("model", SHAPE_TEXT, model),
	{ "message", SHAPE_SPECIAL, 0, read_message, write_message },
	{ "done_reason", SHAPE_SPECIAL, 0, read_reason, write_reason },
};
static const struct shape response_shape = SHAPE_OF(response_rows);

static const struct count_row count_rows[] = {
	COUNT_ROW("prompt_eval_count", prompt),
	COUNT_ROW("eval_count", completion),
};

static void read_rest(
	struct json root, struct arena *arena, struct chat_response *out);
static void write_foreign(
	const struct chat_response *response, struct json_writer *w);
static struct str read_logprobs(struct json list, struct arena *arena);

bool ollama_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err)
{
	struct json root;

	if (!facts_check(body, &root, err))
		return false;
	ollama_read_object(root, arena, out);
	if (out->choice_count > 0)
		chat_number_calls(&out->choices->message);
	return true;
}

void ollama_read_object(
	struct json root, struct arena *arena, struct chat_response *out)
{
	chat_response_init(out, S(OLLAMA_NAME));
	out->choices = ARENA_NEW(arena, struct chat_choice);
	chat_message_init(&out->choices->message);
	shape_read(&response_shape, root, out, &out->extra, arena);
	read_rest(root, arena, out);
}

static bool read_message(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	response->choice_count = 1;
	response->choices->message_member = S("message");
	ollama_read_message(value, arena, &response->choices->message);
	return true;
}

/* "load" and "unload" answer a request without messages. */
static bool read_reason(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;
	struct chat_choice *choice = response->choices;

	if (!json_text(value, arena, &choice->finish_word))
		return false;
	response->choice_count = 1;
	choice->finish = CHAT_FINISH_OTHER;
	if (str_equal(choice->finish_word, S("stop")))
		choice->finish = CHAT_FINISH_STOP;
	else if (str_equal(choice->finish_word, S("length")))
		choice->finish = CHAT_FINISH_LENGTH;
	return true;
}

/* Earlier versions did not say why an answer is done, and none has a word for
 * one that ends with calls. */
static void read_rest(
	struct json root, struct arena *arena, struct chat_response *out)
{
	struct chat_choice *choice = out->choices;
	bool done = json_find(root, S("done")).type == JSON_TYPE_TRUE;
	struct str time;

	if (json_text(json_find(root, S("created_at")), arena, &time))
		out->created_unix_s = ollama_read_time(time);
	facts_read_counts(root, count_rows, ARRAY_LEN(count_rows), &out->usage);
	out->has_usage = out->usage.prompt >= 0 || out->usage.completion >= 0;
	if (done && choice->finish == CHAT_FINISH_UNSET) {
		out->choice_count = 1;
		choice->finish = CHAT_FINISH_STOP;
	}
	choice->logprobs = read_logprobs(json_find(root, S("logprobs")), arena);
	for (const struct chat_part *part = choice->message.parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL &&
			choice->finish == CHAT_FINISH_STOP)
			choice->finish = CHAT_FINISH_TOOL_CALLS;
}

/* Its items are OpenAI's. */
static struct str read_logprobs(struct json list, struct arena *arena)
{
	if (json_is_empty(list) || list.type != JSON_TYPE_ARRAY)
		return (struct str){ NULL, 0 };
	return arena_printf(arena, "{\"content\":%.*s}", STR_ARG(list.text));
}

void ollama_write_response(
	const struct chat_response *response, struct buf *out)
{
	struct json_writer w;
	struct shape_out to = { .w = &w, .is_reply = true };

	json_writer_init(&w, out);
	to.own_words = str_equal(response->dialect, S(OLLAMA_NAME));
	json_begin_object(&w);
	if (to.own_words)
		shape_write(&response_shape, response, &response->extra, &to);
	else
		write_foreign(response, &w);
	json_end_object(&w);
}

static void write_message(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;
	const struct chat_choice *choice = response->choices;

	if (response->choice_count == 0 || !choice->message_member.p)
		return;
	json_name(out->w, "message");
	ollama_write_message(&choice->message, out);
}

static void write_reason(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (response->choice_count > 0 && response->choices->finish_word.p)
		json_member_str(
			out->w, "done_reason", response->choices->finish_word);
}

static void write_foreign(
	const struct chat_response *response, struct json_writer *w)
{
	const struct shape_out to = { .w = w, .is_reply = true };
	struct chat_choice choice = { .finish = CHAT_FINISH_STOP };

	chat_message_init(&choice.message);
	if (response->choice_count > 0)
		choice = response->choices[0];
	choice.message.role = CHAT_ASSISTANT;
	choice.message.name = (struct str){ NULL, 0 };
	json_member_str(w, "model", response->model);
	json_name(w, "created_at");
	ollama_write_time(response->created_unix_s, w);
	json_name(w, "message");
	ollama_write_message(&choice.message, &to);
	if (choice.logprobs.p)
		ollama_write_logprobs(choice.logprobs, w);
	ollama_write_end(choice.finish,
		response->has_usage ? &response->usage : NULL, w);
}

void ollama_write_end(enum chat_finish finish, const struct chat_usage *usage,
	struct json_writer *w)
{
	json_member_str(w, "done_reason",
		finish == CHAT_FINISH_LENGTH ? S("length") : S("stop"));
	json_member_bool(w, "done", true);
	if (!usage)
		return;
	json_member_int(
		w, "prompt_eval_count", usage->prompt > 0 ? usage->prompt : 0);
	json_member_int(
		w, "eval_count", usage->completion > 0 ? usage->completion : 0);
}

void ollama_write_logprobs(struct str logprobs, struct json_writer *w)
{
	const struct json root = { JSON_TYPE_OBJECT, logprobs };
	struct json content = json_find(root, S("content"));

	if (content.type == JSON_TYPE_ARRAY)
		json_member_raw(w, "logprobs", content.text);
}
