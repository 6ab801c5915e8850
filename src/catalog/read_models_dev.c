/*
 * read_models_dev.c - models.dev's api.json: providers with their models,
 * prices in dollars per million tokens, those of long prompts in "tiers".
 */
#include "catalog/reader.h"

static bool is_one(struct json root);
static bool read(struct catalog_reader *r, struct json root);
static bool read_provider(struct catalog_reader *r,
	const struct family_name *family, struct json models);
static bool read_model(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m);
static void find_kind(struct catalog_entry *entry, struct str family);
static bool read_cost(struct catalog_reader *r, struct catalog_entry *entry,
	struct json cost);
static bool read_tiers(struct catalog_reader *r, struct catalog_entry *entry,
	struct json cost);
static bool read_price(struct catalog_reader *r, struct catalog_entry *entry,
	struct json cost, int64_t above);

const struct catalog_format catalog_models_dev = { STR("models.dev"), is_one,
	read };

static bool is_one(struct json root)
{
	struct json_cursor cursor = json_members(root);
	struct json_member member;

	if (root.type != JSON_TYPE_OBJECT)
		return false;
	while (json_next(&cursor, &member)) {
		if (json_find(member.value, S("models")).type ==
			JSON_TYPE_OBJECT)
			return true;
	}
	return false;
}

static bool read(struct catalog_reader *r, struct json root)
{
	struct json_cursor cursor = json_members(root);
	struct json_member member;

	if (!reader_check_names(r, root, "its providers"))
		return false;
	while (json_next(&cursor, &member)) {
		const struct family_name *family =
			family_find(reader_name(r, member));
		struct json models = json_find(member.value, S("models"));

		if (family && !read_provider(r, family, models))
			return false;
	}
	return true;
}

static bool read_provider(struct catalog_reader *r,
	const struct family_name *family, struct json models)
{
	struct json_cursor cursor = json_members(models);
	struct json_member member;

	if (!reader_check_names(r, models, "the models of one provider"))
		return false;
	while (json_next(&cursor, &member)) {
		struct catalog_entry *entry;

		r->model = reader_name(r, member);
		if (member.value.type != JSON_TYPE_OBJECT)
			return reader_refuse(r, "it is no object but %s",
				json_type_name(member.value.type));
		entry = reader_add(r, family->family, r->model);
		if (!entry)
			continue;
		entry->rank = family->rank;
		if (!read_model(r, entry, member.value))
			return false;
	}
	return true;
}

static bool read_model(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m)
{
	struct json limit = json_find(m, S("limit"));
	struct json modalities = json_find(m, S("modalities"));

	entry->context_tokens = reader_count(json_find(limit, S("context")));
	entry->max_output_tokens = reader_count(json_find(limit, S("output")));
	entry->input_modalities =
		reader_modalities(json_find(modalities, S("input")));
	entry->output_modalities =
		reader_modalities(json_find(modalities, S("output")));
	reader_capability(entry, MODEL_CAN_TOOLS, json_find(m, S("tool_call")));
	reader_capability(entry, MODEL_CAN_JSON_SCHEMA,
		json_find(m, S("structured_output")));
	reader_capability(
		entry, MODEL_CAN_REASON, json_find(m, S("reasoning")));
	entry->deprecated =
		json_text_is(json_find(m, S("status")), S("deprecated"));
	find_kind(entry, reader_text(r, json_find(m, S("family"))));
	return read_cost(r, entry, json_find(m, S("cost")));
}

/* It does not say; only chats both read and write text. */
static void find_kind(struct catalog_entry *entry, struct str family)
{
	entry->kind_known = true;
	if (reader_kind_by_name(entry->id, &entry->kind) ||
		reader_kind_by_name(family, &entry->kind))
		return;
	entry->kind = MODEL_CHAT;
	if (entry->output_modalities & MODALITY_TEXT &&
		!(entry->input_modalities & MODALITY_TEXT))
		entry->kind = MODEL_AUDIO;
	else if (entry->output_modalities == MODALITY_IMAGE)
		entry->kind = MODEL_IMAGE;
	else if (entry->output_modalities == MODALITY_AUDIO)
		entry->kind = MODEL_AUDIO;
	else if (entry->output_modalities == MODALITY_VIDEO)
		entry->kind_known = false; /* no route of ours */
}

static bool read_cost(
	struct catalog_reader *r, struct catalog_entry *entry, struct json cost)
{
	if (!read_price(r, entry, cost, 0))
		return false;
	return !entry->prices || read_tiers(r, entry, cost);
}

/* Older texts have one object for what is above 200,000. */
static bool read_tiers(
	struct catalog_reader *r, struct catalog_entry *entry, struct json cost)
{
	struct json_cursor cursor = json_members(json_find(cost, S("tiers")));
	struct json above = json_find(cost, S("context_over_200k"));
	struct json_member item;

	if (above.type == JSON_TYPE_OBJECT &&
		!read_price(r, entry, above, 200000))
		return false;
	while (json_next(&cursor, &item)) {
		struct json tier = json_find(item.value, S("tier"));
		struct json type = json_find(tier, S("type"));
		int64_t size = reader_count(json_find(tier, S("size")));

		if (size > 0 &&
			(type.type == JSON_TYPE_NONE ||
				json_text_is(type, S("context"))) &&
			!read_price(r, entry, item.value, size))
			return false;
	}
	return true;
}

static bool read_price(struct catalog_reader *r, struct catalog_entry *entry,
	struct json cost, int64_t above)
{
	const struct price *ordinary =
		catalog_entry_price(entry, PRICE_ORDINARY, 0);
	struct price price = price_none(), *added;

	price.input_picousd = price.output_picousd = PRICE_NONE;
	if (!reader_price(r, cost, "input", PER_MILLION_TOKENS,
		    &price.input_picousd) ||
		!reader_price(r, cost, "output", PER_MILLION_TOKENS,
			&price.output_picousd) ||
		!reader_price(r, cost, "cache_read", PER_MILLION_TOKENS,
			&price.cached_picousd) ||
		!reader_price(r, cost, "cache_write", PER_MILLION_TOKENS,
			&price.cache_write_picousd) ||
		!reader_price(r, cost, "reasoning", PER_MILLION_TOKENS,
			&price.reasoning_picousd) ||
		!reader_price(r, cost, "input_audio", PER_MILLION_TOKENS,
			&price.audio_input_picousd) ||
		!reader_price(r, cost, "output_audio", PER_MILLION_TOKENS,
			&price.audio_output_picousd))
		return false;
	if (price.output_picousd == PRICE_NONE && ordinary)
		price.output_picousd = ordinary->output_picousd;
	if (price.input_picousd == PRICE_NONE ||
		price.output_picousd == PRICE_NONE)
		return true;
	added = catalog_entry_add_price(entry, r->arena, PRICE_ORDINARY, above);
	price.above_prompt_tokens = above;
	price.older = added->older;
	*added = price;
	return true;
}
