/*
 * openai_media.c - OpenAI's images and speech: answers that are bytes.
 * https://platform.openai.com/docs/api-reference/images, .../audio
 */
#include "base/clock.h"
#include "base64.h"
#include "fields.h"
#include "openai.h"
#include "openai_others.h"

#define MAX_IMAGES 10
#define MP3_FRAME_BYTES 417 /* 128 kbit/s, 44.1 kHz, no padding */
#define WAV_RATE 24000
#define WAV_FRAME_BYTES 960 /* 20 ms of 16 bits, one channel */

/* A PNG of one pixel. */
static const unsigned char png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a,
	'\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0,
	0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, 'I', 'D', 'A', 'T', 0x78,
	0x9c, 0x63, 0x60, 0x60, 0x60, 0xf8, 0x0f, 0, 0x01, 0x04, 0x01, 0, 0x5f,
	0xe5, 0xc3, 0x4b, 0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60,
	0x82 };

static bool read_images(struct ask *ask, struct error *err);
static bool check_images(const struct ask *ask, struct error *err);
static void answer_images(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void append_image_usage(int prompt, int count, struct buf *out);
static bool wants_url(const struct ask *ask);
static bool is_dall_e(const struct ask *ask);
static int image_count(const struct ask *ask);
static bool read_speech(struct ask *ask, struct error *err);
static bool check_speech(const struct ask *ask, struct error *err);
static void answer_speech(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out);
static void append_mp3(int frames, struct buf *out);
static void append_wav(int frames, struct buf *out);
static void append_zeros(size_t count, struct buf *out);
static void append_uint32(uint32_t value, struct buf *out);

static const struct {
	struct str name;
	const char *type;
} formats[] = {
	{ STR("mp3"), "audio/mpeg" },
	{ STR("wav"), "audio/wav" },
	{ STR("pcm"), "audio/pcm" },
};

const struct operation openai_images = {
	.dialect = &openai_dialect,
	.read = read_images,
	.check = check_images,
	.answer = answer_images,
};

const struct operation openai_speech = {
	.dialect = &openai_dialect,
	.read = read_speech,
	.check = check_speech,
	.answer = answer_speech,
};

/* The model may be left out. */
static bool read_images(struct ask *ask, struct error *err)
{
	if (!ask_read_object(ask, err))
		return false;
	return json_find(ask->root, S("model")).type == JSON_TYPE_NONE ||
	       ask_read_model(ask, err);
}

static bool check_images(const struct ask *ask, struct error *err)
{
	static const struct str names[] = { STR("model"), STR("prompt"),
		STR("n"), STR("size"), STR("quality"), STR("response_format"),
		STR("style"), STR("user"), STR("background"), STR("moderation"),
		STR("output_compression"), STR("output_format"),
		STR("partial_images"), STR("stream") };

	if (!OPENAI_CHECK_NAMES(ask, names, err))
		return false;
	if (json_find(ask->root, S("prompt")).type != JSON_TYPE_STRING)
		return openai_refuse(err, "missing_required_parameter",
			"prompt", "Missing required parameter: 'prompt'.");
	if (str_starts(ask->model, S("gpt-image")) &&
		json_find(ask->root, S("response_format")).type !=
			JSON_TYPE_NONE)
		return openai_refuse(err, "unknown_parameter",
			"response_format",
			"Unknown parameter: 'response_format'.");
	if (image_count(ask) == 0)
		return openai_refuse(err, "invalid_value", "n",
			"Invalid 'n': expected a value from 1 to %d.",
			MAX_IMAGES);
	return true;
}

static void answer_images(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	bool by_url = wants_url(ask);
	int prompt = ask_prompt_tokens(ask, behaviour);
	int count = image_count(ask);

	buf_printf(out, "{\"created\":%" PRId64 ",\"data\":[",
		clock_unix_ms() / 1000);
	for (int i = 0; i < count; i++) {
		buf_append(out, i ? S(",{") : S("{"));
		if (by_url) {
			buf_printf(out,
				"\"url\":\"https://simulator.invalid/"
				"%" PRIu64 "-%d.png\"}",
				ask->id, i);
			continue;
		}
		buf_append(out, S("\"b64_json\":\""));
		base64_encode(
			(struct str){ (const char *)png, sizeof(png) }, out);
		buf_append(out, S("\"}"));
	}
	buf_append(out, S("]"));
	/* Of the newer models only. */
	if (!is_dall_e(ask))
		append_image_usage(prompt, count, out);
	buf_append(out, S("}\n"));
}

static void append_image_usage(int prompt, int count, struct buf *out)
{
	buf_printf(out,
		",\"usage\":{\"input_tokens\":%d,\"input_tokens_details\":{"
		"\"text_tokens\":%d,\"image_tokens\":0},\"output_tokens\":%d,"
		"\"total_tokens\":%d}",
		prompt, prompt, 272 * count, prompt + 272 * count);
}

/* Only the older models have a choice, and then it is the default. */
static bool wants_url(const struct ask *ask)
{
	return is_dall_e(ask) &&
	       !json_text_is(json_find(ask->root, S("response_format")),
		       S("b64_json"));
}

static bool is_dall_e(const struct ask *ask)
{
	return str_starts(ask->model, S("dall-e"));
}

/* 0: what is said makes no sense. */
static int image_count(const struct ask *ask)
{
	struct json n = json_find(ask->root, S("n"));
	int64_t count;

	if (fields_absent(n))
		return 1;
	if (!json_int(n, &count) || count < 1 || count > MAX_IMAGES)
		return 0;
	return (int)count;
}

static bool read_speech(struct ask *ask, struct error *err)
{
	struct json format;

	if (!openai_read(ask, err))
		return false;
	format = json_find(ask->root, S("response_format"));
	ask->content_type = formats[0].type;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (json_text_is(format, formats[i].name))
			ask->content_type = formats[i].type;
	}
	return true;
}

