/*
 * multipart.c - takes forms apart without copying them.
 */
#include "dialect/service/multipart.h"

/* RFC 2046, section 5.1.1. */
#define MAX_BOUNDARY_BYTES 70

static bool find_parameter(
	struct str header, struct str name, struct str *value);
static bool take_parameter(
	struct str *rest, struct str *name, struct str *value);
static bool take_quoted(struct str *rest, struct str *value);
static bool is_boundary(struct str boundary);
static bool find_first(struct multipart *form, struct error *err);
static bool end_delimiter(struct multipart *form, struct error *err);
static bool read_headers(
	struct multipart *form, struct multipart_part *out, struct error *err);
static bool read_header(struct str line, struct multipart_part *out,
	bool *has_disposition, struct error *err);
static bool read_disposition(
	struct str value, struct multipart_part *out, struct error *err);
static bool refuse(
	const struct multipart *form, struct error *err, const char *why);

bool multipart_is_form(struct str content_type)
{
	struct str type =
		str_trim(str_head(content_type, str_index(content_type, ';')));

	return str_equal_nocase(type, S("multipart/form-data"));
}

bool multipart_init(struct multipart *form, struct str content_type,
	struct str body, struct error *err)
{
	struct str boundary = S("");

	*form = (struct multipart){ .body = body };
	if (!multipart_is_form(content_type))
		return error_refuse(err, ERR_CONTENT_TYPE, NULL,
			"The Content-Type is '%.*s'; send the body as "
			"multipart/form-data.",
			STR_ARG(str_head(content_type, 100)));
	if (!find_parameter(content_type, S("boundary"), &boundary) ||
		!is_boundary(boundary))
		return error_refuse(err, ERR_CONTENT_TYPE, NULL,
			"The Content-Type multipart/form-data has no usable "
			"boundary.");
	form->delimiter_bytes = (size_t)snprintf(form->delimiter,
		sizeof(form->delimiter), "\r\n--%.*s", STR_ARG(boundary));
	return find_first(form, err);
}

/* The first delimiter may begin the body, without a line's end before it;
 * text before it (a preamble) is nobody's and refused. */
static bool find_first(struct multipart *form, struct error *err)
{
	struct str first = { form->delimiter + 2, form->delimiter_bytes - 2 };

	if (str_starts(form->body, S("\r\n")))
		form->first_at = 2;
	if (!str_starts(str_from(form->body, form->first_at), first))
		return refuse(form, err, "it does not begin with its boundary");
	form->at = form->first_at + first.n;
	return end_delimiter(form, err);
}

/* What follows a boundary: CRLF and a part, or "--" and the end. */
static bool end_delimiter(struct multipart *form, struct error *err)
{
	struct str rest = str_from(form->body, form->at);

	if (str_starts(rest, S("\r\n"))) {
		form->at += 2;
		return true;
	}
	form->done = str_starts(rest, S("--"));
	return form->done ||
	       refuse(form, err, "a boundary is followed by other bytes");
}

bool multipart_next(
	struct multipart *form, struct multipart_part *out, struct error *err)
{
	struct str delimiter = { form->delimiter, form->delimiter_bytes };
	struct str rest;
	size_t n;

	if (form->done)
		return false;
	if (form->parts++ == MULTIPART_MAX_PARTS)
		return refuse(form, err, "it has too many parts");
	*out = (struct multipart_part){ .name = S("") };
	if (!read_headers(form, out, err))
		return false;
	rest = str_from(form->body, form->at);
	n = str_find(rest, delimiter);
	if (n == rest.n)
		return refuse(form, err, "its last boundary is missing");
	out->value = str_head(rest, n);
	out->value_at = form->at;
	form->at += n + delimiter.n;
	return end_delimiter(form, err);
}

static bool read_headers(
	struct multipart *form, struct multipart_part *out, struct error *err)
{
	struct str rest = str_head(
		str_from(form->body, form->at), MULTIPART_MAX_HEADER_BYTES);
	bool has_disposition = false;

	for (;;) {
		size_t n = str_find(rest, S("\r\n"));
		struct str line = str_head(rest, n);

		if (n == rest.n)
			return refuse(
				form, err, "the headers of a part do not end");
		form->at += n + 2;
		rest = str_from(rest, n + 2);
		if (n == 0)
			break;
		if (!read_header(line, out, &has_disposition, err))
			return false;
	}
	return has_disposition ||
	       refuse(form, err, "a part has no Content-Disposition");
}

