/*
 * model_json.h - a model of the catalogue as its pages show it. Prices are US
 * dollars for a million tokens.
 */
#ifndef SITE_PAGES_MODEL_JSON_H
#define SITE_PAGES_MODEL_JSON_H

#include "catalog/catalog.h"
#include "site/format.h"

/* The catalogue as it is in the database, as long as the request lasts. */
MUST_USE bool model_json_catalog(struct site_request *request,
	const struct catalog **out, struct error *err);

/* What it is, can do and costs now. */
json_t *model_json(const struct format *format, const struct model *model);

/* {"tier","above","valid_from","input","output",...}: what a million tokens
 * cost by it. */
json_t *model_json_price(
	const struct format *format, const struct price *price);
/* [{"tier","above","from","input","output",...}]: what holds now, one for each
 * tier and size; and all there ever was, the newest first. */
json_t *model_json_prices(
	const struct format *format, const struct model *model);
json_t *model_json_price_history(
	const struct format *format, const struct model *model);
/* {"input": chart, "output": chart} of the ordinary price; NULL where it is
 * not priced, or not for two days yet. */
json_t *model_json_charts(
	const struct format *format, const struct model *model);

/* Options of a select: [{"name","label","is_current"}]. Labels are the texts
 * PREFIX.NAME, or the names where `prefix` is NULL. */
json_t *model_json_options(const struct site_request *request,
	const char *prefix, const struct str *names, size_t count,
	struct str current);

/* An amount of pico-dollars per token, as dollars per million of them. */
void model_json_put_price(const struct format *format, json_t *object,
	const char *name, int64_t picousd);

#endif
