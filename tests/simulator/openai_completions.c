/*
 * openai_completions.c - OpenAI's first completions: a prompt, and how it goes
 * on. There are neither tools nor thoughts.
 * https://platform.openai.com/docs/api-reference/completions
 */
#include "fields.h"
#include "openai.h"
#include "openai_others.h"

static bool read(struct ask *ask, struct error *err);
static bool check(const struct ask *ask, struct error *err);
static void write_whole(struct completion *c, struct buf *out);
static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out);
static void write_failure(struct completion *c, struct buf *out);
static void write_chunk(struct completion *c, struct str text,
	const char *finish, struct buf *out);
static void write_usage_chunk(struct completion *c, struct buf *out);
static void begin_body(
	struct json_writer *w, const struct completion *c, struct buf *out);
static void write_usage(struct json_writer *w, const struct completion *c);
static const char *finish_reason(const struct completion *c);

const struct operation openai_completions = {
	.dialect = &openai_dialect,
	.read = read,
	.check = check,
	.write = write_whole,
	.write_piece = write_piece,
	.write_failure = write_failure,
};

static bool read(struct ask *ask, struct error *err)
{
	struct json options;

	if (!openai_read(ask, err) ||
		!ask_read_flag(ask, S("stream"), &ask->stream, err))
		return false;
	options = json_find(ask->root, S("stream_options"));
	ask->wants_usage =
		json_find(options, S("include_usage")).type == JSON_TYPE_TRUE;
	return true;
}

static bool check(const struct ask *ask, struct error *err)
{
	static const struct str names[] = { STR("model"), STR("prompt"),
		STR("max_tokens"), STR("stream"), STR("stream_options"),
		STR("temperature"), STR("top_p"), STR("n"), STR("stop"),
		STR("best_of"), STR("echo"), STR("frequency_penalty"),
		STR("presence_penalty"), STR("logit_bias"), STR("logprobs"),
		STR("seed"), STR("suffix"), STR("user") };
	struct json max = json_find(ask->root, S("max_tokens"));
	int64_t value;

	if (!OPENAI_CHECK_NAMES(ask, names, err))
		return false;
	if (json_int(max, &value) && value < 0)
		return openai_refuse(err, "integer_below_min_value",
			"max_tokens",
			"Invalid 'max_tokens': integer below minimum value. "
			"Expected a value >= 0, but got %" PRId64 " instead.",
			value);
	return true;
}

static void write_whole(struct completion *c, struct buf *out)
{
	struct json_writer w;
	struct piece piece;
	char room[WORD_MAX_BYTES];

	begin_body(&w, c, out);
	json_begin_object(&w);
	json_name(&w, "text");
	buf_append_char(out, '"');
	while (completion_next(c, &piece, room)) {
		if (piece.kind == PIECE_DELTA && piece.block == BLOCK_TEXT)
			buf_append(out, piece.text);
	}
	buf_append_char(out, '"');
	w.needs_comma = true;
	json_member_int(&w, "index", 0);
	json_member_null(&w, "logprobs");
	json_member_str(&w, "finish_reason", str_of(finish_reason(c)));
	json_end_object(&w);
	json_end_array(&w);
	if (c->behaviour->usage != USAGE_NO)
		write_usage(&w, c);
	json_end_object(&w);
	buf_append_char(out, '\n');
}

static void write_piece(
	struct completion *c, const struct piece *piece, struct buf *out)
{
	switch (piece->kind) {
	case PIECE_DELTA:
		if (piece->block == BLOCK_TEXT)
			write_chunk(c, piece->text, NULL, out);
		break;
	case PIECE_FINISH: write_chunk(c, S(""), finish_reason(c), out); break;
	case PIECE_USAGE: write_usage_chunk(c, out); break;
	case PIECE_DONE:
		framing_begin(&c->framing, S(""), out);
		buf_append(out, S("[DONE]"));
		framing_end(&c->framing, out);
		break;
	case PIECE_BEGIN:
	case PIECE_BLOCK:
	case PIECE_BLOCK_END: break;
	}
}

static void write_failure(struct completion *c, struct buf *out)
{
	framing_begin(&c->framing, S(""), out);
	openai_write_error(500, c->id, out);
	framing_end(&c->framing, out);
}

static void write_chunk(struct completion *c, struct str text,
	const char *finish, struct buf *out)
{
	struct json_writer w;

	framing_begin(&c->framing, S(""), out);
	begin_body(&w, c, out);
	json_begin_object(&w);
	json_member_str(&w, "text", text);
	json_member_int(&w, "index", 0);
	json_member_null(&w, "logprobs");
	if (finish)
		json_member_str(&w, "finish_reason", str_of(finish));
	else
		json_member_null(&w, "finish_reason");
	json_end_object(&w);
	json_end_array(&w);
	if (c->wants_usage)
		json_member_null(&w, "usage");
	json_end_object(&w);
	framing_end(&c->framing, out);
}

static void write_usage_chunk(struct completion *c, struct buf *out)
{
	struct json_writer w;
	int usage = c->behaviour->usage;

	if (usage == USAGE_NO || (usage != USAGE_ALWAYS && !c->wants_usage))
		return;
	framing_begin(&c->framing, S(""), out);
	begin_body(&w, c, out);
	json_end_array(&w);
	write_usage(&w, c);
	json_end_object(&w);
	framing_end(&c->framing, out);
}

/* Up to the first choice. */
static void begin_body(
	struct json_writer *w, const struct completion *c, struct buf *out)
{
	json_writer_init(w, out);
	json_begin_object(w);
	buf_printf(out, "\"id\":\"cmpl-sim%" PRIu64 "\"", c->id);
	w->needs_comma = true;
	json_member_str(w, "object", S("text_completion"));
	json_member_int(w, "created", c->created_unix_ms / 1000);
	json_member_raw(w, "model", c->model_json);
	json_name(w, "choices");
	json_begin_array(w);
}

static void write_usage(struct json_writer *w, const struct completion *c)
{
	struct completion_usage usage = completion_usage(c);

	json_name(w, "usage");
	json_begin_object(w);
	json_member_int(w, "prompt_tokens", usage.prompt);
	json_member_int(w, "completion_tokens", usage.text);
	json_member_int(w, "total_tokens", usage.prompt + usage.text);
	json_end_object(w);
}

static const char *finish_reason(const struct completion *c)
{
	static const char *const reasons[] = {
		[FINISH_STOP] = "stop",
		[FINISH_TOOL_CALLS] = "stop",
		[FINISH_CUT] = "length",
		[FINISH_FILTERED] = "content_filter",
	};

	return reasons[completion_finish(c)];
}