static bool read_header(struct str line, struct multipart_part *out,
	bool *has_disposition, struct error *err)
{
	size_t colon = str_index(line, ':');
	struct str name = str_head(line, colon);
	struct str value = str_trim(str_from(line, colon + 1));

	if (colon == line.n || name.n == 0 || isspace((unsigned char)name.p[0]))
		return refuse(NULL, err, "a part has a line that is no header");
	if (memchr(line.p, '\0', line.n) || memchr(line.p, '\r', line.n) ||
		memchr(line.p, '\n', line.n))
		return refuse(NULL, err, "a header has control characters");
	if (str_equal_nocase(name, S("content-type")))
		out->content_type = value;
	else if (str_equal_nocase(name, S("content-transfer-encoding")) &&
		 !str_equal_nocase(value, S("binary")) &&
		 !str_equal_nocase(value, S("8bit")) &&
		 !str_equal_nocase(value, S("7bit")))
		return refuse(NULL, err, "a part is transfer-encoded");
	if (!str_equal_nocase(name, S("content-disposition")))
		return true;
	if (*has_disposition)
		return refuse(NULL, err, "a part has two Content-Disposition");
	*has_disposition = true;
	return read_disposition(value, out, err);
}

static bool read_disposition(
	struct str value, struct multipart_part *out, struct error *err)
{
	struct str type = str_trim(str_head(value, str_index(value, ';')));
	struct str rest = str_from(value, str_index(value, ';'));
	struct str name, text;
	unsigned names = 0;

	if (!str_equal_nocase(type, S("form-data")))
		return refuse(NULL, err, "a part is not form-data");
	while (rest.n > 0) {
		if (!take_parameter(&rest, &name, &text))
			return refuse(NULL, err,
				"a Content-Disposition is malformed");
		if (str_equal_nocase(name, S("name"))) {
			out->name = text;
			names++;
		} else if (str_equal_nocase(name, S("name*"))) {
			return refuse(NULL, err, "a name is encoded");
		}
		out->is_file |= str_equal_nocase(name, S("filename")) ||
				str_equal_nocase(name, S("filename*"));
	}
	/* Some unescape a name, some do not. */
	return (names == 1 && out->name.n > 0 &&
		       str_index(out->name, '\\') == out->name.n) ||
	       refuse(NULL, err, "a part has not exactly one plain name");
}

/* `; name=value`, the value quoted or not. */
static bool take_parameter(
	struct str *rest, struct str *name, struct str *value)
{
	struct str s = str_trim(str_from(str_trim(*rest), 1));
	size_t equals = str_index(s, '=');

	if (str_trim(*rest).p[0] != ';' || equals == s.n)
		return false;
	*name = str_trim(str_head(s, equals));
	s = str_trim(str_from(s, equals + 1));
	if (s.n > 0 && s.p[0] == '"') {
		if (!take_quoted(&s, value))
			return false;
	} else {
		*value = str_trim(str_head(s, str_index(s, ';')));
		s = str_from(s, str_index(s, ';'));
	}
	*rest = str_trim(s);
	return name->n > 0 && (rest->n == 0 || rest->p[0] == ';');
}

/* A quote within is \" or, from browsers, %22: both stay as they are. */
static bool take_quoted(struct str *rest, struct str *value)
{
	size_t i = 1;

	while (i < rest->n && rest->p[i] != '"')
		i += rest->p[i] == '\\' ? 2 : 1;
	if (i >= rest->n)
		return false;
	*value = (struct str){ rest->p + 1, i - 1 };
	*rest = str_from(*rest, i + 1);
	return true;
}

static bool find_parameter(
	struct str header, struct str name, struct str *value)
{
	struct str rest = str_trim(str_from(header, str_index(header, ';')));
	struct str found, text;
	unsigned count = 0;

	while (rest.n > 0 && take_parameter(&rest, &found, &text)) {
		if (!str_equal_nocase(found, name))
			continue;
		*value = text;
		count++;
	}
	return rest.n == 0 && count == 1;
}

/* The characters of RFC 2046; a space may not be the last. */
static bool is_boundary(struct str boundary)
{
	if (boundary.n == 0 || boundary.n > MAX_BOUNDARY_BYTES ||
		boundary.p[boundary.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < boundary.n; i++) {
		unsigned char c = (unsigned char)boundary.p[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			return false;
	}
	return true;
}

/* With the form: and at which byte. */
static bool refuse(
	const struct multipart *form, struct error *err, const char *why)
{
	if (form)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"The form is broken at byte %zu: %s.", form->at, why);
	return error_refuse(
		err, ERR_BAD_REQUEST, NULL, "The form is broken: %s.", why);
}
