/*
 * reader.h - what the readers of catalogues share; only format.c and read_*.c
 * include it.
 */
#ifndef CATALOG_READER_H
#define CATALOG_READER_H

#include "catalog/family.h"
#include "catalog/format.h"

/* What an amount of dollars in a list is for. */
enum price_unit {
	PER_TOKEN,
	PER_MILLION_TOKENS,
	PER_REQUEST,
	PER_THOUSAND_REQUESTS,
	PER_IMAGE,
};

struct catalog_reader {
	struct arena *arena;
	struct catalog_entries *list;
	int64_t now_ms;
	struct error *err;
	struct str model; /* that is being read, for messages */
};

extern const struct catalog_format catalog_litellm;
extern const struct catalog_format catalog_models_dev;
extern const struct catalog_format catalog_genai_prices;
extern const struct catalog_format catalog_openrouter;
extern const struct catalog_format catalog_own;

/* "LIST of model 'x': WHY." */
bool reader_refuse(struct catalog_reader *r, const char *format, ...)
	PRINTF_LIKE(2, 3);

/* Names of two members must not be the same: parsers differ in which counts.
 * `what` says what they name. */
MUST_USE bool reader_check_names(
	struct catalog_reader *r, struct json object, const char *what);

/* Whether the name can be one of ours. */
bool reader_is_name(struct str id);
/* The entry of a model, NULL when it is to be passed over: no name of ours, or
 * nothing that the family serves. */
struct catalog_entry *reader_add(
	struct catalog_reader *r, struct str family, struct str id);

/*
 * A price, as a number or a text of one, in pico-dollars for one token,
 * request or image; one that is not there or null leaves *out as it is. False
 * when it is no price, or more than anybody takes: refused.
 */
MUST_USE bool reader_price(struct catalog_reader *r, struct json object,
	const char *member, enum price_unit unit, int64_t *out);
MUST_USE bool reader_price_value(struct catalog_reader *r, struct json value,
	const char *member, enum price_unit unit, int64_t *out);

/* A whole number from 1 on, however it is written; else 0. */
int64_t reader_count(struct json value);
/* A date; 0 where there is none. */
int64_t reader_date(struct json value);
/* Text, or empty. */
struct str reader_text(struct catalog_reader *r, struct json value);
/* A name; its escapes resolved. */
struct str reader_name(struct catalog_reader *r, struct json_member member);
/* A list of modalities, "pdf" being a file; 0: none is known. */
unsigned reader_modalities(struct json list);
/* Note that the model can do it or cannot; nothing where value is neither
 * true nor false. */
void reader_capability(
	struct catalog_entry *entry, unsigned flag, struct json value);

/* What the name tells of a model whose list does not say its kind. */
bool reader_kind_by_name(struct str id, enum model_kind *out);

#endif
