/*
 * ollama.c - the row of Ollama's own API:
 * https://docs.ollama.com/api/chat
 */
#include "dialect/ollama/ollama.h"

#include "dialect/head.h"

static void write_path(struct str model, bool stream, struct buf *out);

const struct dialect ollama = {
	.name = OLLAMA_NAME,
	.messages = "messages",
	.words = {
		[FIELD_TEMPERATURE] = "options.temperature",
		[FIELD_TOP_P] = "options.top_p",
		[FIELD_TOP_K] = "options.top_k",
		[FIELD_MIN_P] = "options.min_p",
		[FIELD_FREQUENCY_PENALTY] = "options.frequency_penalty",
		[FIELD_PRESENCE_PENALTY] = "options.presence_penalty",
		[FIELD_REPETITION_PENALTY] = "options.repeat_penalty",
		[FIELD_SEED] = "options.seed",
		[FIELD_MAX_TOKENS] = "options.num_predict",
		[FIELD_STOP] = "options.stop",
		[FIELD_LOGPROBS] = "logprobs",
		[FIELD_TOP_LOGPROBS] = "top_logprobs",
		[FIELD_REASONING] = "think",
		[FIELD_FORMAT_JSON] = "format",
		[FIELD_FORMAT_SCHEMA] = "format",
		[FIELD_TOOLS] = "tools",
		/* "none" is said by leaving them out; what else there is,
		 * write_request() refuses. */
		[FIELD_TOOL_CHOICE] = "tools",
		[FIELD_THINKING] = "thinking",
		/* It has no refusals, but they are texts like any other. */
		[FIELD_REFUSAL] = "content",
		[FIELD_IMAGE_DATA] = "images",
	},
	.framing = FRAMING_JSON_LINES,
	.stream_type = "application/x-ndjson",
	.write_path = write_path,
	.read_head = ollama_read_head,
	.splice_request = head_splice_model,
	.write_failure = ollama_write_failure,
	.write_stream_failure = ollama_write_stream_failure,
	.read_request = ollama_read_request,
	.write_response = ollama_write_response,
	.writer_new = ollama_writer_new,
	.write_event = ollama_write_event,
	.write_request = ollama_write_request,
	.read_response = ollama_read_response,
	.reader_new = ollama_reader_new,
	.read_event = ollama_read_event,
};

static void write_path(struct str model, bool stream, struct buf *out)
{
	(void)model;
	(void)stream;
	buf_append(out, S("/api/chat"));
}
