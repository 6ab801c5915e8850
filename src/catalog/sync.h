/*
 * sync.h - brings the models of this installation to what public catalogues
 * say of them, in two steps: a plan, which writes nothing, and its
 * application, in the caller's transaction.
 *
 * What it touches: models that came from a catalogue (source other than
 * 'manual'), of providers whose family (family.h) it knows. A price that
 * differs becomes valid now; a model that its catalogue no longer has is
 * marked deprecated; nothing is deleted, and a model that was disabled stays
 * so. New models are added to a provider that already has one from a
 * catalogue, and to those that the request names.
 *
 * What is not plausible is refused as a whole (ERR_BAD_FIELD, saying why): a
 * catalogue with less than half of the models it had, more than half of a
 * provider's models gone, a price twenty times or a twentieth of what it is.
 */
#ifndef CATALOG_SYNC_H
#define CATALOG_SYNC_H

#include "catalog/catalog.h"
#include "catalog/entry.h"
#include "catalog/fetch.h"
#include "catalog/format.h"

#define SYNC_SOURCES_MAX 8

/* One catalogue that was read. */
struct sync_source {
	struct catalog_text text;
	const struct catalog_format *format;
	size_t models; /* that it has of providers we know */
};

struct sync_request {
	bool adds_all;      /* models of every known provider */
	struct str adds_to; /* models of this provider; "": of none */
	bool only_adds;     /* change nothing of models that are there */
	bool allow_large_changes;
	int64_t now_ms;
};

enum sync_change_kind {
	SYNC_ADDED,
	SYNC_CHANGED,
	SYNC_DEPRECATED,
	SYNC_PRICE,
	SYNC_SOURCE,      /* another catalogue has it now: no news to anybody */
	SYNC_CHANGE_KINDS /* how many */
};

/* What a model is to be. */
struct model_facts {
	enum model_kind kind;
	int64_t context_tokens;
	int64_t max_output_tokens;
	unsigned input_modalities;
	unsigned output_modalities;
	unsigned capabilities;
	int64_t quality; /* or QUALITY_UNKNOWN */
	struct str quality_source;
	int64_t speed_tps;
	int64_t deprecated_ms;
};

struct sync_change {
	enum sync_change_kind kind;
	const struct provider *provider;
	const struct model *model; /* NULL: it is added */
	struct str name;
	struct str source;
	struct str before_json; /* "" : nothing was there */
	struct str after_json;
	struct model_facts facts;   /* not of SYNC_PRICE and SYNC_SOURCE */
	const struct price *prices; /* that begin now, by `older` */
};

struct sync_plan {
	struct arena *arena;
	const struct catalog *catalog;
	const struct catalog_entries *entries;
	const struct sync_request *request;
	struct sync_change *changes;
	size_t count;
	size_t capacity;
	size_t counts[SYNC_CHANGE_KINDS];
};

/* "model_added", "model_changed", "model_deprecated", "price_changed"; NULL of
 * what the history does not keep. */
const char *sync_change_kind_name(enum sync_change_kind kind);
/* How many of its changes the history will keep. */
size_t sync_plan_news(const struct sync_plan *plan);

/*
 * What would have to change, in plan->changes: views of catalogue, entries
 * and sources, or in the arena. ERR_BAD_FIELD: it is not plausible;
 * ERR_NOT_FOUND: there is no provider adds_to, or nothing is known of it.
 */
MUST_USE bool sync_plan_make(struct sync_plan *plan, struct arena *arena,
	const struct catalog *catalog, const struct catalog_entries *entries,
	const struct sync_source *sources, size_t source_count,
	const struct sync_request *request, struct error *err);

/* Refuse a text that has less than half of the models that the last one of its
 * format had, unless the request allows it. ERR_BAD_FIELD. */
MUST_USE bool sync_check_sizes(struct db *db, const struct sync_source *sources,
	size_t source_count, const struct sync_request *request,
	struct error *err);

/* Write it, and that it was done; *sync_id is the row of catalog_syncs. */
MUST_USE bool sync_plan_apply(struct db *db, const struct sync_plan *plan,
	const struct sync_source *sources, size_t source_count,
	int64_t started_ms, int64_t *sync_id, struct error *err);

#endif
