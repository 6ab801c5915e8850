/*
 * own.h - our own form of a catalogue: conf/models.json.
 *
 *	{"format": "llm-gateway", "about": "...", "sources": ["..."],
 *	 "models": [
 *	{"provider": "openai", "id": "gpt-4o", "kind": "chat",
 *	 "context": 128000, "max_output": 16384,
 *	 "input": ["text", "image"], "output": ["text"],
 *	 "can": ["tools"], "cannot": ["reasoning"],
 *	 "quality": 81, "quality_source": "price prior", "speed": 120,
 *	 "deprecated": "2026-10-01",
 *	 "prices": [{"input": "2.5", "output": "10", "cached": "1.25"},
 *	            {"tier": "batch", "above": 200000, ...}]},
 *
 * One model is one line, so that changes can be read. What is not known is
 * left out. Prices are US dollars for a million tokens ("image_input",
 * "image_output" for an image, "request" for a call) as texts, so that nobody
 * makes a float of them. "deprecated" is a date, or true where none is known.
 */
#ifndef CATALOG_OWN_H
#define CATALOG_OWN_H

#include "base/buf.h"
#include "catalog/entry.h"

#define OWN_FORMAT "llm-gateway"
/* What a quality that price_prior() gave is marked with. */
#define QUALITY_PRICE_PRIOR "price prior"

struct own_price_part {
	const char *name;
	size_t offset; /* in struct price */
	bool is_per_token;
};

extern const struct own_price_part own_price_parts[];
extern const size_t own_price_part_count;

/* The amount in the price. */
int64_t *own_price_part(struct price *price, const struct own_price_part *part);

/*
 * A guess at a chat model's quality (5 to 95) from its price; -1 where there is
 * none to make, as where images or sound are what is paid for. Providers ask
 * more for what is better: with P dollars for a million tokens, three of prompt
 * and one of answer mixed, it is 40 + 10 * log2(4 * P). It says nothing about
 * two models of one price; a measured figure is always better.
 */
int64_t price_prior(const struct catalog_entry *entry);

/* Append the list in that form; `sources` are the texts it was made from. */
void catalog_entries_write(const struct catalog_entries *list,
	const struct str *sources, size_t source_count, struct buf *out);
/* A price alone, as an object of that form. */
void catalog_price_write(const struct price *price, struct buf *out);

#endif
