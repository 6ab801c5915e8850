/*
 * facts.c - what the gateway must know of a provider's answer and
 * of each event of its stream: tokens, how it ended, whether it is an error.
 *
 * The hard part: the three counts of a prompt (fresh, read from the cache,
 * written to it) exclude each other on the wire, and a stream tells them in
 * its first event and maybe, corrected, in its last.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/pick.h"

struct answer {
	struct json type;
	struct json model;
	struct json content;
	struct json stop_reason;
	struct json usage;
	struct json message; /* of message_start */
	struct json delta;
	struct json block; /* of content_block_start */
};

#define PICK(field, name)                                 \
	{                                                 \
		STR(name), offsetof(struct answer, field) \
	}

static const struct pick_row answer_rows[] = {
	PICK(type, "type"),
	PICK(model, "model"),
	PICK(content, "content"),
	PICK(stop_reason, "stop_reason"),
	PICK(usage, "usage"),
	PICK(message, "message"),
	PICK(delta, "delta"),
	PICK(block, "content_block"),
};

static const struct count_row counts[] = {
	COUNT_ROW("input_tokens", prompt),
	COUNT_ROW("output_tokens", completion),
	COUNT_ROW("cache_read_input_tokens", cached),
	COUNT_ROW("cache_creation_input_tokens", cache_write),
};
static const struct count_row hour_counts[] = {
	COUNT_ROW("ephemeral_1h_input_tokens", cache_write_1h),
};
static const struct count_row output_counts[] = {
	COUNT_ROW("thinking_tokens", reasoning),
};

static void read_failed(
	struct json root, struct chat_facts *facts, struct arena *scratch);
static void read_answer(const struct answer *view, struct chat_facts *facts,
	struct arena *scratch);
static void read_event(const struct frame *frame, const struct answer *view,
	struct chat_facts *facts, struct arena *scratch);
static void read_start(
	struct json message, struct chat_facts *facts, struct arena *scratch);
static void read_end(struct chat_facts *facts);
static void read_tier(
	struct json usage, struct chat_facts *facts, struct arena *scratch);
static void read_stop_reason(
	struct json reason, struct chat_facts *facts, struct arena *scratch);
static void hear_block(
	struct json block, struct chat_facts *facts, struct arena *scratch);
static void hear_text(struct json object, struct str name,
	struct chat_facts *facts, struct arena *scratch);
static int64_t cached_tokens(const struct chat_usage *usage);

bool anthropic_read_reply(struct str body, struct arena *arena,
	struct chat_facts *out, struct error *err)
{
	struct answer view;
	struct json root;

	if (!facts_check(body, &root, err))
		return false;
	facts_find_end(out, body, root);
	pick_members(root, answer_rows, ARRAY_LEN(answer_rows), &view);
	if (anthropic_is_failure(root))
		read_failed(root, out, arena);
	else
		read_answer(&view, out, arena);
	return true;
}

static void read_failed(
	struct json root, struct chat_facts *facts, struct arena *scratch)
{
	facts->failed = true;
	failure_read_json(200, root, scratch, &facts->failure);
}

static void read_answer(const struct answer *view, struct chat_facts *facts,
	struct arena *scratch)
{
	struct json_cursor cursor = json_members(view->content);
	struct json_member block;
	struct str model;

	if (json_text(view->model, scratch, &model))
		failure_fit(model, facts->model, sizeof(facts->model));
	while (json_next(&cursor, &block))
		hear_block(block.value, facts, scratch);
	read_stop_reason(view->stop_reason, facts, scratch);
	anthropic_read_usage(view->usage, &facts->usage);
	read_tier(view->usage, facts, scratch);
	facts->has_usage = facts->usage.completion >= 0;
}

bool anthropic_read_frame(const struct frame *frame, struct chat_facts *facts,
	struct arena *scratch, struct error *err)
{
	struct answer view;
	struct json root;

	facts->frame = FRAME_OTHER;
	if (str_trim(frame->data).n == 0) {
		if (frame->has_comment && !frame->has_data)
			facts->frame = FRAME_COMMENT;
		return true;
	}
	if (str_equal(str_trim(frame->data), S("[DONE]"))) {
		read_end(facts); /* of some who follow OpenAI */
		return true;
	}
	if (!facts_check(frame->data, &root, err))
		return false;
	facts_find_end(facts, frame->data, root);
	pick_members(root, answer_rows, ARRAY_LEN(answer_rows), &view);
	if (anthropic_is_failure(root) || str_equal(frame->event, S("error"))) {
		facts->frame = FRAME_ERROR;
		read_failed(root, facts, scratch);
	} else {
		read_event(frame, &view, facts, scratch);
	}
	return true;
}

