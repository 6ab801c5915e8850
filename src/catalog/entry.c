/*
 * entry.c - lists of entries: sorted, searched, merged.
 */
#include "catalog/entry.h"

static int compare(
	const struct catalog_entry *entry, struct str family, struct str id);
static int by_identity(const void *a, const void *b);
static size_t first_not_below(
	const struct catalog_entries *list, struct str family, struct str id);
static struct catalog_entry *find_alias(
	const struct catalog_entries *list, struct str family, struct str id);
static struct catalog_entry *find_newest_dated(
	const struct catalog_entries *list, struct str family, struct str id);
static struct str without_date(struct str id);
static bool is_digits(struct str text);
static void fill_in(struct catalog_entry *entry,
	const struct catalog_entry *from, struct arena *arena);
static void fill_in_tiers(struct catalog_entry *entry,
	const struct catalog_entry *from, struct arena *arena);
static void append(struct catalog_entries *list, struct catalog_entry *entry);

void catalog_entries_init(struct catalog_entries *list, struct arena *arena)
{
	*list = (struct catalog_entries){ .arena = arena };
}

struct catalog_entry *catalog_entries_add(
	struct catalog_entries *list, struct str family, struct str id)
{
	struct catalog_entry *entry =
		ARENA_NEW(list->arena, struct catalog_entry);

	entry->family = family;
	entry->id = id;
	entry->quality = -1;
	entry->order = list->count;
	append(list, entry);
	return entry;
}

void catalog_entries_sort(struct catalog_entries *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->items, list->count, sizeof(list->items[0]), by_identity);
	for (size_t i = 0; i < list->count; i++) {
		struct catalog_entry *entry = list->items[i];

		if (kept == 0 || compare(list->items[kept - 1], entry->family,
					 entry->id) != 0)
			list->items[kept++] = entry;
	}
	list->count = kept;
}

struct catalog_entry *catalog_entries_find(
	const struct catalog_entries *list, struct str family, struct str id)
{
	size_t at = first_not_below(list, family, id);

	if (at == list->count || compare(list->items[at], family, id) != 0)
		return NULL;
	return list->items[at];
}

struct catalog_entry *catalog_entries_find_like(
	const struct catalog_entries *list, struct str family, struct str id)
{
	struct str undated = without_date(id);
	struct catalog_entry *found = catalog_entries_find(list, family, id);

	if (!found)
		found = find_alias(list, family, id);
	if (!found && undated.n < id.n)
		found = catalog_entries_find(list, family, undated);
	if (!found && undated.n == id.n)
		found = find_newest_dated(list, family, id);
	return found;
}

void catalog_entries_merge(
	struct catalog_entries *into, const struct catalog_entries *from)
{
	size_t had = into->count;

	for (size_t i = 0; i < from->count; i++) {
		const struct catalog_entry *entry = from->items[i];
		struct catalog_entries before = *into;
		struct catalog_entry *own;

		before.count = had;
		own = catalog_entries_find(&before, entry->family, entry->id);
		if (own) {
			fill_in(own, entry, into->arena);
			continue;
		}
		own = catalog_entries_add(into, entry->family, entry->id);
		*own = *entry;
		own->order = into->count;
	}
	catalog_entries_sort(into);
}

struct price *catalog_entry_price(const struct catalog_entry *entry,
	enum price_tier tier, int64_t above_prompt_tokens)
{
	const struct price *price = entry->prices;

	while (price && (price->tier != tier || price->above_prompt_tokens !=
							above_prompt_tokens))
		price = price->older;
	return (struct price *)price;
}

struct price *catalog_entry_add_price(struct catalog_entry *entry,
	struct arena *arena, enum price_tier tier, int64_t above_prompt_tokens)
{
	struct price *price =
		catalog_entry_price(entry, tier, above_prompt_tokens);
	struct price *before = NULL, *next = entry->prices;

	if (price)
		return price;
	while (next &&
		(next->tier < tier ||
			(next->tier == tier && next->above_prompt_tokens <
						       above_prompt_tokens))) {
		before = next;
		next = (struct price *)next->older;
	}
	price = ARENA_NEW(arena, struct price);
	*price = price_none();
	price->tier = tier;
	price->above_prompt_tokens = above_prompt_tokens;
	price->older = next;
	if (before)
		before->older = price;
	else
		entry->prices = price;
	return price;
}

static int compare(
	const struct catalog_entry *entry, struct str family, struct str id)
{
	int order = str_compare(entry->family, family);

	return order ? order : str_compare(entry->id, id);
}

