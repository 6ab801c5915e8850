/*
 * cohere.c - the row of Cohere's Chat API, version 2:
 * https://docs.cohere.com/reference/chat
 */
#include "dialect/cohere/cohere.h"

#include "dialect/head.h"

static void write_path(struct str model, bool stream, struct buf *out);

/* Documents that the answer shall be based on. */
static const char *const essential[] = { "documents", "connectors", NULL };

const struct dialect cohere = {
	.name = COHERE_NAME,
	.messages = "messages",
	.words = {
		[FIELD_TEMPERATURE] = "temperature",
		[FIELD_TOP_P] = "p",
		[FIELD_TOP_K] = "k",
		[FIELD_FREQUENCY_PENALTY] = "frequency_penalty",
		[FIELD_PRESENCE_PENALTY] = "presence_penalty",
		[FIELD_SEED] = "seed",
		[FIELD_MAX_TOKENS] = "max_tokens",
		[FIELD_STOP] = "stop_sequences",
		[FIELD_LOGPROBS] = "logprobs",
		[FIELD_REASONING] = "thinking",
		[FIELD_FORMAT_JSON] = "response_format",
		[FIELD_FORMAT_SCHEMA] = "response_format",
		[FIELD_TOOLS] = "tools",
		[FIELD_TOOL_CHOICE] = "tool_choice",
		[FIELD_TOOL_STRICT] = "strict_tools",
		[FIELD_IMAGE_DETAIL] = "detail",
		[FIELD_CITATIONS] = "citations",
		[FIELD_THINKING] = "thinking",
		/* It has no refusals, but they are texts like any other. */
		[FIELD_REFUSAL] = "text",
		[FIELD_IMAGE_DATA] = "image_url",
		[FIELD_IMAGE_URL] = "image_url",
	},
	.essential = essential,
	.framing = FRAMING_SSE,
	.stream_type = "text/event-stream",
	.write_path = write_path,
	.read_head = cohere_read_head,
	.splice_request = head_splice_model,
	.write_failure = cohere_write_failure,
	.write_stream_failure = cohere_write_stream_failure,
	.read_request = cohere_read_request,
	.write_response = cohere_write_response,
	.writer_new = cohere_writer_new,
	.write_event = cohere_write_event,
	.write_request = cohere_write_request,
	.read_response = cohere_read_response,
	.reader_new = cohere_reader_new,
	.read_event = cohere_read_event,
};

static void write_path(struct str model, bool stream, struct buf *out)
{
	(void)model;
	(void)stream;
	buf_append(out, S("/chat"));
}
