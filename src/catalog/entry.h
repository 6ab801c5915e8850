/*
 * entry.h - what a public catalogue says of one model, in a neutral form, and
 * lists of such entries.
 *
 * An entry's identity is its provider's family (family.h) and the name that
 * provider gives it. What a catalogue does not say stays unknown, and another
 * one may fill it in.
 */
#ifndef CATALOG_ENTRY_H
#define CATALOG_ENTRY_H

#include "base/arena.h"
#include "catalog/model_kind.h"
#include "catalog/price.h"

/* More in one list are refused. */
#define CATALOG_ENTRIES_MAX 50000

struct catalog_entry {
	struct str family; /* as in "openai" */
	struct str id;     /* what the provider calls it */
	struct str source; /* the catalogue: "litellm" */
	/* Of two entries of one catalogue for one model the lower rank counts:
	 * one by the provider's own name before one by a related name. */
	unsigned rank;
	bool kind_known;
	enum model_kind kind;
	int64_t context_tokens;      /* 0: unknown */
	int64_t max_output_tokens;   /* 0: unknown */
	unsigned input_modalities;   /* 0: unknown */
	unsigned output_modalities;  /* 0: unknown */
	unsigned capabilities;       /* MODEL_CAN_*, ... */
	unsigned capabilities_known; /* ...of those it says anything about */
	int64_t quality;             /* 0-100, -1: unknown */
	struct str quality_source;
	int64_t speed_tps;     /* 0: unknown */
	bool deprecated;       /* it is going, or gone */
	int64_t deprecated_ms; /* since or from when; 0: it does not say */
	/* By `older`: one for each tier and size, the ordinary one first; NULL:
	 * it tells none. */
	struct price *prices;
	const struct str *aliases; /* other names of the same model */
	size_t alias_count;
	size_t order; /* in which it was read */
};

struct catalog_entries {
	struct arena *arena;
	struct catalog_entry **items;
	size_t count;
	size_t capacity;
};

/* An empty list whose entries live in the arena. */
void catalog_entries_init(struct catalog_entries *list, struct arena *arena);
/* A new entry about which nothing is known. */
struct catalog_entry *catalog_entries_add(
	struct catalog_entries *list, struct str family, struct str id);

/*
 * Order the list by family and id, as catalog_entries_find() wants it, and
 * keep one entry of each: that of the lowest rank, of equals the first.
 */
void catalog_entries_sort(struct catalog_entries *list);
/* The entry of that model, or NULL. */
struct catalog_entry *catalog_entries_find(
	const struct catalog_entries *list, struct str family, struct str id);
/*
 * The same by its other names: an alias in the list; for a dated name
 * ("gpt-4o-2024-08-06") the one without date; for a name without date the
 * newest dated one.
 */
struct catalog_entry *catalog_entries_find_like(
	const struct catalog_entries *list, struct str family, struct str id);

/*
 * Add what `from` says of models that `into` has not, and fill in what `into`
 * does not know of those it has. A price is taken whole, never put together of
 * two catalogues; only service tiers may be added, where both agree on the
 * ordinary price. Both lists are sorted, and so is the result.
 */
void catalog_entries_merge(
	struct catalog_entries *into, const struct catalog_entries *from);

/* The price of that tier and size, or NULL. */
struct price *catalog_entry_price(const struct catalog_entry *entry,
	enum price_tier tier, int64_t above_prompt_tokens);
/* The same, made when it is not there, at its place in the list. */
struct price *catalog_entry_add_price(struct catalog_entry *entry,
	struct arena *arena, enum price_tier tier, int64_t above_prompt_tokens);

#endif
