/*
 * openai.c - the requests of services that only OpenAI's format has:
 * legacy completions, moderations, speech, images, transcriptions.
 *
 * Fields: OpenAI's OpenAPI description, /completions, /moderations,
 * /audio/... and /images/....
 */
#include "dialect/service/head.h"

#include "dialect/service/multipart.h"
#include "dialect/openai_chat/openai_chat.h"

static bool read_stream_options(struct head_reader *r, struct json value);
static bool read_spoken(struct head_reader *r, struct json value);
static bool read_stream_format(struct head_reader *r, struct json value);

/* clang-format off */
static const struct head_field completion_fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("prompt"), HEAD_STRING | HEAD_ARRAY,
		"a string, an array of strings or of tokens", true,
		service_read_texts },
	{ STR("suffix"), HEAD_STRING, "a string", false, service_read_text },
	{ STR("stream"), HEAD_BOOL, "true or false", true, head_read_stream },
	{ STR("stream_options"), HEAD_OBJECT, "an object", true,
		read_stream_options },
	{ STR("max_tokens"), HEAD_NUMBER, "a whole number", true,
		head_read_max_tokens },
	{ STR("n"), HEAD_NUMBER, "a whole number", true, service_read_n },
	{ STR("user"), HEAD_STRING, "a string", false, service_read_user },
};

static const struct head_field moderation_fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("input"), HEAD_STRING | HEAD_ARRAY, "a string or an array", true,
		service_read_texts },
};

static const struct head_field speech_fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("input"), HEAD_TYPE(JSON_TYPE_STRING), "a string", true,
		read_spoken },
	{ STR("instructions"), HEAD_STRING, "a string", false,
		service_read_text },
	{ STR("response_format"), HEAD_STRING, "a string", false,
		service_read_response_format },
	{ STR("stream_format"), HEAD_STRING, "a string", true,
		read_stream_format },
};

static const struct head_field image_fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("prompt"), HEAD_STRING, "a string", true, service_read_texts },
	{ STR("stream"), HEAD_BOOL, "true or false", true, head_read_stream },
	{ STR("n"), HEAD_NUMBER, "a whole number", true, service_read_n },
	{ STR("response_format"), HEAD_STRING, "a string", false,
		service_read_response_format },
	{ STR("user"), HEAD_STRING, "a string", false, service_read_user },
};
/* clang-format on */

bool service_read_completions(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	return service_read_json(content_type, body, arena, completion_fields,
		ARRAY_LEN(completion_fields), out, input, err);
}

static bool read_stream_options(struct head_reader *r, struct json value)
{
	static const char path[] = "stream_options.include_usage";
	struct json wants = json_find(value, S("include_usage"));

	if (json_count(value, S("include_usage")) > 1)
		return error_refuse(r->err, ERR_BAD_FIELD, path,
			"'%s' appears twice: send it once.", path);
	if (wants.type != JSON_TYPE_NONE &&
		!(HEAD_BOOL & HEAD_TYPE(wants.type)))
		return head_refuse_type(r->err, path, "true or false", wants);
	r->head->stream_options = value;
	r->head->stream_options_place = head_place(r->head, value);
	r->head->wants_usage = wants.type == JSON_TYPE_TRUE;
	return true;
}

void service_splice_completions(const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out)
{
	(void)input;
	openai_chat_splice_request(head, upstream_model, ask_usage, arena, out);
}

bool service_read_moderations(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	if (!service_read_json(content_type, body, arena, moderation_fields,
		    ARRAY_LEN(moderation_fields), out, input, err))
		return false;
	if (input->member.n == 0)
		return head_refuse_missing(
			err, "input", "send a string or an array of strings.");
	return true;
}

bool service_read_speech(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	if (!service_read_json(content_type, body, arena, speech_fields,
		    ARRAY_LEN(speech_fields), out, input, err))
		return false;
	if (input->member.n == 0)
		return head_refuse_missing(
			err, "input", "send the text to be spoken.");
	return true;
}

/* Speech is billed by the character, as Unicode counts them. */
static bool read_spoken(struct head_reader *r, struct json value)
{
	struct service_input *input = service_reader_input(r);
	struct str text;
	bool is_text = json_text(value, r->arena, &text);

	assert(is_text);
	input->characters = 0;
	for (size_t i = 0; i < text.n; i++)
		input->characters += (text.p[i] & 0xc0) != 0x80;
	return service_read_texts(r, value);
}

static bool read_stream_format(struct head_reader *r, struct json value)
{
	r->head->stream = json_text_is(value, S("sse"));
	return true;
}

bool service_read_images(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	bool ok =
		multipart_is_form(content_type)
			? service_read_form(content_type, body, out, input, err)
			: service_read_json(content_type, body, arena,
				  image_fields, ARRAY_LEN(image_fields), out,
				  input, err);

	input->image_count = ok ? out->n : -1;
	return ok;
}

bool service_read_transcriptions(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err)
{
	(void)arena;
	if (!service_read_form(content_type, body, out, input, err))
		return false;
	if (input->file_bytes < 0)
		return head_refuse_missing(
			err, "file", "send the sound as a file of the form.");
	return true;
}
