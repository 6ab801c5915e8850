/*
 * read_own.c - our own catalogue, conf/models.json: written by
 * catalog_entries_write() and read here. Prices are texts of dollars per
 * million tokens.
 */
#include "catalog/own.h"

#include "catalog/reader.h"

static bool is_one(struct json root);
static bool read(struct catalog_reader *r, struct json root);
static bool read_model(
	struct catalog_reader *r, struct str family, struct json m);
static bool read_kind(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m);
static bool read_quality(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m);
static bool read_price(struct catalog_reader *r, struct catalog_entry *entry,
	struct json object);

const struct catalog_format catalog_own = { STR(OWN_FORMAT), is_one, read };

static bool is_one(struct json root)
{
	return json_text_is(json_find(root, S("format")), S(OWN_FORMAT)) &&
	       json_find(root, S("models")).type == JSON_TYPE_ARRAY;
}

static bool read(struct catalog_reader *r, struct json root)
{
	struct json models = json_find(root, S("models"));
	struct json_cursor cursor = json_members(models);
	struct json_member item;

	if (json_length(models) > CATALOG_ENTRIES_MAX)
		return error_refuse(r->err, ERR_TOO_LARGE, NULL,
			"The list has more than %d models.",
			CATALOG_ENTRIES_MAX);
	while (json_next(&cursor, &item)) {
		struct str provider =
			reader_text(r, json_find(item.value, S("provider")));
		const struct family_name *family = family_find(provider);

		r->model = reader_text(r, json_find(item.value, S("id")));
		if (!reader_is_name(r->model))
			return reader_refuse(r, "that is no model's name");
		if (!family)
			return reader_refuse(r, "there is no provider '%.*s'",
				STR_ARG(str_head(provider, 64)));
		if (!read_model(r, family->family, item.value))
			return false;
	}
	return true;
}

static bool read_model(
	struct catalog_reader *r, struct str family, struct json m)
{
	struct catalog_entry *entry =
		catalog_entries_add(r->list, family, r->model);
	struct json_cursor cursor = json_members(json_find(m, S("prices")));
	struct json can = json_find(m, S("can"));
	struct json cannot = json_find(m, S("cannot"));
	struct json_member item;

	entry->context_tokens = reader_count(json_find(m, S("context")));
	entry->max_output_tokens = reader_count(json_find(m, S("max_output")));
	entry->input_modalities = reader_modalities(json_find(m, S("input")));
	entry->output_modalities = reader_modalities(json_find(m, S("output")));
	entry->capabilities = flags_read_json(capability_names, can);
	entry->capabilities_known =
		entry->capabilities | flags_read_json(capability_names, cannot);
	entry->speed_tps = reader_count(json_find(m, S("speed")));
	entry->deprecated_ms = reader_date(json_find(m, S("deprecated")));
	entry->deprecated =
		entry->deprecated_ms > 0 ||
		json_find(m, S("deprecated")).type == JSON_TYPE_TRUE;
	if (!read_kind(r, entry, m) || !read_quality(r, entry, m))
		return false;
	while (json_next(&cursor, &item)) {
		if (!read_price(r, entry, item.value))
			return false;
	}
	return true;
}

static bool read_kind(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m)
{
	struct json kind = json_find(m, S("kind"));
	struct error ignored;

	entry->kind_known = kind.type != JSON_TYPE_NONE;
	if (!entry->kind_known ||
		model_kind_read(reader_text(r, kind), &entry->kind, &ignored))
		return true;
	return reader_refuse(r, "its kind is not known here");
}

static bool read_quality(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m)
{
	struct json quality = json_find(m, S("quality"));

	if (quality.type == JSON_TYPE_NONE)
		return true;
	entry->quality_source =
		reader_text(r, json_find(m, S("quality_source")));
	if (!json_int(quality, &entry->quality) || entry->quality < 0 ||
		entry->quality > 100 || entry->quality_source.n == 0)
		return reader_refuse(
			r, "quality is 0 to 100 and has a quality_source");
	return true;
}

static bool read_price(struct catalog_reader *r, struct catalog_entry *entry,
	struct json object)
{
	struct price price = price_none(), *added;

	price.input_picousd = price.output_picousd = PRICE_NONE;
	for (size_t i = 0; i < own_price_part_count; i++) {
		const struct own_price_part *part = &own_price_parts[i];

		if (!reader_price(r, object, part->name,
			    part->is_per_token ? PER_MILLION_TOKENS : PER_IMAGE,
			    own_price_part(&price, part)))
			return false;
	}
	if (price.input_picousd == PRICE_NONE ||
		price.output_picousd == PRICE_NONE)
		return reader_refuse(r, "a price has no input or no output");
	price.tier =
		price_tier_of(reader_text(r, json_find(object, S("tier"))));
	price.above_prompt_tokens = reader_count(json_find(object, S("above")));
	added = catalog_entry_add_price(
		entry, r->arena, price.tier, price.above_prompt_tokens);
	price.older = added->older;
	*added = price;
	return true;
}
