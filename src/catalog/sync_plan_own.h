/*
 * sync_plan_own.h - what sync_plan.c and sync_prices.c share.
 */
#ifndef CATALOG_SYNC_PLAN_OWN_H
#define CATALOG_SYNC_PLAN_OWN_H

#include "catalog/sync.h"

#define SYNC_MAX_JSON_BYTES (64 * 1024)

/* --- sync_plan.c --- */

/* One more in the plan, to be filled in. */
struct sync_change *sync_plan_change(struct sync_plan *plan,
	enum sync_change_kind kind, const struct provider *provider,
	const struct model *model);

/* --- sync_prices.c --- */

/* Those of the entry, and those that hold now and are not in it any more.
 * ERR_BAD_FIELD: one changes beyond belief. */
MUST_USE bool sync_plan_prices(struct sync_plan *plan,
	const struct model *model, const struct catalog_entry *entry,
	struct error *err);
/* `next` in place of `now` (NULL: there is none), when they differ; as JSON
 * to the lists `before` and `after`. */
void sync_plan_price(struct sync_plan *plan, struct sync_change *change,
	const struct price *now, const struct price *next, struct buf *before,
	struct buf *after);

#endif
