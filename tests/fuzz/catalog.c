/*
 * catalog.c - any bytes into the readers of catalogues.
 *
 * What is accepted holds its promises: sorted, no model twice, names that can
 * be ours, prices of which none is negative and the first is the ordinary one.
 * Written in our own form it is read again, and written again the same.
 */
#include "catalog/own.h"

#include "base/money.h"
#include "catalog/format.h"

#define MAX_BYTES (64u << 20)
/* 2026-11-21: what is dated must not depend on when this runs. */
#define NOW_MS INT64_C(1795219200000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(const struct catalog_entries *list);
static void check_entry(const struct catalog_entry *entry);
static void write_twice(
	const struct catalog_entries *list, struct arena *arena);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	const struct catalog_format *format = NULL;
	struct catalog_entries list;
	struct error err = ERROR_INIT;
	struct arena arena;

	arena_init(&arena, 4096);
	catalog_entries_init(&list, &arena);
	if (catalog_read(text, NOW_MS, &format, &list, &err)) {
		check_list(&list);
		write_twice(&list, &arena);
	} else {
		assert(err.kind != ERR_NONE && error_message(&err)[0]);
	}
	arena_release(&arena);
	return 0;
}

static void check_list(const struct catalog_entries *list)
{
	assert(list->count > 0);
	for (size_t i = 0; i < list->count; i++) {
		const struct catalog_entry *entry = list->items[i];

		assert(catalog_entries_find(list, entry->family, entry->id) ==
			entry);
		check_entry(entry);
	}
}

static void check_entry(const struct catalog_entry *entry)
{
	assert(entry->id.n > 0 && entry->id.n <= 191);
	assert(entry->context_tokens >= 0 && entry->max_output_tokens >= 0);
	assert(!entry->prices ||
		(entry->prices->tier == PRICE_ORDINARY &&
			entry->prices->above_prompt_tokens == 0));
	assert(price_prior(entry) <= 95);
	for (const struct price *p = entry->prices; p; p = p->older) {
		assert(p->input_picousd >= 0 && p->output_picousd >= 0);
		assert(p->input_picousd <= PICOUSD_PER_USD / 100);
		assert(p->cached_picousd >= PRICE_NONE);
		assert(p->request_picousd >= 0);
	}
}

static void write_twice(const struct catalog_entries *list, struct arena *arena)
{
	struct buf first = BUF_INIT(MAX_BYTES), second = BUF_INIT(MAX_BYTES);
	const struct catalog_format *format = NULL;
	struct catalog_entries again;
	struct error err = ERROR_INIT;
	bool ok;

	catalog_entries_write(list, NULL, 0, &first);
	assert(!first.failed);
	catalog_entries_init(&again, arena);
	ok = catalog_read(buf_str(&first), NOW_MS, &format, &again, &err);
	assert(ok && again.count == list->count);
	catalog_entries_write(&again, NULL, 0, &second);
	assert(str_equal(buf_str(&first), buf_str(&second)));
	buf_release(&first);
	buf_release(&second);
}
