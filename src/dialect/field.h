/*
 * field.h - everything that a request may ask for and a format may lack.
 *
 * A dialect has a table of these with its own words for them. What it has no
 * word for it cannot carry, and losses.h tells the client so: a new field is
 * lost in silence nowhere.
 */
#ifndef DIALECT_FIELD_H
#define DIALECT_FIELD_H

enum chat_field {
	/* members of the request */
	FIELD_TEMPERATURE,
	FIELD_TOP_P,
	FIELD_TOP_K,
	FIELD_MIN_P,
	FIELD_FREQUENCY_PENALTY,
	FIELD_PRESENCE_PENALTY,
	FIELD_REPETITION_PENALTY,
	FIELD_SEED,
	FIELD_MAX_TOKENS,
	FIELD_STOP,
	FIELD_N, /* more than one answer */
	FIELD_LOGPROBS,
	FIELD_TOP_LOGPROBS,
	FIELD_LOGIT_BIAS,
	FIELD_MODALITIES,
	FIELD_USER,
	FIELD_METADATA,
	FIELD_SERVICE_TIER,
	FIELD_PROMPT_CACHE_KEY,
	FIELD_VERBOSITY,
	FIELD_SAFETY,
	FIELD_REASONING,
	FIELD_FORMAT_JSON,   /* an answer that is any JSON */
	FIELD_FORMAT_SCHEMA, /* an answer of a JSON schema */
	FIELD_TOOLS,
	FIELD_TOOL_CHOICE,
	FIELD_PARALLEL_TOOL_CALLS,
	FIELD_TOOL_STRICT,
	FIELD_CUSTOM_TOOLS, /* that take a text, not JSON */
	/* members of a message or a part */
	FIELD_CACHE_CONTROL,
	FIELD_MESSAGE_NAME,
	FIELD_IMAGE_DETAIL,
	FIELD_TOOL_RESULT_ERROR,
	FIELD_TOOL_RESULT_MEDIA, /* images or files that a tool gave */
	FIELD_CITATIONS,
	FIELD_THINKING, /* of an earlier turn */
	FIELD_REDACTED_THINKING,
	FIELD_REFUSAL, /* of an earlier turn */
	/* content: without it the answer would be wrong */
	FIELD_IMAGE_DATA,
	FIELD_IMAGE_URL,
	FIELD_AUDIO,
	FIELD_VIDEO,
	FIELD_FILE_DATA,
	FIELD_FILE_URL,
	FIELD_FILE_ID,
	CHAT_FIELDS, /* how many */
};

#endif
