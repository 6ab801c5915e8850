/*
 * multipart.c - a body of multipart/form-data, part by part.
 */
#include "multipart.h"

static struct str parameter_of(struct str header, struct str name);
static struct str disposition_of(struct str head);
static bool skip_boundary(struct multipart *multipart, struct str *before);

bool multipart_begin(struct multipart *multipart,
	const struct http_request *http, struct str body)
{
	struct str type = http_find_header(http, S("content-type"));
	struct str preamble;

	multipart->boundary = parameter_of(type, S("boundary"));
	multipart->rest = body;
	return str_equal_nocase(str_head(type, 19), S("multipart/form-data")) &&
	       multipart->boundary.n > 0 && skip_boundary(multipart, &preamble);
}

bool multipart_next(struct multipart *multipart, struct multipart_part *part)
{
	struct str rest = multipart->rest;
	size_t head = str_find(rest, S("\r\n\r\n"));
	struct str disposition;

	/* "--" behind a boundary: it was the last. */
	if (str_starts(rest, S("--")) || head == rest.n)
		return false;
	disposition = disposition_of(str_head(rest, head + 2));
	part->name = parameter_of(disposition, S("name"));
	part->file_name = parameter_of(disposition, S("filename"));
	multipart->rest = str_from(rest, head + 4);
	return skip_boundary(multipart, &part->value);
}

/* name="value" or name=value, behind a semicolon. */
static struct str parameter_of(struct str header, struct str name)
{
	struct str field;

	while (str_next_field(&header, ';', &field)) {
		size_t equals = str_index(field, '=');
		struct str value = str_trim(str_from(field, equals + 1));

		if (!str_equal_nocase(str_trim(str_head(field, equals)), name))
			continue;
		if (value.n >= 2 && value.p[0] == '"' &&
			value.p[value.n - 1] == '"')
			value = str_head(str_from(value, 1), value.n - 2);
		return value;
	}
	return S("");
}

static struct str disposition_of(struct str head)
{
	struct str line;

	while (str_next_field(&head, '\n', &line)) {
		size_t colon = str_index(line, ':');

		if (str_equal_nocase(
			    str_head(line, colon), S("content-disposition")))
			return str_trim(str_from(line, colon + 1));
	}
	return S("");
}

/* What stands before the next boundary; then on behind its line. */
static bool skip_boundary(struct multipart *multipart, struct str *before)
{
	struct str rest = multipart->rest;
	size_t at = 0;

	for (;; at++) {
		struct str here = str_from(rest, at);
		size_t dashes = str_find(here, S("--"));

		at += dashes;
		if (at >= rest.n)
			return false;
		if (str_starts(str_from(rest, at + 2), multipart->boundary))
			break;
	}
	*before = str_head(rest, at);
	if (str_ends(*before, S("\r\n")))
		before->n -= 2;
	rest = str_from(rest, at + 2 + multipart->boundary.n);
	if (str_starts(rest, S("\r\n")))
		rest = str_from(rest, 2);
	multipart->rest = rest;
	return true;
}
