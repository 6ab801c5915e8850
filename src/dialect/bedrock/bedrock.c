/*
 * bedrock.c - the row of Amazon Bedrock's Converse format.
 *
 * The model's name and whether to stream stand in the address. Of sampling
 * the format itself has little; what is a model's own goes in
 * additionalModelRequestFields.
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/head.h"

static void write_path(struct str model, bool stream, struct buf *out);
static void append_segment(struct str name, struct buf *out);

/* A policy, variables of a stored prompt, and what could not be understood of
 * members that the answer depends on. */
static const char *const essential[] = { "guardrailConfig", "promptVariables",
	"toolConfig", "outputConfig", "textFormat", NULL };

const struct dialect bedrock = {
	.name = BEDROCK_NAME,
	.messages = "messages",
	.words = {
		[FIELD_TEMPERATURE] = "inferenceConfig.temperature",
		[FIELD_TOP_P] = "inferenceConfig.topP",
		[FIELD_TOP_K] = "additionalModelRequestFields.top_k",
		[FIELD_MAX_TOKENS] = "inferenceConfig.maxTokens",
		[FIELD_STOP] = "inferenceConfig.stopSequences",
		[FIELD_METADATA] = "requestMetadata",
		[FIELD_SERVICE_TIER] = "serviceTier",
		[FIELD_REASONING] = "additionalModelRequestFields.thinking",
		[FIELD_FORMAT_SCHEMA] = "outputConfig.textFormat",
		[FIELD_TOOLS] = "toolConfig.tools",
		[FIELD_TOOL_CHOICE] = "toolConfig.toolChoice",
		[FIELD_TOOL_STRICT] = "strict",
		[FIELD_CACHE_CONTROL] = "cachePoint",
		[FIELD_TOOL_RESULT_ERROR] = "status",
		[FIELD_TOOL_RESULT_MEDIA] = "toolResult",
		[FIELD_CITATIONS] = "citationsContent",
		[FIELD_THINKING] = "reasoningContent",
		[FIELD_REDACTED_THINKING] = "redactedContent",
		/* What the model said is said, whatever it was. */
		[FIELD_REFUSAL] = "text",
		[FIELD_IMAGE_DATA] = "image",
		/* Addresses are S3's only. */
		[FIELD_IMAGE_URL] = "image",
		[FIELD_AUDIO] = "audio",
		[FIELD_VIDEO] = "video",
		[FIELD_FILE_DATA] = "document",
		[FIELD_FILE_URL] = "document",
	},
	.essential = essential,
	.framing = FRAMING_AWS,
	.stream_type = "application/vnd.amazon.eventstream",
	.write_path = write_path,
	.read_head = bedrock_read_head,
	.splice_request = head_splice_nothing,
	.write_failure = bedrock_write_failure,
	.write_stream_failure = bedrock_write_stream_failure,
	.read_request = bedrock_read_request,
	.write_response = bedrock_write_response,
	.writer_new = bedrock_writer_new,
	.write_event = bedrock_write_event,
	.write_request = bedrock_write_request,
	.read_response = bedrock_read_response,
	.reader_new = bedrock_reader_new,
	.read_event = bedrock_read_event,
};

static void write_path(struct str model, bool stream, struct buf *out)
{
	buf_append(out, S("/model/"));
	append_segment(model, out);
	buf_append(out, stream ? S("/converse-stream") : S("/converse"));
}

/* Names have colons, ARNs have slashes too: one segment of the path. */
static void append_segment(struct str name, struct buf *out)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < 0x80 && (isalnum(c) || strchr("-._~", c)) && c)
			buf_append_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

struct json bedrock_only_member(
	struct json object, struct str name, enum json_type type)
{
	struct json value = json_find(object, name);

	if (json_length(object) == 1 && value.type == type)
		return value;
	return (struct json){ .type = JSON_TYPE_NONE };
}

bool bedrock_has_only(struct json object, const struct str *names, size_t count)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;
	size_t seen = 0;

	for (; json_next(&cursor, &member); seen++) {
		size_t i = 0;

		while (i < count && !json_name_is(member, names[i]))
			i++;
		if (i == count)
			return false;
	}
	/* None twice: it would come back once. */
	for (size_t i = 0; i < count; i++)
		seen -= json_count(object, names[i]) > 0;
	return object.type == JSON_TYPE_OBJECT && seen == 0;
}
