/*
 * openai_chat.c - the row of the OpenAI Chat Completions format.
 */
#include "dialect/openai_chat/openai_chat.h"

static void write_path(struct str model, bool stream, struct buf *out);

/* Searching the web, speaking, the first function calling with answers of its
 * own, and what tool_choice and response_format say that only OpenAI knows. */
static const char *const essential[] = { "tool_choice", "response_format",
	"functions", "web_search_options", "audio", NULL };

const struct dialect openai_chat = {
	.name = OPENAI_CHAT_NAME,
	.messages = "messages",
	.essential = essential,
	.words = {
		[FIELD_TEMPERATURE] = "temperature",
		[FIELD_TOP_P] = "top_p",
		/* The next four are not OpenAI's own, but most others have
		 * them; a provider's row says where it has not. */
		[FIELD_TOP_K] = "top_k",
		[FIELD_MIN_P] = "min_p",
		[FIELD_REPETITION_PENALTY] = "repetition_penalty",
		[FIELD_CACHE_CONTROL] = "cache_control",
		[FIELD_FREQUENCY_PENALTY] = "frequency_penalty",
		[FIELD_PRESENCE_PENALTY] = "presence_penalty",
		[FIELD_SEED] = "seed",
		[FIELD_MAX_TOKENS] = "max_tokens",
		[FIELD_STOP] = "stop",
		[FIELD_N] = "n",
		[FIELD_LOGPROBS] = "logprobs",
		[FIELD_TOP_LOGPROBS] = "top_logprobs",
		[FIELD_LOGIT_BIAS] = "logit_bias",
		[FIELD_MODALITIES] = "modalities",
		[FIELD_USER] = "user",
		[FIELD_METADATA] = "metadata",
		[FIELD_SERVICE_TIER] = "service_tier",
		[FIELD_PROMPT_CACHE_KEY] = "prompt_cache_key",
		[FIELD_VERBOSITY] = "verbosity",
		[FIELD_REASONING] = "reasoning_effort",
		[FIELD_FORMAT_JSON] = "response_format",
		[FIELD_FORMAT_SCHEMA] = "response_format",
		[FIELD_TOOLS] = "tools",
		[FIELD_TOOL_CHOICE] = "tool_choice",
		[FIELD_PARALLEL_TOOL_CALLS] = "parallel_tool_calls",
		[FIELD_TOOL_STRICT] = "strict",
		[FIELD_CUSTOM_TOOLS] = "custom",
		[FIELD_MESSAGE_NAME] = "name",
		[FIELD_IMAGE_DETAIL] = "detail",
		[FIELD_CITATIONS] = "annotations",
		[FIELD_THINKING] = "reasoning_content",
		[FIELD_REDACTED_THINKING] = "reasoning_details",
		[FIELD_REFUSAL] = "refusal",
		[FIELD_IMAGE_DATA] = "image_url",
		[FIELD_IMAGE_URL] = "image_url",
		[FIELD_AUDIO] = "input_audio",
		[FIELD_VIDEO] = "video_url",
		[FIELD_FILE_DATA] = "file",
		[FIELD_FILE_ID] = "file",
	},
	.framing = FRAMING_SSE,
	.stream_type = "text/event-stream",
	.write_path = write_path,
	.read_head = openai_chat_read_head,
	.splice_request = openai_chat_splice_request,
	.read_reply = openai_chat_read_reply,
	.read_frame = openai_chat_read_frame,
	.write_failure = openai_chat_write_failure,
	.write_stream_failure = openai_chat_write_stream_failure,
	.read_request = openai_chat_read_request,
	.write_response = openai_chat_write_response,
	.writer_new = openai_chat_writer_new,
	.write_event = openai_chat_write_event,
	.write_request = openai_chat_write_request,
	.read_response = openai_chat_read_response,
	.reader_new = openai_chat_reader_new,
	.read_event = openai_chat_read_event,
};

static void write_path(struct str model, bool stream, struct buf *out)
{
	(void)model;
	(void)stream;
	buf_append(out, S("/chat/completions"));
}
