/*
 * sync_json.h - what the catalogue's updater changed, or would change, as
 * pages show it.
 */
#ifndef SITE_PAGES_SYNC_JSON_H
#define SITE_PAGES_SYNC_JSON_H

#include "catalog/sync_record.h"
#include "site/format.h"

/* [{"id","time","source","provider","model","kind","before","after","facts"}];
 * `facts` are the members that differ: [{"name","before","after"}]. */
json_t *sync_json_changes(struct site_request *request,
	const struct sync_history_row *rows, size_t count);
/* The same of a plan, at most `limit` of what the history would keep. */
json_t *sync_json_plan(struct site_request *request,
	const struct sync_plan *plan, size_t limit);
/* {"added","changed","deprecated","prices_changed"} */
json_t *sync_json_counts(
	const struct format *format, const size_t counts[SYNC_CHANGE_KINDS]);
json_t *sync_json_runs(const struct site_request *request,
	const struct sync_run *runs, size_t count);

#endif
