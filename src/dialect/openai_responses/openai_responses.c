/*
 * openai_responses.c - the row of the OpenAI Responses format.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/head.h"
#include "dialect/openai_chat/openai_chat.h"

static void write_path(struct str model, bool stream, struct buf *out);

/* What the provider keeps from earlier calls, an answer that is not there
 * yet, and shapes of the answer or choices of tools that we cannot say. */
static const char *const essential[] = {
	"previous_response_id",
	"conversation",
	"prompt",
	"background",
	"tool_choice",
	"format",
	NULL,
};

const struct dialect openai_responses = {
	.name = OPENAI_RESPONSES_NAME,
	.messages = "input",
	/* It has no penalties, no seed, no stop and one answer. */
	.words = {
		[FIELD_TEMPERATURE] = "temperature",
		[FIELD_TOP_P] = "top_p",
		[FIELD_MAX_TOKENS] = "max_output_tokens",
		[FIELD_LOGPROBS] = "include",
		[FIELD_TOP_LOGPROBS] = "top_logprobs",
		[FIELD_USER] = "user",
		[FIELD_METADATA] = "metadata",
		[FIELD_SERVICE_TIER] = "service_tier",
		[FIELD_PROMPT_CACHE_KEY] = "prompt_cache_key",
		[FIELD_VERBOSITY] = "text.verbosity",
		[FIELD_REASONING] = "reasoning",
		[FIELD_FORMAT_JSON] = "text.format",
		[FIELD_FORMAT_SCHEMA] = "text.format",
		[FIELD_TOOLS] = "tools",
		[FIELD_TOOL_CHOICE] = "tool_choice",
		[FIELD_PARALLEL_TOOL_CALLS] = "parallel_tool_calls",
		[FIELD_TOOL_STRICT] = "strict",
		[FIELD_CUSTOM_TOOLS] = "custom",
		[FIELD_IMAGE_DETAIL] = "detail",
		[FIELD_TOOL_RESULT_MEDIA] = "output",
		[FIELD_CITATIONS] = "annotations",
		[FIELD_THINKING] = "summary",
		[FIELD_REDACTED_THINKING] = "encrypted_content",
		[FIELD_REFUSAL] = "refusal",
		[FIELD_IMAGE_DATA] = "image_url",
		[FIELD_IMAGE_URL] = "image_url",
		[FIELD_FILE_DATA] = "file_data",
		[FIELD_FILE_URL] = "file_url",
		[FIELD_FILE_ID] = "file_id",
	},
	.essential = essential,
	.framing = FRAMING_SSE,
	.stream_type = "text/event-stream",
	.write_path = write_path,
	.read_head = openai_responses_read_head,
	.splice_request = head_splice_model,
	.read_reply = openai_responses_read_reply,
	/* OpenAI's errors are the same in all of its formats. */
	.write_failure = openai_chat_write_failure,
	.write_stream_failure = openai_responses_write_stream_failure,
	.read_request = openai_responses_read_request,
	.write_response = openai_responses_write_response,
	.writer_new = openai_responses_writer_new,
	.write_event = openai_responses_write_event,
	.write_request = openai_responses_write_request,
	.read_response = openai_responses_read_response,
	.reader_new = openai_responses_reader_new,
	.read_event = openai_responses_read_event,
};

static void write_path(struct str model, bool stream, struct buf *out)
{
	(void)model;
	(void)stream;
	buf_append(out, S("/responses"));
}
