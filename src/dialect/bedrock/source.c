/*
 * source.c - what images, documents, sounds and videos are made of:
 * a format, and bytes, an address of S3, or a document's text.
 *
 * A source is kept as it came, in `json`; beside it its bytes or address is
 * told in the neutral form. A source of another kind (a document in several
 * pieces) makes the whole block CHAT_OTHER.
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/media.h"

#define SOURCE(name, kind, field)                                         \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}

static bool read_format(struct json value, void *into, struct arena *arena);
static void write_format(const void *from, const struct shape_out *out);
static bool read_source(struct json value, void *into, struct arena *arena);
static void write_source(const void *from, const struct shape_out *out);

/* The source behind the format, which says what its text is. */
#define FORMAT                                                        \
	{                                                             \
		"format", SHAPE_SPECIAL, 0, read_format, write_format \
	}
#define BYTES                                                         \
	{                                                             \
		"source", SHAPE_SPECIAL, 0, read_source, write_source \
	}

static const struct shape_row media_rows[] = { FORMAT, BYTES };
static const struct shape_row document_rows[] = {
	FORMAT,
	SOURCE("name", SHAPE_TEXT, name),
	BYTES,
};
const struct shape bedrock_image_shape = SHAPE_OF(media_rows);
const struct shape bedrock_audio_shape = SHAPE_OF(media_rows);
const struct shape bedrock_video_shape = SHAPE_OF(media_rows);
const struct shape bedrock_document_shape = SHAPE_OF(document_rows);

/* The first word of a type is the one that is written. */
static const struct format {
	enum chat_part_kind kind;
	struct str word;
	struct str type;
} formats[] = {
	{ CHAT_IMAGE, STR("png"), STR("image/png") },
	{ CHAT_IMAGE, STR("jpeg"), STR("image/jpeg") },
	{ CHAT_IMAGE, STR("jpeg"), STR("image/jpg") },
	{ CHAT_IMAGE, STR("gif"), STR("image/gif") },
	{ CHAT_IMAGE, STR("webp"), STR("image/webp") },
	{ CHAT_FILE, STR("pdf"), STR("application/pdf") },
	{ CHAT_FILE, STR("csv"), STR("text/csv") },
	{ CHAT_FILE, STR("doc"), STR("application/msword") },
	{ CHAT_FILE, STR("docx"),
		STR("application/vnd.openxmlformats-officedocument."
		    "wordprocessingml.document") },
	{ CHAT_FILE, STR("xls"), STR("application/vnd.ms-excel") },
	{ CHAT_FILE, STR("xlsx"),
		STR("application/vnd.openxmlformats-officedocument."
		    "spreadsheetml.sheet") },
	{ CHAT_FILE, STR("html"), STR("text/html") },
	{ CHAT_FILE, STR("txt"), STR("text/plain") },
	{ CHAT_FILE, STR("md"), STR("text/markdown") },
	{ CHAT_FILE, STR("txt"), STR("application/json") },
	{ CHAT_AUDIO, STR("mp3"), STR("audio/mp3") },
	{ CHAT_AUDIO, STR("mp3"), STR("audio/mpeg") },
	{ CHAT_AUDIO, STR("wav"), STR("audio/wav") },
	{ CHAT_AUDIO, STR("wav"), STR("audio/x-wav") },
	{ CHAT_AUDIO, STR("ogg"), STR("audio/ogg") },
	{ CHAT_AUDIO, STR("opus"), STR("audio/opus") },
	{ CHAT_AUDIO, STR("flac"), STR("audio/flac") },
	{ CHAT_AUDIO, STR("aac"), STR("audio/aac") },
	{ CHAT_AUDIO, STR("m4a"), STR("audio/m4a") },
	{ CHAT_AUDIO, STR("mp4"), STR("audio/mp4") },
	{ CHAT_AUDIO, STR("webm"), STR("audio/webm") },
	{ CHAT_AUDIO, STR("pcm"), STR("audio/pcm") },
	{ CHAT_AUDIO, STR("mka"), STR("audio/x-matroska") },
	{ CHAT_VIDEO, STR("mp4"), STR("video/mp4") },
	{ CHAT_VIDEO, STR("mov"), STR("video/quicktime") },
	{ CHAT_VIDEO, STR("webm"), STR("video/webm") },
	{ CHAT_VIDEO, STR("mkv"), STR("video/x-matroska") },
	{ CHAT_VIDEO, STR("flv"), STR("video/x-flv") },
	{ CHAT_VIDEO, STR("mpeg"), STR("video/mpeg") },
	{ CHAT_VIDEO, STR("mpg"), STR("video/mpg") },
	{ CHAT_VIDEO, STR("wmv"), STR("video/x-ms-wmv") },
	{ CHAT_VIDEO, STR("three_gp"), STR("video/3gpp") },
};

