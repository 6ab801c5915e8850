/*
 * model_form.h - what a form says of a model: for one that is there, and for a
 * new one.
 */
#ifndef SITE_PAGES_MODEL_FORM_H
#define SITE_PAGES_MODEL_FORM_H

#include "catalog/catalog.h"
#include "site/page.h"

#define MODEL_FORM_MAX_TOKENS INT64_C(1000000000)
#define MODEL_FORM_MAX_SPEED 1000000

/* Prices are US dollars for a million tokens, in a decimal notation. */
#define MODEL_FORM_FIELDS                                                            \
	{ .name = "context_tokens",                                                  \
		.type = SITE_INT,                                                    \
		.max = MODEL_FORM_MAX_TOKENS },                                      \
		{ .name = "max_output_tokens",                                       \
			.type = SITE_INT,                                            \
			.max = MODEL_FORM_MAX_TOKENS },                              \
		{ .name = "quality", .type = SITE_INT, .max = 100 },                 \
		{ .name = "speed_tps",                                               \
			.type = SITE_INT,                                            \
			.max = MODEL_FORM_MAX_SPEED },                               \
		{ .name = "kind",                                                    \
			.type = SITE_CHOICE,                                         \
			.choices =                                                   \
				"chat|completion|embedding|moderation|rerank|image|" \
				"audio" },                                           \
		{ .name = "sets_capabilities", .type = SITE_BOOL },                  \
		{ .name = "tools", .type = SITE_BOOL },                              \
		{ .name = "parallel_tools", .type = SITE_BOOL },                     \
		{ .name = "json_schema", .type = SITE_BOOL },                        \
		{ .name = "reasoning", .type = SITE_BOOL },                          \
		{ .name = "streaming", .type = SITE_BOOL },                          \
		{ .name = "input_price", .type = SITE_TEXT, .max_bytes = 24 },       \
		{ .name = "output_price",                                            \
			.type = SITE_TEXT,                                           \
			.max_bytes = 24 },                                           \
		{ .name = "cached_price",                                            \
			.type = SITE_TEXT,                                           \
			.max_bytes = 24 },                                           \
		{ .name = "cache_write_price",                                       \
			.type = SITE_TEXT,                                           \
			.max_bytes = 24 },                                           \
		{ .name = "reasoning_price",                                         \
			.type = SITE_TEXT,                                           \
			.max_bytes = 24 },                                           \
	{                                                                            \
		.name = "image_price", .type = SITE_TEXT, .max_bytes = 24            \
	}

/* What is not sent stays as `wanted` has it. ERR_BAD_FIELD. */
MUST_USE bool model_form_read(const struct site_request *request,
	struct model_change *wanted, struct error *err);

#endif
