/*
 * multipart.h - forms with files in them (multipart/form-data, RFC 7578).
 *
 * Nothing is decoded or copied: a part's value is a view of the body, files
 * included. Readers of forms differ in what they forgive, and a form must not
 * be admitted as one model and served as another. So only what all of them
 * read alike is accepted: lines end in CRLF, every part has one
 * Content-Disposition with a plain name, no value is transfer-encoded.
 *
 *	multipart_init(&form, content_type, body, &err);
 *	while (multipart_next(&form, &part, &err))
 *		...
 *	if (!form.done)
 *		return false; // err says why
 */
#ifndef DIALECT_MULTIPART_H
#define DIALECT_MULTIPART_H

#include "base/error.h"
#include "base/str.h"

/* More than any service's form has, and less than hurts. */
#define MULTIPART_MAX_PARTS 256
#define MULTIPART_MAX_HEADER_BYTES 8192

struct multipart {
	struct str body;
	char delimiter[76]; /* CRLF "--" boundary */
	size_t delimiter_bytes;
	size_t at;       /* of the next part's headers */
	size_t first_at; /* of the first delimiter's "--" */
	unsigned parts;  /* read so far */
	bool done;       /* the last delimiter was met */
};

struct multipart_part {
	struct str name;         /* between its quotes, as it stands */
	bool is_file;            /* it has a file name */
	struct str content_type; /* "" when it does not say */
	struct str value;
	size_t value_at; /* its byte in the body */
};

/* Find the boundary and the first delimiter. ERR_CONTENT_TYPE: it is not a
 * form; ERR_BAD_REQUEST: a broken one. */
MUST_USE bool multipart_init(struct multipart *form, struct str content_type,
	struct str body, struct error *err);

/* The next part. False at the end, where form->done is true, and when the
 * form is broken: ERR_BAD_REQUEST, ERR_BAD_FIELD. */
MUST_USE bool multipart_next(
	struct multipart *form, struct multipart_part *out, struct error *err);

/* Is it of the media type multipart/form-data? */
bool multipart_is_form(struct str content_type);

#endif
