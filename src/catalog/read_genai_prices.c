/*
 * read_genai_prices.c - genai-prices' data.json: providers with their models,
 * prices in dollars per million tokens, by size and by date.
 *
 * Where a price depends on the time of day, the one it names last counts, as
 * the list names the full one last: a call is rather charged too much than
 * too little.
 */
#include "catalog/reader.h"

#define SIZES 8

struct part {
	const char *member;
	size_t offset; /* in struct price */
};

#define PART(member, field)                           \
	{                                             \
		member, offsetof(struct price, field) \
	}

static const struct part parts[] = {
	PART("input_mtok", input_picousd),
	PART("output_mtok", output_picousd),
	PART("cache_read_mtok", cached_picousd),
	PART("cache_write_mtok", cache_write_picousd),
	PART("input_audio_mtok", audio_input_picousd),
	PART("output_audio_mtok", audio_output_picousd),
};

static bool is_one(struct json root);
static bool read(struct catalog_reader *r, struct json root);
static bool read_provider(struct catalog_reader *r,
	const struct family_name *family, struct json models);
static bool read_model(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m);
static void read_aliases(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m);
static size_t collect_names(struct catalog_reader *r, struct json match,
	struct str *names, size_t room);
static struct json prices_now(struct json prices, int64_t now_ms);
static bool read_prices(struct catalog_reader *r, struct catalog_entry *entry,
	struct json prices);
static size_t collect_sizes(struct json prices, int64_t sizes[SIZES]);
static bool read_size(struct catalog_reader *r, struct catalog_entry *entry,
	struct json prices, int64_t above);
static struct json amount_above(struct json amount, int64_t above);

const struct catalog_format catalog_genai_prices = { STR("genai-prices"),
	is_one, read };

static bool is_one(struct json root)
{
	struct json_cursor cursor = json_members(root);
	struct json_member item;

	return root.type == JSON_TYPE_ARRAY && json_next(&cursor, &item) &&
	       json_find(item.value, S("models")).type == JSON_TYPE_ARRAY;
}

static bool read(struct catalog_reader *r, struct json root)
{
	struct json_cursor cursor = json_members(root);
	struct json_member item;

	while (json_next(&cursor, &item)) {
		struct str id = reader_text(r, json_find(item.value, S("id")));
		const struct family_name *family = family_find(id);

		if (family && !read_provider(r, family,
				      json_find(item.value, S("models"))))
			return false;
	}
	return true;
}

static bool read_provider(struct catalog_reader *r,
	const struct family_name *family, struct json models)
{
	struct json_cursor cursor = json_members(models);
	struct json_member item;

	if (json_length(models) > CATALOG_ENTRIES_MAX)
		return error_refuse(r->err, ERR_TOO_LARGE, NULL,
			"The list has more than %d models of one provider.",
			CATALOG_ENTRIES_MAX);
	while (json_next(&cursor, &item)) {
		struct catalog_entry *entry;

		r->model = reader_text(r, json_find(item.value, S("id")));
		entry = reader_add(r, family->family, r->model);
		if (!entry)
			continue;
		entry->rank = family->rank;
		if (!read_model(r, entry, item.value))
			return false;
	}
	return true;
}

static bool read_model(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m)
{
	entry->context_tokens = reader_count(json_find(m, S("context_window")));
	entry->deprecated =
		json_find(m, S("deprecated")).type == JSON_TYPE_TRUE;
	entry->kind_known = reader_kind_by_name(entry->id, &entry->kind);
	read_aliases(r, entry, m);
	return read_prices(
		r, entry, prices_now(json_find(m, S("prices")), r->now_ms));
}

/* The names that it says are the same, word for word. */
static void read_aliases(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m)
{
	struct json match = json_find(m, S("match"));
	size_t room = 1 + json_length(json_find(match, S("or")));
	struct str *names = ARENA_ARRAY(r->arena, struct str, room);

	entry->alias_count = collect_names(r, match, names, room);
	entry->aliases = names;
}

