/*
 * openai_transcriptions.c - OpenAI's transcriptions and translations of
 * speech: a form with a file comes in, text goes out.
 * https://platform.openai.com/docs/api-reference/audio/createTranscription
 */
#include "multipart.h"
#include "openai.h"
#include "openai_others.h"

static bool read(struct ask *ask, struct error *err);
static struct str field_of(const struct ask *ask, struct str name);
static const char *type_of(struct str format);
static bool check_transcription(const struct ask *ask, struct error *err);
static bool check_translation(const struct ask *ask, struct error *err);
static bool check(const struct ask *ask, const struct str *names, size_t count,
	struct error *err);
static void answer_transcription(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void answer_translation(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void answer(const struct ask *ask, const struct behaviour *behaviour,
	struct str task, struct buf *out);
static void append_words(const struct behaviour *behaviour, struct buf *out);

const struct operation openai_transcriptions = {
	.dialect = &openai_dialect,
	.read = read,
	.check = check_transcription,
	.answer = answer_transcription,
};

const struct operation openai_translations = {
	.dialect = &openai_dialect,
	.read = read,
	.check = check_translation,
	.answer = answer_translation,
};

static bool read(struct ask *ask, struct error *err)
{
	struct multipart form;

	if (!multipart_begin(&form, ask->http, ask->body))
		return openai_refuse(err, OPENAI_NO_CODE, NULL,
			"Could not parse multipart form");
	ask->model = field_of(ask, S("model"));
	if (ask->model.n == 0 || ask->model.n > ASK_MAX_MODEL_BYTES)
		return openai_refuse(err, OPENAI_NO_CODE, NULL,
			"you must provide a model parameter");
	ask->content_type = type_of(field_of(ask, S("response_format")));
	return true;
}

static struct str field_of(const struct ask *ask, struct str name)
{
	struct multipart form;
	struct multipart_part part;

	if (!multipart_begin(&form, ask->http, ask->body))
		return S("");
	while (multipart_next(&form, &part)) {
		if (str_equal(part.name, name))
			return part.value;
	}
	return S("");
}

static const char *type_of(struct str format)
{
	if (str_equal(format, S("text")) || str_equal(format, S("srt")))
		return "text/plain; charset=utf-8";
	if (str_equal(format, S("vtt")))
		return "text/vtt; charset=utf-8";
	return NULL;
}

static bool check_transcription(const struct ask *ask, struct error *err)
{
	static const struct str names[] = { STR("file"), STR("model"),
		STR("language"), STR("prompt"), STR("response_format"),
		STR("temperature"), STR("timestamp_granularities"),
		STR("timestamp_granularities[]"), STR("include"),
		STR("include[]"), STR("stream"), STR("chunking_strategy"),
		STR("known_speaker_names[]"),
		STR("known_speaker_references[]") };

	return check(ask, names, ARRAY_LEN(names), err);
}

static bool check_translation(const struct ask *ask, struct error *err)
{
	static const struct str names[] = { STR("file"), STR("model"),
		STR("prompt"), STR("response_format"), STR("temperature") };

	return check(ask, names, ARRAY_LEN(names), err);
}

static bool check(const struct ask *ask, const struct str *names, size_t count,
	struct error *err)
{
	struct multipart form;
	struct multipart_part part;
	bool has_file = false;

	if (!multipart_begin(&form, ask->http, ask->body))
		return false;
	while (multipart_next(&form, &part)) {
		size_t i = 0;

		while (i < count && !str_equal(part.name, names[i]))
			i++;
		if (i == count)
			return openai_refuse(err, OPENAI_NO_CODE, NULL,
				"Unrecognized request argument supplied: %.*s",
				STR_ARG(str_head(part.name, 60)));
		has_file |= i == 0 && part.file_name.n > 0 && part.value.n > 0;
	}
	return has_file || openai_refuse(err, OPENAI_NO_CODE, NULL,
				   "file is a required property");
}

static void answer_transcription(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	answer(ask, behaviour, S("transcribe"), out);
}

static void answer_translation(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	answer(ask, behaviour, S("translate"), out);
}

static void answer(const struct ask *ask, const struct behaviour *behaviour,
	struct str task, struct buf *out)
{
	struct str format = field_of(ask, S("response_format"));

	if (str_equal(format, S("srt"))) {
		buf_append(out, S("1\n00:00:00,000 --> 00:00:02,000\n"));
		append_words(behaviour, out);
		buf_append(out, S("\n\n"));
	} else if (str_equal(format, S("vtt"))) {
		buf_append(out, S("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n"));
		append_words(behaviour, out);
		buf_append(out, S("\n\n"));
	} else if (str_equal(format, S("text"))) {
		append_words(behaviour, out);
		buf_append_char(out, '\n');
	} else if (str_equal(format, S("verbose_json"))) {
		buf_printf(out,
			"{\"task\":\"%.*s\",\"language\":\"english\","
			"\"duration\":2.0,\"text\":\"",
			STR_ARG(task));
		append_words(behaviour, out);
		buf_append(out, S("\",\"segments\":[]}"));
	} else {
		buf_append(out, S("{\"text\":\""));
		append_words(behaviour, out);
		buf_append(out, S("\",\"usage\":{\"type\":\"duration\","
				  "\"seconds\":2}}"));
	}
}

/* Words need no escaping. */
static void append_words(const struct behaviour *behaviour, struct buf *out)
{
	struct words_text text;
	char room[WORD_MAX_BYTES];

	words_init(&text, behaviour);
	while (!words_over(&text))
		buf_append(out, words_next(&text, room));
}