static bool check_speech(const struct ask *ask, struct error *err)
{
	static const struct str names[] = { STR("model"), STR("input"),
		STR("voice"), STR("instructions"), STR("response_format"),
		STR("speed"), STR("stream_format") };
	static const char *const needed[] = { "input", "voice" };

	if (!OPENAI_CHECK_NAMES(ask, names, err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		struct json value = json_find(ask->root, str_of(needed[i]));

		if (fields_absent(value))
			return openai_refuse(err, "missing_required_parameter",
				needed[i], "Missing required parameter: '%s'.",
				needed[i]);
	}
	return true;
}

/* Silence: a frame for each token. What is no MP3 and no WAV is as PCM. */
static void answer_speech(const struct ask *ask,
	const struct behaviour *behaviour, struct buf *out)
{
	struct json format = json_find(ask->root, S("response_format"));

	if (json_text_is(format, S("wav")))
		append_wav(behaviour->tokens, out);
	else if (json_text_is(format, S("pcm")))
		append_zeros((size_t)behaviour->tokens * WAV_FRAME_BYTES, out);
	else
		append_mp3(behaviour->tokens, out);
}

static void append_mp3(int frames, struct buf *out)
{
	for (int i = 0; i < frames; i++) {
		buf_append(out, S("\xff\xfb\x90\x64"));
		append_zeros(MP3_FRAME_BYTES - 4, out);
	}
}

static void append_wav(int frames, struct buf *out)
{
	uint32_t bytes = (uint32_t)frames * WAV_FRAME_BYTES;

	buf_append(out, S("RIFF"));
	append_uint32(36 + bytes, out);
	buf_append(out, S("WAVEfmt "));
	append_uint32(16, out);
	append_uint32(1 | 1 << 16, out); /* PCM, one channel */
	append_uint32(WAV_RATE, out);
	append_uint32(WAV_RATE * 2, out);
	append_uint32(2 | 16 << 16, out); /* bytes and bits of a sample */
	buf_append(out, S("data"));
	append_uint32(bytes, out);
	append_zeros(bytes, out);
}

static void append_zeros(size_t count, struct buf *out)
{
	char *room = buf_reserve(out, count);

	if (!room)
		return;
	memset(room, 0, count);
	buf_advance(out, count);
}

/* The least significant byte first. */
static void append_uint32(uint32_t value, struct buf *out)
{
	for (int shift = 0; shift < 32; shift += 8)
		buf_append_char(out, (char)(value >> shift & 0xff));
}
