/*
 * media.c - data URLs, types by name, base64.
 */
#include "dialect/media.h"

static const struct {
	struct str ending;
	struct str type;
} types[] = {
	{ STR("png"), STR("image/png") },
	{ STR("jpg"), STR("image/jpeg") },
	{ STR("jpeg"), STR("image/jpeg") },
	{ STR("gif"), STR("image/gif") },
	{ STR("webp"), STR("image/webp") },
	{ STR("heic"), STR("image/heic") },
	{ STR("heif"), STR("image/heif") },
	{ STR("pdf"), STR("application/pdf") },
	{ STR("txt"), STR("text/plain") },
	{ STR("md"), STR("text/markdown") },
	{ STR("csv"), STR("text/csv") },
	{ STR("html"), STR("text/html") },
	{ STR("json"), STR("application/json") },
	{ STR("doc"), STR("application/msword") },
	{ STR("docx"), STR("application/vnd.openxmlformats-officedocument."
			   "wordprocessingml.document") },
	{ STR("xls"), STR("application/vnd.ms-excel") },
	{ STR("xlsx"), STR("application/vnd.openxmlformats-officedocument."
			   "spreadsheetml.sheet") },
	{ STR("mp3"), STR("audio/mp3") },
	{ STR("wav"), STR("audio/wav") },
	{ STR("ogg"), STR("audio/ogg") },
	{ STR("flac"), STR("audio/flac") },
	{ STR("aac"), STR("audio/aac") },
	{ STR("mp4"), STR("video/mp4") },
	{ STR("mov"), STR("video/quicktime") },
	{ STR("webm"), STR("video/webm") },
};

void media_split_data_url(struct chat_part *part)
{
	struct str rest = part->url;
	struct str type;

	if (!str_starts(rest, S("data:")))
		return;
	rest = str_from(rest, sizeof("data:") - 1);
	type = str_head(rest, str_index(rest, ','));
	if (type.n == rest.n || !str_ends(type, S(";base64")))
		return;
	part->data = str_from(rest, type.n + 1);
	part->media_type = str_head(type, str_index(type, ';'));
}

void media_append_data_url(
	const struct chat_part *part, const char *otherwise, struct buf *out)
{
	buf_append(out, S("data:"));
	buf_append(
		out, part->media_type.p ? part->media_type : str_of(otherwise));
	buf_append(out, S(";base64,"));
	media_append_base64(part->data, out);
}

void media_append_base64(struct str data, struct buf *out)
{
	size_t done = 0;
	size_t digits;

	while (str_ends(data, S("=")))
		data.n--;

	for (size_t i = 0; i < data.n; i++) {
		char c = data.p[i];

		if (c != '-' && c != '_')
			continue;
		buf_append(out, (struct str){ data.p + done, i - done });
		buf_append_char(out, c == '-' ? '+' : '/');
		done = i + 1;
	}
	buf_append(out, str_from(data, done));
	for (digits = data.n; digits % 4 != 0; digits++)
		buf_append_char(out, '=');
}

void media_write_base64(struct str data, struct json_writer *w)
{
	struct buf usual = BUF_INIT(data.n + 3);

	media_append_base64(data, &usual);
	w->out->failed |= usual.failed;
	json_write_str(w, buf_str(&usual));
	buf_release(&usual);
}

struct str media_type_of_name(struct str name)
{
	struct str path = str_head(name, str_index(name, '?'));

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct str ending = types[i].ending;
		size_t dot = path.n - ending.n - 1;

		if (path.n <= ending.n || path.p[dot] != '.')
			continue;
		if (str_equal_nocase(str_from(path, dot + 1), ending))
			return types[i].type;
	}
	return (struct str){ NULL, 0 };
}

void media_append_file_name(struct str media_type, struct buf *out)
{
	buf_append(out, S("file"));
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (!str_equal_nocase(types[i].type, media_type))
			continue;
		buf_append_char(out, '.');
		buf_append(out, types[i].ending);
		return;
	}
}

bool media_is_base64(struct str text)
{
	/* Both alphabets: RFC 4648, sections 4 and 5. */
	static const bool digits[256] = { ['A' ... 'Z'] = true,
		['a' ... 'z'] = true,
		['0' ... '9'] = true,
		['+'] = true,
		['/'] = true,
		['-'] = true,
		['_'] = true };
	size_t n = text.n;

	while (n > 0 && text.n - n < 2 && text.p[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++)
		if (!digits[(unsigned char)text.p[i]])
			return false;
	return n % 4 != 1;
}
