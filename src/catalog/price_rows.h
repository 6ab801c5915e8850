/*
 * price_rows.h - the table prices: what holds now, and what begins now.
 *
 * A row is never changed. A price of a tier or size ends when a new row of
 * that tier and size begins; one that is no longer wanted gets a row with the
 * amounts that hold without it.
 */
#ifndef CATALOG_PRICE_ROWS_H
#define CATALOG_PRICE_ROWS_H

#include "base/error.h"
#include "catalog/price.h"
#include "db/pool.h"

/* Tiers and sizes that one model may have. */
#define PRICE_ROWS 32

/* The price of each tier and size that holds at that time. ERR_DATABASE, also
 * when there are more than PRICE_ROWS. */
MUST_USE bool price_rows_read(struct db *db, int64_t model_id, int64_t unix_ms,
	struct price rows[PRICE_ROWS], size_t *count, struct error *err);
/* Of these the one of that tier and size, or NULL. */
const struct price *price_rows_find(const struct price *rows, size_t count,
	enum price_tier tier, int64_t above_prompt_tokens);

/* One row, from that time on. `source`: see the table models. */
MUST_USE bool price_rows_add(struct db *db, int64_t model_id,
	const struct price *price, int64_t unix_ms, struct str source,
	struct error *err);
/* This price for all calls: also those of the tiers and sizes in `rows`. */
MUST_USE bool price_rows_write(struct db *db, int64_t model_id,
	const struct price *price, const struct price *rows, size_t count,
	int64_t unix_ms, struct str source, struct error *err);

#endif
