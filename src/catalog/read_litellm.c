/*
 * read_litellm.c - LiteLLM's price map: an object of models, prices in dollars
 * for a token, a tier or a size in the name of a price's member
 * ("input_cost_per_token_above_200k_tokens_priority").
 */
#include "catalog/reader.h"

#define MOST_HOUR_FACTOR 4

/* A member of the price list, as a stem that tiers and sizes follow. */
struct part {
	const char *stem;
	size_t offset; /* in struct price */
};

#define PART(stem, field)                           \
	{                                           \
		stem, offsetof(struct price, field) \
	}

static const struct part parts[] = {
	PART("input_cost_per_token", input_picousd),
	PART("output_cost_per_token", output_picousd),
	PART("cache_read_input_token_cost", cached_picousd),
	PART("cache_creation_input_token_cost", cache_write_picousd),
	PART("cache_creation_input_token_cost_above_1hr",
		cache_write_1h_picousd),
	PART("output_cost_per_reasoning_token", reasoning_picousd),
	PART("input_cost_per_audio_token", audio_input_picousd),
	PART("output_cost_per_audio_token", audio_output_picousd),
};

/* The first is what there is without a suffix. */
static const struct {
	const char *suffix;
	int64_t above;
} sizes[] = {
	{ "", 0 },
	{ "_above_128k_tokens", 128000 },
	{ "_above_200k_tokens", 200000 },
	{ "_above_256k_tokens", 256000 },
	{ "_above_272k_tokens", 272000 },
	{ "_above_512k_tokens", 512000 },
};

static const struct {
	const char *suffix;
	enum price_tier tier;
} tiers[] = {
	{ "", PRICE_ORDINARY },
	{ "_batches", PRICE_BATCH },
	{ "_flex", PRICE_FLEX },
	{ "_priority", PRICE_PRIORITY },
};

static const struct {
	struct str mode;
	enum model_kind kind;
} modes[] = {
	{ STR("chat"), MODEL_CHAT },
	{ STR("responses"), MODEL_CHAT },
	{ STR("completion"), MODEL_COMPLETION },
	{ STR("embedding"), MODEL_EMBEDDING },
	{ STR("moderation"), MODEL_MODERATION },
	{ STR("rerank"), MODEL_RERANK },
	{ STR("image_generation"), MODEL_IMAGE },
	{ STR("image_edit"), MODEL_IMAGE },
	{ STR("audio_transcription"), MODEL_AUDIO },
	{ STR("audio_speech"), MODEL_AUDIO },
};

static bool is_one(struct json root);
static bool read(struct catalog_reader *r, struct json root);
static bool read_model(
	struct catalog_reader *r, struct str name, struct json model);
static bool find_mode(struct json model, enum model_kind *kind);
static struct str without_provider(
	struct str name, const struct family_name *family);
static void read_facts(struct catalog_entry *entry, struct json m);
static void read_modalities(struct catalog_entry *entry, struct json m);
static bool is_true(struct json model, const char *member);
static bool read_prices(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m);
static bool read_image_tokens(struct catalog_reader *r, struct json m,
	size_t tier, size_t size, struct price *price);
static void check_hour(struct price *price);
static bool read_price(struct catalog_reader *r, struct catalog_entry *entry,
	struct json m, size_t tier, size_t size);

const struct catalog_format catalog_litellm = { STR("litellm"), is_one, read };

static bool is_one(struct json root)
{
	struct json_cursor cursor = json_members(root);
	struct json_member member;

	if (root.type != JSON_TYPE_OBJECT)
		return false;
	while (json_next(&cursor, &member)) {
		if (json_find(member.value, S("litellm_provider")).type ==
			JSON_TYPE_STRING)
			return true;
	}
	return false;
}

static bool read(struct catalog_reader *r, struct json root)
{
	struct json_cursor cursor = json_members(root);
	struct json_member member;

	if (!reader_check_names(r, root, "its models"))
		return false;
	while (json_next(&cursor, &member)) {
		/* Explains the format, with words for numbers. */
		if (json_name_is(member, S("sample_spec")))
			continue;
		if (!read_model(r, reader_name(r, member), member.value))
			return false;
	}
	return true;
}

