/*
 * form.h - what was sent: the declared fields of a form, a query or a JSON
 * object, checked before a page sees them.
 */
#ifndef SITE_FORM_H
#define SITE_FORM_H

#include "site/page.h"

#define FORM_MAX_FIELDS 64

struct site_values {
	size_t count;
	struct site_value {
		const struct site_field *field;
		struct str text; /* as sent, trimmed where its type says so */
		int64_t number;  /* of a SITE_INT; 1 of a SITE_BOOL that is on;
				    Unix ms of a SITE_DATE */
		bool is_there;   /* something other than "" was sent */
		bool is_sent;    /* the field was, if only empty */
	} values[FORM_MAX_FIELDS];
};

/*
 * Read the fields of the request's page: from the query for GET, else from
 * the body, a form or a JSON object. What was read stays in request->values
 * even when a field is refused: ERR_MISSING_FIELD, ERR_BAD_FIELD,
 * ERR_TOO_LARGE with the field as param; ERR_BAD_JSON, ERR_CONTENT_TYPE.
 */
MUST_USE bool form_read(struct site_request *request, struct error *err);

/* What was filled in, for showing it again; secrets are left out. */
json_t *form_json(const struct site_request *request);

/* One parameter of a form or query, decoded into the arena; "" when missing.
 */
struct str form_param(struct str encoded, struct str name, struct arena *arena);

/* Is it UTF-8 without control characters, but for tabs and the ends of lines
 * where it may have `lines`? */
bool form_is_plain(struct str text, bool lines);

/* As one parameter of a query. */
void form_encode(struct buf *out, struct str text);

#endif