static int by_identity(const void *a, const void *b)
{
	const struct catalog_entry *const *first = a;
	const struct catalog_entry *const *second = b;
	int order = compare(*first, (*second)->family, (*second)->id);

	if (order != 0)
		return order;
	if ((*first)->rank != (*second)->rank)
		return (*first)->rank < (*second)->rank ? -1 : 1;
	return ((*first)->order > (*second)->order) -
	       ((*first)->order < (*second)->order);
}

static size_t first_not_below(
	const struct catalog_entries *list, struct str family, struct str id)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(list->items[middle], family, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct catalog_entry *find_alias(
	const struct catalog_entries *list, struct str family, struct str id)
{
	for (size_t i = first_not_below(list, family, (struct str){ "", 0 });
		i < list->count && str_equal(list->items[i]->family, family);
		i++) {
		struct catalog_entry *entry = list->items[i];

		for (size_t j = 0; j < entry->alias_count; j++) {
			if (str_equal(entry->aliases[j], id))
				return entry;
		}
	}
	return NULL;
}

/* They follow the name in the list; the last is the newest, as both forms of
 * dates sort. */
static struct catalog_entry *find_newest_dated(
	const struct catalog_entries *list, struct str family, struct str id)
{
	struct catalog_entry *found = NULL;

	for (size_t i = first_not_below(list, family, id);
		i < list->count && str_equal(list->items[i]->family, family) &&
		str_starts(list->items[i]->id, id);
		i++) {
		if (str_equal(without_date(list->items[i]->id), id))
			found = list->items[i];
	}
	return found;
}

/* "x-2024-08-06" and "x-20240806" without what follows x; else as it is. */
static struct str without_date(struct str id)
{
	struct str tail = str_from(id, id.n > 11 ? id.n - 11 : id.n);

	if (tail.n == 11 && tail.p[0] == '-' && tail.p[5] == '-' &&
		tail.p[8] == '-' && is_digits(str_head(str_from(tail, 1), 4)) &&
		is_digits(str_head(str_from(tail, 6), 2)) &&
		is_digits(str_from(tail, 9)))
		return str_head(id, id.n - 11);
	tail = str_from(id, id.n > 9 ? id.n - 9 : id.n);
	if (tail.n == 9 && tail.p[0] == '-' && tail.p[1] == '2' &&
		is_digits(str_from(tail, 1)))
		return str_head(id, id.n - 9);
	return id;
}

static bool is_digits(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	}
	return true;
}

static void fill_in(struct catalog_entry *entry,
	const struct catalog_entry *from, struct arena *arena)
{
	unsigned news = from->capabilities_known & ~entry->capabilities_known;

	if (!entry->kind_known) {
		entry->kind_known = from->kind_known;
		entry->kind = from->kind;
	}
	if (entry->context_tokens == 0)
		entry->context_tokens = from->context_tokens;
	if (entry->max_output_tokens == 0)
		entry->max_output_tokens = from->max_output_tokens;
	if (entry->input_modalities == 0)
		entry->input_modalities = from->input_modalities;
	if (entry->output_modalities == 0)
		entry->output_modalities = from->output_modalities;
	entry->capabilities |= from->capabilities & news;
	entry->capabilities_known |= news;
	if (entry->quality < 0) {
		entry->quality = from->quality;
		entry->quality_source = from->quality_source;
	}
	if (entry->speed_tps == 0)
		entry->speed_tps = from->speed_tps;
	entry->deprecated |= from->deprecated;
	if (entry->deprecated_ms == 0)
		entry->deprecated_ms = from->deprecated_ms;
	if (entry->alias_count == 0) {
		entry->aliases = from->aliases;
		entry->alias_count = from->alias_count;
	}
	if (entry->prices)
		fill_in_tiers(entry, from, arena);
	else
		entry->prices = from->prices;
}

static void fill_in_tiers(struct catalog_entry *entry,
	const struct catalog_entry *from, struct arena *arena)
{
	const struct price *own = entry->prices, *their = from->prices;
	bool has[PRICE_TIERS] = { false };

	if (!their || own->tier != PRICE_ORDINARY ||
		their->tier != PRICE_ORDINARY ||
		own->input_picousd != their->input_picousd ||
		own->output_picousd != their->output_picousd)
		return;
	for (const struct price *p = own; p; p = p->older)
		has[p->tier] = true;
	for (const struct price *p = their; p; p = p->older) {
		struct price *added, *next;

		if (has[p->tier])
			continue;
		added = catalog_entry_add_price(
			entry, arena, p->tier, p->above_prompt_tokens);
		next = (struct price *)added->older;
		*added = *p;
		added->older = next;
	}
}

static void append(struct catalog_entries *list, struct catalog_entry *entry)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 256;
		struct catalog_entry **items = ARENA_ARRAY(
			list->arena, struct catalog_entry *, capacity);

		if (list->count)
			memcpy(items, list->items,
				list->count * sizeof(items[0]));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = entry;
}
