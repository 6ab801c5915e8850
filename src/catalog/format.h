/*
 * format.h - the public catalogues of models that can be read, each into the
 * one neutral form.
 *
 *	litellm       model_prices_and_context_window.json of LiteLLM
 *	models.dev    https://models.dev/api.json
 *	genai-prices  prices/data.json of pydantic/genai-prices
 *	openrouter    https://openrouter.ai/api/v1/models
 *	llm-gateway   our own: conf/models.json, written by `models merge`
 *
 * A reader takes what it understands of providers that we know (family.h) and
 * passes the rest over, but for what would make a wrong bill: a price that is
 * no price refuses the whole text, and so does a text of another form.
 */
#ifndef CATALOG_FORMAT_H
#define CATALOG_FORMAT_H

#include "base/error.h"
#include "catalog/entry.h"

/* A text may be nested so deep and be so large. */
#define CATALOG_MAX_DEPTH 32
#define CATALOG_MAX_BYTES ((size_t)64 * 1024 * 1024)

struct catalog_reader;

struct catalog_format {
	struct str name;
	/* Looks at the outermost members alone. */
	bool (*is_one)(struct json root);
	MUST_USE bool (*read)(struct catalog_reader *r, struct json root);
};

/* ERR_BAD_FIELD names those there are. */
MUST_USE bool catalog_format_find(
	struct str name, const struct catalog_format **out, struct error *err);

/*
 * Read a text into `list`, sorted; *format NULL finds out which one it is.
 * What is dated counts as it is at now_ms. The entries are views of the text.
 * ERR_BAD_JSON, ERR_TOO_DEEP, ERR_TOO_LARGE, ERR_BAD_FIELD.
 */
MUST_USE bool catalog_read(struct str text, int64_t now_ms,
	const struct catalog_format **format, struct catalog_entries *list,
	struct error *err);

#endif
