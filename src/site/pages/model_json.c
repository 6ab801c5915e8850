/*
 * model_json.c - models and prices as JSON.
 */
#include "site/pages/model_json.h"

#include "base/clock.h"
#include "catalog/own.h"
#include "site/chart.h"
#include "site/templates.h"

#define TOKENS INT64_C(1000000)
#define DAY_MS INT64_C(86400000)
#define CHART_BARS 60

static void free_catalog(void *catalog);
static void put_limits(
	const struct format *format, json_t *out, const struct model *model);
static void put_flags(json_t *out, const char *name,
	const struct flag_name *table, unsigned flags);
static void put_now(const struct format *format, json_t *out,
	const struct model *model, int64_t now_ms);
static bool was_replaced(
	const struct model *model, const struct price *price, int64_t now_ms);
static json_t *chart_of(const struct format *format, const struct model *model,
	int64_t from_ms, int64_t to_ms, bool of_output);
static struct str format_million(const struct format *format, int64_t picousd);

bool model_json_catalog(struct site_request *request,
	const struct catalog **out, struct error *err)
{
	struct catalog *catalog;

	if (!catalog_load(request->db, &catalog, err))
		return false;
	arena_defer(request->arena, free_catalog, catalog);
	*out = catalog;
	return true;
}

static void free_catalog(void *catalog)
{
	catalog_free(catalog);
}

json_t *model_json(const struct format *format, const struct model *model)
{
	int64_t now_ms = clock_unix_ms();
	json_t *out = json_object();

	site_put_int(out, "id", model->id);
	site_put(out, "name", model->name);
	site_put(out, "provider", model->provider->name);
	site_put(out, "upstream_name", model->upstream_name);
	site_put(out, "kind", str_of(model_kind_name(model->kind)));
	site_put(out, "kind_text",
		template_text(format->texts,
			arena_printf(format->arena, "model_kinds.%s",
				model_kind_name(model->kind))));
	put_limits(format, out, model);
	put_flags(out, "input_modalities", modality_names,
		model->input_modalities);
	put_flags(out, "output_modalities", modality_names,
		model->output_modalities);
	put_flags(out, "capabilities", capability_names, model->capabilities);
	site_put(out, "equivalence", model->equivalence);
	site_put(out, "source", model->source);
	site_put_bool(out, "is_manual", str_equal(model->source, S("manual")));
	site_put_bool(out, "enabled", model->enabled);
	site_put_bool(out, "provider_enabled", model->provider->enabled);
	site_put_bool(out, "offered", model_is_offered(model));
	if (model->deprecated_ms) {
		format_put_time(
			format, out, "deprecated", model->deprecated_ms);
		site_put_bool(out, "is_gone", model->deprecated_ms <= now_ms);
	} else {
		json_object_set_new(out, "deprecated", json_null());
	}
	put_now(format, out, model, now_ms);
	return out;
}

static void put_limits(
	const struct format *format, json_t *out, const struct model *model)
{
	if (model->context_tokens)
		format_put_count(
			format, out, "context_tokens", model->context_tokens);
	else
		json_object_set_new(out, "context_tokens", json_null());
	if (model->max_output_tokens)
		format_put_count(format, out, "max_output_tokens",
			model->max_output_tokens);
	else
		json_object_set_new(out, "max_output_tokens", json_null());
	if (model->quality == QUALITY_UNKNOWN)
		json_object_set_new(out, "quality", json_null());
	else
		format_put_count(format, out, "quality", model->quality);
	site_put(out, "quality_source", model->quality_source);
	site_put_bool(out, "is_quality_guessed",
		str_equal(model->quality_source, S(QUALITY_PRICE_PRIOR)));
	if (model->speed_tps)
		format_put_count(format, out, "speed_tps", model->speed_tps);
	else
		json_object_set_new(out, "speed_tps", json_null());
}

/* ["tools", ...], and for templates {"tools": true} as `has_NAME`. */
static void put_flags(json_t *out, const char *name,
	const struct flag_name *table, unsigned flags)
{
	json_t *list = json_array();
	json_t *has = json_object();
	char has_name[64];

	for (; table->name.n > 0; table++) {
		if (!(flags & table->flag))
			continue;
		json_array_append_new(
			list, json_stringn(table->name.p, table->name.n));
		json_object_setn_new(
			has, table->name.p, table->name.n, json_true());
	}
	snprintf(has_name, sizeof(has_name), "has_%s", name);
	json_object_set_new(out, name, list);
	json_object_set_new(out, has_name, has);
}

static void put_now(const struct format *format, json_t *out,
	const struct model *model, int64_t now_ms)
{
	const struct price *price = model_price_at(model, now_ms);

	model_json_put_price(format, out, "input_price",
		price ? price->input_picousd : PRICE_NONE);
	model_json_put_price(format, out, "output_price",
		price ? price->output_picousd : PRICE_NONE);
	model_json_put_price(format, out, "cached_price",
		price ? price->cached_picousd : PRICE_NONE);
	model_json_put_price(format, out, "cache_write_price",
		price ? price->cache_write_picousd : PRICE_NONE);
	model_json_put_price(format, out, "reasoning_price",
		price ? price->reasoning_picousd : PRICE_NONE);
	if (price && price->image_output_picousd >= 0)
		format_put_usd(format, out, "image_price",
			price->image_output_picousd);
	else
		json_object_set_new(out, "image_price", json_null());
}