static struct str encode_base64(struct str text, struct arena *arena);

/* A word that is not in the table is a type all the same: the formats grow. */
static bool read_format(struct json value, void *into, struct arena *arena)
{
	static const char *const families[] = { [CHAT_IMAGE] = "image",
		[CHAT_AUDIO] = "audio",
		[CHAT_VIDEO] = "video",
		[CHAT_FILE] = "application" };
	struct chat_part *part = into;

	if (!json_text(value, arena, &part->type))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (formats[i].kind != part->kind ||
			!str_equal(formats[i].word, part->type))
			continue;
		part->media_type = formats[i].type;
		return true;
	}
	part->media_type = arena_printf(
		arena, "%s/%.*s", families[part->kind], STR_ARG(part->type));
	return true;
}

static void write_format(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;
	struct str word =
		out->own_words ? part->type : bedrock_media_format(part);

	if (word.p)
		json_member_str(out->w, "format", word);
}

struct str bedrock_media_format(const struct chat_part *part)
{
	struct str type = part->media_type;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (formats[i].kind == part->kind &&
			str_equal_nocase(formats[i].type, type))
			return formats[i].word;
	if (part->kind == CHAT_FILE && str_starts(type, S("text/")))
		return S("txt");
	return (struct str){ NULL, 0 };
}

static bool read_source(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct json bytes =
		bedrock_only_member(value, S("bytes"), JSON_TYPE_STRING);
	struct json text =
		bedrock_only_member(value, S("text"), JSON_TYPE_STRING);
	struct json place =
		bedrock_only_member(value, S("s3Location"), JSON_TYPE_OBJECT);
	struct str plain;

	part->json = value.text;
	if (json_text(bytes, arena, &part->data))
		return true;
	if (json_text(json_find(place, S("uri")), arena, &part->url))
		return true;
	if (part->kind != CHAT_FILE || !json_text(text, arena, &plain))
		return false;
	part->data = encode_base64(plain, arena);
	if (!part->media_type.p)
		part->media_type = S("text/plain");
	return true;
}

static struct str encode_base64(struct str text, struct arena *arena)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	size_t n = (text.n + 2) / 3 * 4;
	char *out = arena_alloc(arena, n + 1);

	for (size_t from = 0, to = 0; from < text.n; from += 3, to += 4) {
		uint32_t bits = 0;

		for (size_t i = 0; i < 3; i++) {
			bits <<= 8;
			if (from + i < text.n)
				bits |= (uint8_t)text.p[from + i];
		}
		for (size_t i = 0; i < 4; i++)
			out[to + i] =
				from + i > text.n
					? '='
					: digits[bits >> (18 - 6 * i) & 63];
	}
	return (struct str){ out, n };
}

static void write_source(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (out->own_words) {
		if (part->json.p)
			json_member_raw(out->w, "source", part->json);
		return;
	}
	json_name(out->w, "source");
	json_begin_object(out->w);
	if (part->data.p) {
		json_name(out->w, "bytes");
		media_write_base64(part->data, out->w);
	} else {
		json_name(out->w, "s3Location");
		json_begin_object(out->w);
		json_member_str(out->w, "uri", part->url);
		json_end_object(out->w);
	}
	json_end_object(out->w);
}

bool bedrock_has_source(const struct chat_part *part)
{
	return part->data.p || str_starts(part->url, S("s3://"));
}

/* Letters, digits, hyphens, brackets and single spaces; the ending is said
 * by the format. */
void bedrock_document_name(struct str name, struct buf *out)
{
	size_t dot = name.n;

	for (size_t i = 1; i < name.n; i++)
		if (name.p[i] == '.' && name.n - i <= 6)
			dot = i;
	name = str_head(name, dot);
	buf_clear(out);
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool is_allowed =
			isascii(c) && (isalnum((unsigned char)c) ||
					      (c && strchr("-()[]", c)));

		if (is_allowed)
			buf_append_char(out, c);
		else if (out->n > 0 && out->p[out->n - 1] != ' ')
			buf_append_char(out, ' ');
	}
	while (out->n > 0 && out->p[out->n - 1] == ' ')
		out->n--;
	if (out->n == 0)
		buf_append(out, S("document"));
}