static bool read_model(
	struct catalog_reader *r, struct str name, struct json model)
{
	struct str provider =
		reader_text(r, json_find(model, S("litellm_provider")));
	const struct family_name *family = family_find(provider);
	struct catalog_entry *entry;
	enum model_kind kind;
	struct str id;

	r->model = name;
	if (model.type != JSON_TYPE_OBJECT)
		return reader_refuse(r, "it is no object but %s",
			json_type_name(model.type));
	if (!family || !find_mode(model, &kind))
		return true;
	id = without_provider(name, family);
	entry = reader_add(r, family->family, id);
	if (!entry)
		return true;
	/* The one that names its provider is that provider's for certain. */
	entry->rank = 2 * family->rank + (id.n == name.n);
	entry->kind = kind;
	entry->kind_known = true;
	read_facts(entry, model);
	return read_prices(r, entry, model);
}

static bool find_mode(struct json model, enum model_kind *kind)
{
	struct json mode = json_find(model, S("mode"));

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (json_text_is(mode, modes[i].mode)) {
			*kind = modes[i].kind;
			return true;
		}
	}
	return false;
}

/* "gemini/gemini-2.5-pro" is called "gemini-2.5-pro" by its provider. */
static struct str without_provider(
	struct str name, const struct family_name *family)
{
	size_t slash = str_index(name, '/');
	const struct family_name *first = family_find(str_head(name, slash));

	if (slash < name.n && first && str_equal(first->family, family->family))
		return str_from(name, slash + 1);
	return name;
}

static void read_facts(struct catalog_entry *entry, struct json m)
{
	static const struct {
		const char *member;
		unsigned flag;
	} abilities[] = {
		{ "supports_function_calling", MODEL_CAN_TOOLS },
		{ "supports_response_schema", MODEL_CAN_JSON_SCHEMA },
		{ "supports_reasoning", MODEL_CAN_REASON },
	};
	int64_t context = reader_count(json_find(m, S("max_input_tokens")));
	int64_t output = reader_count(json_find(m, S("max_output_tokens")));

	entry->context_tokens =
		context ? context : reader_count(json_find(m, S("max_tokens")));
	entry->max_output_tokens = output;
	entry->deprecated_ms = reader_date(json_find(m, S("deprecation_date")));
	entry->deprecated = entry->deprecated_ms > 0;
	/* What is not said there is "no"... */
	for (size_t i = 0; i < ARRAY_LEN(abilities); i++) {
		entry->capabilities_known |= abilities[i].flag;
		if (is_true(m, abilities[i].member))
			entry->capabilities |= abilities[i].flag;
	}
	/* ... but for these. */
	reader_capability(entry, MODEL_CAN_PARALLEL_TOOLS,
		json_find(m, S("supports_parallel_function_calling")));
	reader_capability(entry, MODEL_CAN_STREAM,
		json_find(m, S("supports_native_streaming")));
	read_modalities(entry, m);
}

static void read_modalities(struct catalog_entry *entry, struct json m)
{
	static const struct {
		const char *member;
		unsigned flag;
	} inputs[] = {
		{ "supports_vision", MODALITY_IMAGE },
		{ "supports_pdf_input", MODALITY_FILE },
		{ "supports_audio_input", MODALITY_AUDIO },
		{ "supports_video_input", MODALITY_VIDEO },
	};

	entry->input_modalities =
		reader_modalities(json_find(m, S("supported_modalities")));
	if (entry->input_modalities == 0 && entry->kind != MODEL_AUDIO)
		entry->input_modalities = MODALITY_TEXT;
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		if (is_true(m, inputs[i].member))
			entry->input_modalities |= inputs[i].flag;
	}
	entry->output_modalities = reader_modalities(
		json_find(m, S("supported_output_modalities")));
	if (entry->output_modalities == 0 && entry->kind == MODEL_IMAGE)
		entry->output_modalities = MODALITY_IMAGE;
	else if (entry->output_modalities == 0 && entry->kind == MODEL_CHAT)
		entry->output_modalities = MODALITY_TEXT;
	if (is_true(m, "supports_audio_output"))
		entry->output_modalities |= MODALITY_AUDIO;
}