static size_t collect_names(struct catalog_reader *r, struct json match,
	struct str *names, size_t room)
{
	struct json_cursor cursor = json_members(json_find(match, S("or")));
	struct json equals = json_find(match, S("equals"));
	struct json_member item;
	size_t count = 0;

	if (equals.type == JSON_TYPE_STRING && room > 0)
		names[count++] = reader_text(r, equals);
	while (count < room && json_next(&cursor, &item)) {
		equals = json_find(item.value, S("equals"));
		if (equals.type == JSON_TYPE_STRING)
			names[count++] = reader_text(r, equals);
	}
	return count;
}

/* An object of prices, or a list of them with what each depends on: the last
 * one that has begun holds. */
static struct json prices_now(struct json prices, int64_t now_ms)
{
	struct json_cursor cursor = json_members(prices);
	struct json found = { JSON_TYPE_NONE, { "", 0 } };
	struct json_member item;

	if (prices.type != JSON_TYPE_ARRAY)
		return prices;
	while (json_next(&cursor, &item)) {
		struct json constraint = json_find(item.value, S("constraint"));

		if (reader_date(json_find(constraint, S("start_date"))) <=
			now_ms)
			found = json_find(item.value, S("prices"));
	}
	return found;
}

static bool read_prices(struct catalog_reader *r, struct catalog_entry *entry,
	struct json prices)
{
	int64_t sizes[SIZES];
	size_t count = collect_sizes(prices, sizes);

	for (size_t i = 0; i < count; i++) {
		if (!read_size(r, entry, prices, sizes[i]))
			return false;
	}
	return true;
}

/* 0, then each prompt length from which any of its amounts changes. */
static size_t collect_sizes(struct json prices, int64_t sizes[SIZES])
{
	size_t count = 1;

	sizes[0] = 0;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct json part = json_find(prices, str_of(parts[i].member));
		struct json_cursor cursor =
			json_members(json_find(part, S("tiers")));
		struct json_member item;

		while (count < SIZES && json_next(&cursor, &item)) {
			int64_t start =
				reader_count(json_find(item.value, S("start")));
			bool known = start == 0;

			for (size_t j = 0; j < count; j++)
				known |= sizes[j] == start;
			if (!known)
				sizes[count++] = start;
		}
	}
	return count;
}

static bool read_size(struct catalog_reader *r, struct catalog_entry *entry,
	struct json prices, int64_t above)
{
	struct price price = price_none(), *added;

	price.input_picousd = price.output_picousd = PRICE_NONE;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct json amount = amount_above(
			json_find(prices, str_of(parts[i].member)), above);

		if (!reader_price_value(r, amount, parts[i].member,
			    PER_MILLION_TOKENS,
			    (int64_t *)(void *)((char *)&price +
						parts[i].offset)))
			return false;
	}
	if (!reader_price(r, prices, "requests_kcount", PER_THOUSAND_REQUESTS,
		    &price.request_picousd))
		return false;
	if (price.output_picousd == PRICE_NONE && entry->kind_known &&
		entry->kind != MODEL_IMAGE && entry->kind != MODEL_AUDIO)
		price.output_picousd = 0; /* they only read */
	if (price.input_picousd == PRICE_NONE ||
		price.output_picousd == PRICE_NONE)
		return true;
	added = catalog_entry_add_price(entry, r->arena, PRICE_ORDINARY, above);
	price.above_prompt_tokens = above;
	price.older = added->older;
	*added = price;
	return true;
}

/* A number, or {"base", "tiers": [{"start", "price"}]}. */
static struct json amount_above(struct json amount, int64_t above)
{
	struct json found = json_find(amount, S("base"));
	struct json_cursor cursor = json_members(json_find(amount, S("tiers")));
	int64_t best = 0;
	struct json_member item;

	if (amount.type != JSON_TYPE_OBJECT)
		return amount;
	while (json_next(&cursor, &item)) {
		int64_t start = reader_count(json_find(item.value, S("start")));

		if (start > best && start <= above) {
			best = start;
			found = json_find(item.value, S("price"));
		}
	}
	return found;
}
