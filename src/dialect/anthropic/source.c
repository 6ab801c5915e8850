/*
 * source.c - what images and documents are made of: base64, an
 * address, a file's id, or, of a document, plain text.
 *
 * Other formats know no plain text among files, so it stands in the neutral
 * form as base64 of type text/plain, and is made plain text again here.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/media.h"

static const struct source_kind {
	struct str type;
	struct str member; /* that holds it */
	size_t offset;     /* of that text in struct chat_part */
} kinds[] = {
	{ STR("base64"), STR("data"), offsetof(struct chat_part, data) },
	{ STR("text"), STR("data"), offsetof(struct chat_part, data) },
	{ STR("url"), STR("url"), offsetof(struct chat_part, url) },
	{ STR("file"), STR("file_id"), offsetof(struct chat_part, file_id) },
};

/* How base64 of a file begins whose type nobody told. */
static const struct {
	struct str begin;
	struct str type;
} beginnings[] = {
	{ STR("iVBORw0KGgo"), STR("image/png") },
	{ STR("/9j/"), STR("image/jpeg") },
	{ STR("R0lGOD"), STR("image/gif") },
	{ STR("UklGR"), STR("image/webp") },
	{ STR("JVBERi0"), STR("application/pdf") },
};

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const struct source_kind *find_kind(struct json source);
static void encode(struct str bytes, struct buf *out);
static bool write_image(const struct chat_part *part, const char *path,
	struct json_writer *w, struct error *err);
static bool write_document(const struct chat_part *part, const char *path,
	struct json_writer *w, struct error *err);
static void write_url(struct str url, struct json_writer *w);
static void write_base64(
	struct str type, struct str data, struct json_writer *w);
static void write_text(struct str data, struct json_writer *w);
static struct str type_of(const struct chat_part *part);
static bool is_text(struct str type);
static int digit_value(char c);

bool anthropic_knows_source(struct json source)
{
	return find_kind(source) != NULL;
}

static const struct source_kind *find_kind(struct json source)
{
	struct json type = json_find(source, S("type"));

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (json_text_is(type, kinds[i].type) &&
			json_find(source, kinds[i].member).type ==
				JSON_TYPE_STRING)
			return &kinds[i];
	return NULL;
}

void anthropic_read_source(
	struct json source, struct arena *arena, struct chat_part *part)
{
	const struct source_kind *kind = find_kind(source);
	struct buf base64 = BUF_INIT(SIZE_MAX);
	struct str *field;

	assert(kind);
	field = (struct str *)(void *)((char *)part + kind->offset);
	if (!json_text(json_find(source, kind->member), arena, field) ||
		!json_text(json_find(source, S("media_type")), arena,
			&part->media_type))
		part->media_type = (struct str){ NULL, 0 };
	part->json = source.text;
	if (!str_equal(kind->type, S("text")))
		return;
	encode(part->data, &base64);
	part->data = arena_copy(arena, buf_str(&base64));
	part->media_type = S("text/plain");
	buf_release(&base64);
}

static void encode(struct str bytes, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	for (size_t i = 0; i < bytes.n; i += 3) {
		unsigned left = bytes.n - i < 3 ? (unsigned)(bytes.n - i) : 3;
		uint32_t word = (uint32_t)p[i] << 16;

		if (left > 1)
			word |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			word |= p[i + 2];
		for (unsigned j = 0; j < 4; j++)
			buf_append_char(out,
				j > left ? '='
					 : digits[word >> (18 - 6 * j) & 63]);
	}
}

bool anthropic_write_source(const struct chat_part *part, const char *path,
	struct json_writer *w, struct error *err)
{
	bool is_there = part->data.p || part->url.p;

	if (!is_there)
		return error_refuse(err, ERR_UNSUPPORTED, path,
			"'%s' names a file that only another provider has: "
			"send the file itself, or its address.",
			path);
	return part->kind == CHAT_IMAGE ? write_image(part, path, w, err)
					: write_document(part, path, w, err);
}

static bool write_image(const struct chat_part *part, const char *path,
	struct json_writer *w, struct error *err)
{
	static const struct str taken[] = { STR("image/jpeg"), STR("image/png"),
		STR("image/gif"), STR("image/webp") };
	struct str type = type_of(part);

	if (!part->data.p) {
		write_url(part->url, w);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		if (!str_equal_nocase(type, taken[i]))
			continue;
		write_base64(taken[i], part->data, w);
		return true;
	}
	return error_refuse(err, ERR_UNSUPPORTED, path,
		"'%s' has an image of a type that the provider of the chosen "
		"model does not take: it takes JPEG, PNG, GIF and WebP.",
		path);
}

static bool write_document(const struct chat_part *part, const char *path,
	struct json_writer *w, struct error *err)
{
	struct str type = type_of(part);

	if (!part->data.p)
		write_url(part->url, w);
	else if (str_equal_nocase(type, S("application/pdf")))
		write_base64(S("application/pdf"), part->data, w);
	else if (is_text(type))
		write_text(part->data, w);
	else
		return error_refuse(err, ERR_UNSUPPORTED, path,
			"'%s' has a file of a type that the provider of the "
			"chosen model does not take: it takes PDF and text.",
			path);
	return true;
}

static void write_url(struct str url, struct json_writer *w)
{
	json_name(w, "source");
	json_begin_object(w);
	json_member_str(w, "type", S("url"));
	json_member_str(w, "url", url);
	json_end_object(w);
}

/* In the usual alphabet and padded, whatever the client used. */
static void write_base64(
	struct str type, struct str data, struct json_writer *w)
{
	json_name(w, "source");
	json_begin_object(w);
	json_member_str(w, "type", S("base64"));
	json_member_str(w, "media_type", type);
	json_name(w, "data");
	media_write_base64(data, w);
	json_end_object(w);
}

static void write_text(struct str data, struct json_writer *w)
{
	struct buf text = BUF_INIT(data.n + 1);
	uint32_t word = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < data.n && digit_value(data.p[i]) >= 0; i++) {
		word = word << 6 | (uint32_t)digit_value(data.p[i]);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		buf_append_char(&text, (char)(word >> bits & 255));
	}
	json_name(w, "source");
	json_begin_object(w);
	json_member_str(w, "type", S("text"));
	json_member_str(w, "media_type", S("text/plain"));
	json_member_str(w, "data", buf_str(&text));
	json_end_object(w);
	buf_release(&text);
}

/* The type that was said, without its parameters; else what the name or the
 * bytes tell. */
static struct str type_of(const struct chat_part *part)
{
	struct str type = str_trim(
		str_head(part->media_type, str_index(part->media_type, ';')));

	if (str_equal_nocase(type, S("image/jpg")))
		return S("image/jpeg");
	if (type.n > 0 && !str_equal(type, S("application/octet-stream")))
		return type;
	type = media_type_of_name(part->name);
	for (size_t i = 0; type.n == 0 && i < ARRAY_LEN(beginnings); i++)
		if (str_starts(part->data, beginnings[i].begin))
			type = beginnings[i].type;
	return type;
}

static bool is_text(struct str type)
{
	return str_equal_nocase(str_head(type, 5), S("text/")) ||
	       str_equal_nocase(type, S("application/json"));
}

static int digit_value(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	if (c == '-' || c == '_')
		return c == '-' ? 62 : 63;
	return at ? (int)(at - digits) : -1;
}
