/*
 * docs_operation.h - one operation of the OpenAPI document, as /docs shows it
 * to whoever reads.
 */
#ifndef SITE_PAGES_DOCS_OPERATION_H
#define SITE_PAGES_DOCS_OPERATION_H

#include "site/page.h"

struct docs {
	struct arena *arena;
	const json_t *root; /* the document */
	const json_t *texts;
	struct str base_url;
};

/* {"id", "method", "path", "summary"} */
json_t *docs_operation_row(const struct docs *docs, const char *path,
	const char *method, const json_t *operation);

/*
 * Add to `out` these, and "group", "description", "link", "curl", "fields":
 * [{"name", "place", "type", "required", "description"}] and "has_fields".
 * `link` is its fragment in Swagger UI.
 */
void docs_operation_put(json_t *out, const struct docs *docs, const char *path,
	const char *method, const json_t *operation);

/* A call that can be pasted, in the arena; names in capitals are to be
 * replaced. */
struct str docs_curl(const struct docs *docs, const char *path,
	const char *method, const json_t *operation);

/* The schema where {"$ref": "#/components/schemas/X"} leads. */
const json_t *docs_follow(const struct docs *docs, const json_t *schema);

/* What is sent with it, and as which type: JSON where it may be. NULL: it
 * takes nothing. */
const json_t *docs_body(const json_t *operation, const char **type);

/* Is it among the schema's required properties? */
bool docs_requires(const json_t *schema, const char *name);

/* "POST" */
struct str docs_upper(const struct docs *docs, const char *text);

#endif