static bool is_true(struct json model, const char *member)
{
	return json_find(model, str_of(member)).type == JSON_TYPE_TRUE;
}

static bool read_prices(
	struct catalog_reader *r, struct catalog_entry *entry, struct json m)
{
	struct price *price;

	for (size_t tier = 0; tier < ARRAY_LEN(tiers); tier++) {
		for (size_t size = 0; size < ARRAY_LEN(sizes); size++) {
			if (!read_price(r, entry, m, tier, size))
				return false;
		}
	}
	price = catalog_entry_price(entry, PRICE_ORDINARY, 0);
	/* Billed by seconds, characters or images: not by tokens. */
	if (!price ||
		((entry->kind == MODEL_IMAGE || entry->kind == MODEL_AUDIO) &&
			price->input_picousd == 0 &&
			price->output_picousd == 0)) {
		entry->prices = NULL;
		return true;
	}
	return reader_price(r, m, "input_cost_per_image", PER_IMAGE,
		       &price->image_input_picousd) &&
	       reader_price(r, m, "output_cost_per_image", PER_IMAGE,
		       &price->image_output_picousd) &&
	       reader_price(r, m, "input_cost_per_request", PER_REQUEST,
		       &price->request_picousd);
}

/* An image that is made is counted in tokens of its own price. */
static bool read_image_tokens(struct catalog_reader *r, struct json m,
	size_t tier, size_t size, struct price *price)
{
	if (tier > 0 || size > 0)
		return true;
	return reader_price(r, m, "output_cost_per_image_token", PER_TOKEN,
		&price->output_picousd);
}

/* Some rows have the price of a dearer model there: what stays an hour costs
 * twice a token of prompt. */
static void check_hour(struct price *price)
{
	if (price->cache_write_1h_picousd / MOST_HOUR_FACTOR >
		price->input_picousd)
		price->cache_write_1h_picousd = PRICE_NONE;
}

/* A size or tier without a price of prompts is none. */
static bool read_price(struct catalog_reader *r, struct catalog_entry *entry,
	struct json m, size_t tier, size_t size)
{
	const struct price *ordinary =
		catalog_entry_price(entry, PRICE_ORDINARY, 0);
	struct price price = price_none(), *added;

	price.input_picousd = price.output_picousd = PRICE_NONE;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		int64_t *picousd =
			(int64_t *)(void *)((char *)&price + parts[i].offset);
		char member[96];

		snprintf(member, sizeof(member), "%s%s%s", parts[i].stem,
			sizes[size].suffix, tiers[tier].suffix);
		if (!reader_price(r, m, member, PER_TOKEN, picousd))
			return false;
	}
	if (entry->kind == MODEL_IMAGE &&
		!read_image_tokens(r, m, tier, size, &price))
		return false;
	if (price.input_picousd == PRICE_NONE)
		return true;
	check_hour(&price);
	if (price.output_picousd == PRICE_NONE && ordinary)
		price.output_picousd = ordinary->output_picousd;
	if (price.output_picousd == PRICE_NONE &&
		(entry->kind == MODEL_EMBEDDING ||
			entry->kind == MODEL_RERANK ||
			entry->kind == MODEL_MODERATION))
		price.output_picousd = 0;
	if (price.output_picousd == PRICE_NONE)
		return true;
	added = catalog_entry_add_price(
		entry, r->arena, tiers[tier].tier, sizes[size].above);
	price.tier = added->tier;
	price.above_prompt_tokens = added->above_prompt_tokens;
	price.older = added->older;
	*added = price;
	return true;
}