enum anthropic_event anthropic_event_of(
	const struct frame *frame, struct json type)
{
	static const struct str names[] = {
		[ANTHROPIC_MESSAGE_START] = STR("message_start"),
		[ANTHROPIC_BLOCK_START] = STR("content_block_start"),
		[ANTHROPIC_BLOCK_DELTA] = STR("content_block_delta"),
		[ANTHROPIC_BLOCK_STOP] = STR("content_block_stop"),
		[ANTHROPIC_MESSAGE_DELTA] = STR("message_delta"),
		[ANTHROPIC_MESSAGE_STOP] = STR("message_stop"),
	};

	for (size_t i = 1; i < ARRAY_LEN(names); i++)
		if (type.type == JSON_TYPE_STRING
				? json_text_is(type, names[i])
				: str_equal(frame->event, names[i]))
			return (enum anthropic_event)i;
	return ANTHROPIC_OTHER_EVENT;
}

static void read_event(const struct frame *frame, const struct answer *view,
	struct chat_facts *facts, struct arena *scratch)
{
	switch (anthropic_event_of(frame, view->type)) {
	case ANTHROPIC_MESSAGE_START:
		read_start(view->message, facts, scratch);
		break;
	case ANTHROPIC_BLOCK_START:
		facts->frame = FRAME_CONTENT;
		hear_block(view->block, facts, scratch);
		break;
	case ANTHROPIC_BLOCK_DELTA:
		facts->frame = FRAME_CONTENT;
		hear_block(view->delta, facts, scratch);
		break;
	case ANTHROPIC_MESSAGE_DELTA:
		facts->frame = FRAME_CONTENT;
		read_stop_reason(json_find(view->delta, S("stop_reason")),
			facts, scratch);
		anthropic_read_usage(view->usage, &facts->usage);
		facts->has_usage = facts->usage.completion >= 0;
		break;
	case ANTHROPIC_MESSAGE_STOP: read_end(facts); break;
	default: break;
	}
}

/* Once. */
static void read_end(struct chat_facts *facts)
{
	if (!facts->done)
		facts->frame = FRAME_DONE;
	facts->done = true;
}

/* The few tokens of output that it counts are those written by then: of a
 * stream that breaks off nobody would know more. */
static void read_start(
	struct json message, struct chat_facts *facts, struct arena *scratch)
{
	struct str model;

	if (json_text(json_find(message, S("model")), scratch, &model))
		failure_fit(model, facts->model, sizeof(facts->model));
	anthropic_read_usage(json_find(message, S("usage")), &facts->usage);
	read_tier(json_find(message, S("usage")), facts, scratch);
	facts->usage.completion = -1;
}

/* A stream tells it at its start alone. */
static void read_tier(
	struct json usage, struct chat_facts *facts, struct arena *scratch)
{
	struct str tier;

	if (json_text(json_find(usage, S("service_tier")), scratch, &tier))
		failure_fit(
			tier, facts->service_tier, sizeof(facts->service_tier));
}

static void read_stop_reason(
	struct json reason, struct chat_facts *facts, struct arena *scratch)
{
	struct str text;

	if (json_text(reason, scratch, &text))
		failure_fit(text, facts->finish_reason,
			sizeof(facts->finish_reason));
}

/* Of a block, or of what is new of one. A call that is to come in pieces
 * begins with an empty input. */
static void hear_block(
	struct json block, struct chat_facts *facts, struct arena *scratch)
{
	struct json input = json_find(block, S("input"));

	hear_text(block, S("text"), facts, scratch);
	hear_text(block, S("thinking"), facts, scratch);
	hear_text(block, S("partial_json"), facts, scratch);
	if (!json_text_is(json_find(block, S("type")), S("tool_use")))
		return;
	hear_text(block, S("name"), facts, scratch);
	if (!json_is_empty(input))
		chat_facts_hear(facts, input.text);
}

static void hear_text(struct json object, struct str name,
	struct chat_facts *facts, struct arena *scratch)
{
	struct str text;

	if (json_text(json_find(object, name), scratch, &text))
		chat_facts_hear(facts, text);
}

/* The prompt is all three counts together, in `usage`; on the wire it is
 * what the other two leave. So it is made that again before reading. */
void anthropic_read_usage(struct json object, struct chat_usage *usage)
{
	if (usage->prompt >= 0)
		usage->prompt -= cached_tokens(usage);
	facts_read_counts(object, counts, ARRAY_LEN(counts), usage);
	facts_read_counts(json_find(object, S("cache_creation")), hour_counts,
		ARRAY_LEN(hour_counts), usage);
	facts_read_counts(json_find(object, S("output_tokens_details")),
		output_counts, ARRAY_LEN(output_counts), usage);
	if (usage->prompt >= 0)
		usage->prompt += cached_tokens(usage);
}

static int64_t cached_tokens(const struct chat_usage *usage)
{
	return (usage->cached > 0 ? usage->cached : 0) +
	       (usage->cache_write > 0 ? usage->cache_write : 0);
}
