/*
 * anthropic.c - the row of Anthropic's Messages format.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/head.h"

static void write_path(struct str model, bool stream, struct buf *out);
static void write_count_path(struct str model, struct buf *out);
static void write_token_count(int64_t tokens, struct buf *out);

/* Tools and files of the model's that stand outside of the conversation. What
 * else is Anthropic's alone (context_management, speed, fallbacks, ...) only
 * steers the answer. */
static const char *const essential[] = { "mcp_servers", "container", NULL };

static const char *const headers[] = { "anthropic-version: 2023-06-01", NULL };

static const char *const forwards[] = { "anthropic-version", "anthropic-beta",
	NULL };

const struct dialect anthropic = {
	.name = ANTHROPIC_NAME,
	.messages = "messages",
	.words = {
		[FIELD_TEMPERATURE] = "temperature",
		[FIELD_TOP_P] = "top_p",
		[FIELD_TOP_K] = "top_k",
		[FIELD_MAX_TOKENS] = "max_tokens",
		[FIELD_STOP] = "stop_sequences",
		[FIELD_USER] = "metadata.user_id",
		[FIELD_SERVICE_TIER] = "service_tier",
		[FIELD_REASONING] = "thinking",
		[FIELD_FORMAT_SCHEMA] = "output_config.format",
		[FIELD_TOOLS] = "tools",
		[FIELD_TOOL_CHOICE] = "tool_choice",
		[FIELD_PARALLEL_TOOL_CALLS] =
			"tool_choice.disable_parallel_tool_use",
		[FIELD_TOOL_STRICT] = "strict",
		[FIELD_CACHE_CONTROL] = "cache_control",
		[FIELD_TOOL_RESULT_ERROR] = "is_error",
		[FIELD_TOOL_RESULT_MEDIA] = "content",
		[FIELD_CITATIONS] = "citations",
		[FIELD_THINKING] = "thinking",
		[FIELD_REDACTED_THINKING] = "redacted_thinking",
		[FIELD_REFUSAL] = "text",
		[FIELD_IMAGE_DATA] = "image",
		[FIELD_IMAGE_URL] = "image",
		[FIELD_FILE_DATA] = "document",
		[FIELD_FILE_URL] = "document",
		[FIELD_FILE_ID] = "file_id",
	},
	.essential = essential,
	.headers = headers,
	.forwards = forwards,
	.framing = FRAMING_SSE,
	.stream_type = "text/event-stream",
	.write_path = write_path,
	.write_count_path = write_count_path,
	.write_token_count = write_token_count,
	.read_head = anthropic_read_head,
	.splice_request = head_splice_model,
	.read_reply = anthropic_read_reply,
	.read_frame = anthropic_read_frame,
	.write_failure = anthropic_write_failure,
	.write_stream_failure = anthropic_write_stream_failure,
	.read_request = anthropic_read_request,
	.write_response = anthropic_write_response,
	.writer_new = anthropic_writer_new,
	.write_event = anthropic_write_event,
	.write_request = anthropic_write_request,
	.read_response = anthropic_read_response,
	.reader_new = anthropic_reader_new,
	.read_event = anthropic_read_event,
};

static void write_path(struct str model, bool stream, struct buf *out)
{
	(void)model;
	(void)stream;
	buf_append(out, S("/messages"));
}

static void write_count_path(struct str model, struct buf *out)
{
	(void)model;
	buf_append(out, S("/messages/count_tokens"));
}

static void write_token_count(int64_t tokens, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_int(&w, "input_tokens", tokens);
	json_end_object(&w);
}
