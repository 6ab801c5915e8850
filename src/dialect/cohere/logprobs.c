/*
 * logprobs.c - log probabilities, to and from OpenAI's shape, in which
 * the neutral form keeps them.
 *
 * An item of Cohere's is a piece of text, the ids of its tokens and a number
 * for each: {"text", "token_ids", "logprobs"}. Which bytes are which token's
 * it does not tell, so of a piece of several tokens the probability of the
 * whole is told: the sum of the numbers.
 */
#include "dialect/cohere/cohere.h"

#include <math.h>

static void read_item(
	struct json item, struct arena *arena, struct json_writer *w);
static void write_sum(struct json numbers, struct json_writer *w);
static void write_item(struct json token, struct json_writer *w);
static void write_numbers(struct json numbers, struct json_writer *w);

struct str cohere_read_logprobs(struct json items, struct arena *arena)
{
	struct buf out = BUF_INIT(items.text.n * 4 + 64);
	struct json_cursor cursor = json_members(items);
	struct json_writer w;
	struct json_member item;
	struct str text;

	if (items.type != JSON_TYPE_ARRAY && items.type != JSON_TYPE_OBJECT)
		return (struct str){ NULL, 0 };
	json_writer_init(&w, &out);
	json_begin_object(&w);
	json_name(&w, "content");
	json_begin_array(&w);
	if (items.type == JSON_TYPE_OBJECT)
		read_item(items, arena, &w);
	else
		while (json_next(&cursor, &item))
			read_item(item.value, arena, &w);
	json_end_array(&w);
	json_end_object(&w);
	text = arena_copy(arena, buf_str(&out));
	if (out.failed)
		text = (struct str){ NULL, 0 };
	buf_release(&out);
	return text;
}

static void read_item(
	struct json item, struct arena *arena, struct json_writer *w)
{
	struct json numbers = json_find(item, S("logprobs"));
	struct str text;

	if (!json_text(json_find(item, S("text")), arena, &text) ||
		json_is_empty(numbers))
		return;
	json_begin_object(w);
	json_member_str(w, "token", text);
	json_name(w, "logprob");
	write_sum(numbers, w);
	json_member_null(w, "bytes");
	json_name(w, "top_logprobs");
	json_begin_array(w);
	json_end_array(w);
	json_end_object(w);
}

static void write_sum(struct json numbers, struct json_writer *w)
{
	struct json_cursor cursor = json_members(numbers);
	struct json_member number;
	char text[32];
	double sum = 0;
	double one;
	bool is_one = json_length(numbers) == 1;

	while (json_next(&cursor, &number)) {
		if (is_one && number.value.type == JSON_TYPE_NUMBER) {
			json_write_raw(w, number.value.text);
			return;
		}
		if (json_double(number.value, &one))
			sum += one;
	}
	snprintf(text, sizeof(text), "%.17g", sum);
	json_write_raw(w, isfinite(sum) ? str_of(text) : S("0"));
}

void cohere_write_logprobs(struct str logprobs, struct json_writer *w)
{
	const struct json root = { JSON_TYPE_OBJECT, logprobs };
	struct json_cursor cursor = json_members(json_find(root, S("content")));
	struct json_member token;

	json_begin_array(w);
	while (json_next(&cursor, &token))
		write_item(token.value, w);
	json_end_array(w);
}

static void write_item(struct json token, struct json_writer *w)
{
	struct json number = json_find(token, S("logprob"));
	struct json text = json_find(token, S("token"));

	json_begin_object(w);
	if (text.type == JSON_TYPE_STRING)
		json_member_raw(w, "text", text.text);
	write_numbers(number, w);
	json_end_object(w);
}

/* `numbers` is one, or OpenAI's list of tokens. */
static void write_numbers(struct json numbers, struct json_writer *w)
{
	struct json_cursor cursor = json_members(numbers);
	struct json_member token;

	json_name(w, "token_ids");
	json_begin_array(w);
	json_end_array(w);
	json_name(w, "logprobs");
	json_begin_array(w);
	if (numbers.type == JSON_TYPE_NUMBER)
		json_write_raw(w, numbers.text);
	while (json_next(&cursor, &token)) {
		struct json number = json_find(token.value, S("logprob"));

		if (number.type == JSON_TYPE_NUMBER)
			json_write_raw(w, number.text);
	}
	json_end_array(w);
}

void cohere_write_logprob(
	struct str logprobs, struct str text, struct json_writer *w)
{
	const struct json root = { JSON_TYPE_OBJECT, logprobs };

	json_begin_object(w);
	json_member_str(w, "text", text);
	write_numbers(json_find(root, S("content")), w);
	json_end_object(w);
}