void model_json_put_price(const struct format *format, json_t *object,
	const char *name, int64_t picousd)
{
	if (picousd < 0 || picousd > INT64_MAX / TOKENS)
		json_object_set_new(object, name, json_null());
	else
		format_put_usd(format, object, name, picousd * TOKENS);
}

json_t *model_json_prices(
	const struct format *format, const struct model *model)
{
	int64_t now_ms = clock_unix_ms();
	json_t *list = json_array();

	for (const struct price *p = model->prices; p; p = p->older)
		if (p->valid_from_ms <= now_ms &&
			!was_replaced(model, p, now_ms))
			json_array_append_new(
				list, model_json_price(format, p));
	return list;
}

/* The list begins with the newest. */
static bool was_replaced(
	const struct model *model, const struct price *price, int64_t now_ms)
{
	for (const struct price *p = model->prices; p != price; p = p->older)
		if (p->valid_from_ms <= now_ms && p->tier == price->tier &&
			p->above_prompt_tokens == price->above_prompt_tokens)
			return true;
	return false;
}

json_t *model_json_price_history(
	const struct format *format, const struct model *model)
{
	json_t *list = json_array();

	for (const struct price *p = model->prices; p; p = p->older)
		json_array_append_new(list, model_json_price(format, p));
	return list;
}

json_t *model_json_price(const struct format *format, const struct price *price)
{
	const char *tier = price_tier_name(price->tier);
	json_t *out = json_object();
	char iso[CLOCK_TEXT_BYTES];

	if (!tier[0])
		tier = "ordinary";
	site_put(out, "tier", str_of(tier));
	site_put(out, "tier_text",
		template_text(format->texts,
			arena_printf(format->arena, "price_tiers.%s", tier)));
	if (price->above_prompt_tokens)
		format_put_count(
			format, out, "above", price->above_prompt_tokens);
	format_put_time(format, out, "valid_from", price->valid_from_ms);
	clock_format(price->valid_from_ms, iso);
	site_put(json_object_get(out, "valid_from"), "day",
		str_head(str_of(iso), 10));
	for (size_t i = 0; i < own_price_part_count; i++) {
		const struct own_price_part *part = &own_price_parts[i];
		struct price copy = *price;
		int64_t picousd = *own_price_part(&copy, part);

		if (part->is_per_token)
			model_json_put_price(format, out, part->name, picousd);
		else if (picousd > 0)
			format_put_usd(format, out, part->name, picousd);
		else
			json_object_set_new(out, part->name, json_null());
	}
	return out;
}

json_t *model_json_charts(
	const struct format *format, const struct model *model)
{
	const struct price *oldest = model->prices;
	int64_t now_ms = clock_unix_ms();
	int64_t from_ms;

	if (!oldest)
		return NULL;
	while (oldest->older)
		oldest = oldest->older;
	from_ms = oldest->valid_from_ms;
	/* What has no known beginning. */
	if (from_ms <= 0)
		from_ms = now_ms - 365 * DAY_MS;
	if (now_ms - from_ms < 2 * DAY_MS)
		return NULL;
	return json_pack("{s:o,s:o}", "input",
		chart_of(format, model, from_ms, now_ms, false), "output",
		chart_of(format, model, from_ms, now_ms, true));
}

static json_t *chart_of(const struct format *format, const struct model *model,
	int64_t from_ms, int64_t to_ms, bool of_output)
{
	struct chart_bar bars[CHART_BARS] = { 0 };

	for (size_t i = 0; i < CHART_BARS; i++) {
		int64_t at_ms = from_ms + (to_ms - from_ms) / (CHART_BARS - 1) *
						  (int64_t)i;
		const struct price *price = model_price_at(model, at_ms);

		bars[i].begins_ms = at_ms;
		bars[i].value = !price      ? 0
				: of_output ? price->output_picousd
					    : price->input_picousd;
		bars[i].text = format_million(format, bars[i].value);
	}
	return chart_bars(format, bars, CHART_BARS, FORMAT_DAY, format_million);
}

static struct str format_million(const struct format *format, int64_t picousd)
{
	return format_usd(format,
		picousd > INT64_MAX / TOKENS ? INT64_MAX : picousd * TOKENS);
}

json_t *model_json_options(const struct site_request *request,
	const char *prefix, const struct str *names, size_t count,
	struct str current)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *option = json_object();

		site_put(option, "name", names[i]);
		site_put(option, "label",
			prefix ? template_text(request->texts,
					 arena_printf(request->arena, "%s.%.*s",
						 prefix, STR_ARG(names[i])))
			       : names[i]);
		site_put_bool(
			option, "is_current", str_equal(names[i], current));
		json_array_append_new(list, option);
	}
	return list;
}
