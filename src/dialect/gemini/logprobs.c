/*
 * logprobs.c - log probabilities: "logprobsResult" here, everywhere
 * else OpenAI's {"content": [{"token", "logprob", "top_logprobs"}]}.
 */
#include "dialect/gemini/gemini.h"

static void read_tokens(
	struct json chosen, struct json top, struct json_writer *w);
static void read_token(struct json candidate, struct json_writer *w);
static void read_alternatives(struct json list, struct json_writer *w);
static void write_token(struct json token, struct json_writer *w);
static void write_alternatives(struct json content, struct json_writer *w);

bool gemini_read_logprobs(struct json value, void *into, struct arena *arena)
{
	struct chat_choice *choice = into;
	struct json chosen = gemini_find(value, "chosenCandidates");
	struct buf text = BUF_INIT(SIZE_MAX);
	struct json_writer w;

	if (chosen.type != JSON_TYPE_ARRAY)
		return false;
	json_writer_init(&w, &text);
	json_begin_object(&w);
	json_name(&w, "content");
	read_tokens(chosen, gemini_find(value, "topCandidates"), &w);
	json_end_object(&w);
	choice->logprobs = arena_copy(arena, buf_str(&text));
	buf_release(&text);
	return true;
}

static void read_tokens(
	struct json chosen, struct json top, struct json_writer *w)
{
	struct json_cursor cursor = json_members(chosen);
	struct json_cursor tops = json_members(top);
	struct json_member item, alternatives;

	json_begin_array(w);
	while (json_next(&cursor, &item)) {
		json_begin_object(w);
		read_token(item.value, w);
		json_name(w, "top_logprobs");
		json_begin_array(w);
		if (json_next(&tops, &alternatives))
			read_alternatives(
				json_find(alternatives.value, S("candidates")),
				w);
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}

static void read_token(struct json candidate, struct json_writer *w)
{
	struct json token = json_find(candidate, S("token"));
	struct json logprob = gemini_find(candidate, "logProbability");

	json_name(w, "token");
	if (token.type == JSON_TYPE_STRING)
		json_write_raw(w, token.text);
	else
		json_write_str(w, S(""));
	json_name(w, "logprob");
	/* Protocol buffers leave a zero out. */
	json_write_raw(
		w, logprob.type == JSON_TYPE_NUMBER ? logprob.text : S("0"));
	json_member_null(w, "bytes");
}

static void read_alternatives(struct json list, struct json_writer *w)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	while (json_next(&cursor, &item)) {
		json_begin_object(w);
		read_token(item.value, w);
		json_end_object(w);
	}
}

void gemini_write_logprobs(const void *from, const struct shape_out *out)
{
	const struct chat_choice *choice = from;
	const struct json logprobs = { JSON_TYPE_OBJECT, choice->logprobs };
	struct json content;
	struct json_cursor cursor;
	struct json_member item;

	if (!choice->logprobs.p)
		return;
	content = json_find(logprobs, S("content"));
	if (content.type != JSON_TYPE_ARRAY)
		return;
	json_name(out->w, "logprobsResult");
	json_begin_object(out->w);
	json_name(out->w, "chosenCandidates");
	json_begin_array(out->w);
	cursor = json_members(content);
	while (json_next(&cursor, &item))
		write_token(item.value, out->w);
	json_end_array(out->w);
	write_alternatives(content, out->w);
	json_end_object(out->w);
}

static void write_token(struct json token, struct json_writer *w)
{
	struct json text = json_find(token, S("token"));
	struct json logprob = json_find(token, S("logprob"));

	json_begin_object(w);
	if (text.type == JSON_TYPE_STRING)
		json_member_raw(w, "token", text.text);
	if (logprob.type == JSON_TYPE_NUMBER)
		json_member_raw(w, "logProbability", logprob.text);
	json_end_object(w);
}

static void write_alternatives(struct json content, struct json_writer *w)
{
	struct json_cursor cursor = json_members(content);
	struct json_member item;

	json_name(w, "topCandidates");
	json_begin_array(w);
	while (json_next(&cursor, &item)) {
		struct json_cursor tops =
			json_members(json_find(item.value, S("top_logprobs")));
		struct json_member top;

		json_begin_object(w);
		json_name(w, "candidates");
		json_begin_array(w);
		while (json_next(&tops, &top))
			write_token(top.value, w);
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}
