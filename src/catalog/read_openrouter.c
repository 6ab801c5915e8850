/*
 * read_openrouter.c - OpenRouter's list of models: prices are texts of dollars
 * for a token; "-1" stands for one that depends on where the call goes.
 */
#include "catalog/reader.h"

static bool is_one(struct json root);
static bool read(struct catalog_reader *r, struct json root);
static bool read_model(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m);
static void read_capabilities(struct catalog_entry *entry, struct json m);
static bool has(struct json list, struct str word);
static bool read_prices(struct catalog_reader *r, struct catalog_entry *entry,
	struct json pricing);

const struct catalog_format catalog_openrouter = { STR("openrouter"), is_one,
	read };

static bool is_one(struct json root)
{
	struct json data = json_find(root, S("data"));
	struct json_cursor cursor = json_members(data);
	struct json_member item;

	return data.type == JSON_TYPE_ARRAY && json_next(&cursor, &item) &&
	       json_find(item.value, S("pricing")).type == JSON_TYPE_OBJECT;
}

static bool read(struct catalog_reader *r, struct json root)
{
	struct json data = json_find(root, S("data"));
	struct json_cursor cursor = json_members(data);
	struct json_member item;

	if (json_length(data) > CATALOG_ENTRIES_MAX)
		return error_refuse(r->err, ERR_TOO_LARGE, NULL,
			"The list has more than %d models.",
			CATALOG_ENTRIES_MAX);
	while (json_next(&cursor, &item)) {
		struct catalog_entry *entry;

		r->model = reader_text(r, json_find(item.value, S("id")));
		if (!reader_is_name(r->model))
			continue;
		entry = catalog_entries_add(r->list, S("openrouter"), r->model);
		if (!read_model(r, entry, item.value))
			return false;
	}
	return true;
}

static bool read_model(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m)
{
	struct json architecture = json_find(m, S("architecture"));
	struct str *slug = ARENA_NEW(r->arena, struct str);

	entry->kind = MODEL_CHAT;
	entry->kind_known = true;
	entry->context_tokens = reader_count(json_find(m, S("context_length")));
	entry->max_output_tokens = reader_count(json_find(
		json_find(m, S("top_provider")), S("max_completion_tokens")));
	entry->input_modalities = reader_modalities(
		json_find(architecture, S("input_modalities")));
	entry->output_modalities = reader_modalities(
		json_find(architecture, S("output_modalities")));
	entry->deprecated_ms = reader_date(json_find(m, S("expiration_date")));
	entry->deprecated = entry->deprecated_ms > 0;
	*slug = reader_text(r, json_find(m, S("canonical_slug")));
	entry->aliases = slug;
	entry->alias_count = slug->n > 0;
	read_capabilities(entry, json_find(m, S("supported_parameters")));
	return read_prices(r, entry, json_find(m, S("pricing")));
}

static void read_capabilities(struct catalog_entry *entry, struct json list)
{
	static const struct {
		struct str word;
		unsigned flag;
	} words[] = {
		{ STR("tools"), MODEL_CAN_TOOLS },
		{ STR("structured_outputs"), MODEL_CAN_JSON_SCHEMA },
		{ STR("reasoning"), MODEL_CAN_REASON },
	};

	if (list.type != JSON_TYPE_ARRAY)
		return;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		entry->capabilities_known |= words[i].flag;
		if (has(list, words[i].word))
			entry->capabilities |= words[i].flag;
	}
}

static bool has(struct json list, struct str word)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	while (json_next(&cursor, &item)) {
		if (json_text_is(item.value, word))
			return true;
	}
	return false;
}

static bool read_prices(struct catalog_reader *r, struct catalog_entry *entry,
	struct json pricing)
{
	struct price price = price_none(), *added;

	if (json_text_is(json_find(pricing, S("prompt")), S("-1")) ||
		json_text_is(json_find(pricing, S("completion")), S("-1")))
		return true;
	price.input_picousd = price.output_picousd = PRICE_NONE;
	if (!reader_price(
		    r, pricing, "prompt", PER_TOKEN, &price.input_picousd) ||
		!reader_price(r, pricing, "completion", PER_TOKEN,
			&price.output_picousd) ||
		!reader_price(r, pricing, "input_cache_read", PER_TOKEN,
			&price.cached_picousd) ||
		!reader_price(r, pricing, "input_cache_write", PER_TOKEN,
			&price.cache_write_picousd) ||
		!reader_price(r, pricing, "internal_reasoning", PER_TOKEN,
			&price.reasoning_picousd) ||
		!reader_price(r, pricing, "audio", PER_TOKEN,
			&price.audio_input_picousd) ||
		!reader_price(r, pricing, "request", PER_REQUEST,
			&price.request_picousd))
		return false;
	if (price.input_picousd == PRICE_NONE ||
		price.output_picousd == PRICE_NONE)
		return true;
	added = catalog_entry_add_price(entry, r->arena, PRICE_ORDINARY, 0);
	*added = price;
	return true;
}
