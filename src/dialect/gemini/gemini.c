/*
 * gemini.c - the row of Google's generateContent format.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/head.h"

static void write_path(struct str model, bool stream, struct buf *out);
static void write_count_path(struct str model, struct buf *out);
static void append_model(struct str model, struct buf *out);
static void write_token_count(int64_t tokens, struct buf *out);

/* What was put in a cache, and a form of the answer that this gateway does not
 * know. */
static const char *const essential[] = { "cachedContent", "cached_content",
	"responseFormat", "response_format", NULL };

const struct dialect gemini = {
	.name = GEMINI_NAME,
	.messages = "contents",
	.words = {
		[FIELD_TEMPERATURE] = "generationConfig.temperature",
		[FIELD_TOP_P] = "generationConfig.topP",
		[FIELD_TOP_K] = "generationConfig.topK",
		[FIELD_FREQUENCY_PENALTY] = "generationConfig.frequencyPenalty",
		[FIELD_PRESENCE_PENALTY] = "generationConfig.presencePenalty",
		[FIELD_SEED] = "generationConfig.seed",
		[FIELD_MAX_TOKENS] = "generationConfig.maxOutputTokens",
		[FIELD_STOP] = "generationConfig.stopSequences",
		[FIELD_N] = "generationConfig.candidateCount",
		[FIELD_LOGPROBS] = "generationConfig.responseLogprobs",
		[FIELD_TOP_LOGPROBS] = "generationConfig.logprobs",
		[FIELD_MODALITIES] = "generationConfig.responseModalities",
		[FIELD_SERVICE_TIER] = "serviceTier",
		[FIELD_SAFETY] = "safetySettings",
		[FIELD_REASONING] = "generationConfig.thinkingConfig",
		[FIELD_FORMAT_JSON] = "generationConfig.responseMimeType",
		[FIELD_FORMAT_SCHEMA] = "generationConfig.responseJsonSchema",
		[FIELD_TOOLS] = "tools",
		[FIELD_TOOL_CHOICE] = "toolConfig",
		[FIELD_TOOL_RESULT_ERROR] = "functionResponse.response.error",
		[FIELD_TOOL_RESULT_MEDIA] = "functionResponse.parts",
		[FIELD_THINKING] = "thought",
		[FIELD_REFUSAL] = "text",
		[FIELD_IMAGE_DATA] = "inlineData",
		[FIELD_IMAGE_URL] = "fileData",
		[FIELD_AUDIO] = "inlineData",
		[FIELD_VIDEO] = "fileData",
		[FIELD_FILE_DATA] = "inlineData",
		[FIELD_FILE_URL] = "fileData",
	},
	.essential = essential,
	.framing = FRAMING_SSE,
	.stream_type = "text/event-stream",
	.write_path = write_path,
	.write_count_path = write_count_path,
	.write_token_count = write_token_count,
	.read_head = gemini_read_head,
	.splice_request = gemini_splice_request,
	.write_failure = gemini_write_failure,
	.write_stream_failure = gemini_write_stream_failure,
	.read_request = gemini_read_request,
	.write_response = gemini_write_response,
	.writer_new = gemini_writer_new,
	.write_event = gemini_write_event,
	.write_request = gemini_write_request,
	.read_response = gemini_read_response,
	.reader_new = gemini_reader_new,
	.read_event = gemini_read_event,
};

static void write_path(struct str model, bool stream, struct buf *out)
{
	append_model(model, out);
	buf_append(out, stream ? S(":streamGenerateContent?alt=sse")
			       : S(":generateContent"));
}

static void write_count_path(struct str model, struct buf *out)
{
	append_model(model, out);
	buf_append(out, S(":countTokens"));
}

/* A name with a slash says itself what it is: "tunedModels/x". */
static void append_model(struct str model, struct buf *out)
{
	bool is_path = str_index(model, '/') < model.n;

	buf_append(out, is_path ? S("/") : S("/models/"));
	for (size_t i = 0; i < model.n; i++) {
		unsigned char c = (unsigned char)model.p[i];

		if (isalnum(c) || (c && strchr("-._~/", c)))
			buf_append_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void write_token_count(int64_t tokens, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_int(&w, "totalTokens", tokens);
	json_end_object(&w);
}
