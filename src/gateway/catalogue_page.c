/*
 * catalogue_page.c - GET /api/llm/models and /api/llm/providers: what the key
 * may use, with all that the catalogue knows of it.
 */
#include "gateway/routing.h"

#include "base/clock.h"
#include "base/money.h"
#include "hot/breaker.h"

#define MAX_PAGE_BYTES (32 << 20)

struct open_breakers {
	int64_t *model_ids;
	size_t count;
	size_t room;
};

static bool has_provider(const struct call *call);
static bool sees(const struct call *call, const struct model *model);
static void write_model(const struct call *call, const struct model *model,
	struct json_writer *w);
static void write_quality(const struct call *call, const struct model *model,
	struct json_writer *w);
static void write_prices(const struct price *price, struct json_writer *w);
static void write_price(
	struct json_writer *w, const char *name, int64_t picousd);
static void write_count(struct json_writer *w, const char *name, int64_t count);
static void write_flags(struct json_writer *w, const char *name,
	const struct flag_name *table, unsigned flags);
static void write_time(
	struct json_writer *w, const char *name, int64_t unix_ms);
static struct open_breakers find_open(struct call *call);
static bool take_open(const struct breaker_status *status, void *context);
static void write_provider(const struct call *call,
	const struct provider *provider, const struct open_breakers *open,
	struct json_writer *w);

enum verdict list_catalogue(struct call *call)
{
	const struct catalog *catalog = call->snapshot->catalog;
	struct buf body = BUF_INIT(MAX_PAGE_BYTES);
	struct json_writer w;

	if (call->listed_id.n > 0 && !has_provider(call)) {
		if (!call->refreshed)
			return NEEDS_DATABASE;
		error_refuse(&call->error, ERR_NOT_FOUND, "provider",
			"There is no provider '%.*s' here, or this key may "
			"use none of its models.",
			STR_ARG(str_head(call->listed_id, 64)));
		return FAILED;
	}
	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_name(&w, "models");
	json_begin_array(&w);
	for (size_t i = 0; i < catalog->offered_count; i++)
		if (sees(call, catalog->offered[i]))
			write_model(call, catalog->offered[i], &w);
	json_end_array(&w);
	json_end_object(&w);
	return answer_json(call, &body);
}

enum verdict list_providers(struct call *call)
{
	const struct catalog *catalog = call->snapshot->catalog;
	struct open_breakers open = find_open(call);
	struct buf body = BUF_INIT(MAX_PAGE_BYTES);
	struct json_writer w;

	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_name(&w, "providers");
	json_begin_array(&w);
	for (size_t i = 0; i < catalog->provider_count; i++)
		write_provider(call, catalog->providers[i], &open, &w);
	json_end_array(&w);
	json_end_object(&w);
	return answer_json(call, &body);
}

static bool has_provider(const struct call *call)
{
	const struct catalog *catalog = call->snapshot->catalog;

	for (size_t i = 0; i < catalog->offered_count; i++)
		if (sees(call, catalog->offered[i]))
			return true;
	return false;
}

/* Of the provider that was asked for, if one was. */
static bool sees(const struct call *call, const struct model *model)
{
	struct str provider = model->provider->name;

	return (call->listed_id.n == 0 ||
		       str_equal(call->listed_id, provider)) &&
	       gateway_key_allows(call->key, provider, model->name);
}

static void write_model(const struct call *call, const struct model *model,
	struct json_writer *w)
{
	json_begin_object(w);
	json_member_str(w, "id", model->name);
	json_member_str(w, "provider", model->provider->name);
	json_member_str(w, "kind", str_of(model_kind_name(model->kind)));
	write_count(w, "context_tokens", model->context_tokens);
	write_count(w, "max_output_tokens", model->max_output_tokens);
	write_flags(
		w, "input_modalities", modality_names, model->input_modalities);
	write_flags(w, "output_modalities", modality_names,
		model->output_modalities);
	write_flags(w, "capabilities", capability_names, model->capabilities);
	write_quality(call, model, w);
	write_count(w, "speed_tokens_per_second", model->speed_tps);
	json_name(w, "prices_usd_per_million");
	write_prices(model_price_at(model, call->x->arrived_unix_ms), w);
	write_time(w, "deprecated", model->deprecated_ms);
	json_member_str(w, "source", model->source);
	json_end_object(w);
}

/* As the router takes it. */
static void write_quality(const struct call *call, const struct model *model,
	struct json_writer *w)
{
	enum quality_source source;
	double quality = strategy_quality(model,
		model_price_at(model, call->x->arrived_unix_ms), &source);

	if (model->kind != MODEL_CHAT) {
		json_member_null(w, "quality");
		return;
	}
	json_member_int(w, "quality", (int64_t)quality);
	json_member_str(w, "quality_source",
		str_of(strategy_quality_source_name(source)));
}

static void write_prices(const struct price *price, struct json_writer *w)
{
	if (!price) {
		json_write_null(w);
		return;
	}
	json_begin_object(w);
	write_price(w, "input", price->input_picousd);
	write_price(w, "output", price->output_picousd);
	write_price(w, "cached", price->cached_picousd);
	write_price(w, "cache_write", price->cache_write_picousd);
	write_price(w, "reasoning", price->reasoning_picousd);
	json_end_object(w);
}

/* Of a token, as a decimal text for a million; nothing where it has none. */
static void write_price(
	struct json_writer *w, const char *name, int64_t picousd)
{
	char text[MONEY_TEXT_BYTES];
	int64_t million = 0;

	if (picousd == PRICE_NONE)
		return;
	money_add(&million, 1000000, picousd);
	money_format_usd(million, text);
	json_member_str(w, name, str_of(text));
}

/* 0 is unknown. */
static void write_count(struct json_writer *w, const char *name, int64_t count)
{
	if (count > 0)
		json_member_int(w, name, count);
	else
		json_member_null(w, name);
}

static void write_flags(struct json_writer *w, const char *name,
	const struct flag_name *table, unsigned flags)
{
	json_name(w, name);
	flags_write_json(table, flags, w);
}

static void write_time(struct json_writer *w, const char *name, int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (unix_ms <= 0) {
		json_member_null(w, name);
		return;
	}
	clock_format(unix_ms, text);
	json_member_str(w, name, str_of(text));
}

static struct open_breakers find_open(struct call *call)
{
	struct open_breakers open = {
		.room = call->snapshot->catalog->offered_count,
	};
	struct error ignored;

	open.model_ids = ARENA_ARRAY(call->arena, int64_t, open.room + 1);
	if (!breaker_list(call->gateway->hot, clock_unix_ms(), take_open, &open,
		    &ignored))
		open.count = 0;
	return open;
}

static bool take_open(const struct breaker_status *status, void *context)
{
	struct open_breakers *open = context;

	if (status->state == BREAKER_OPEN)
		open->model_ids[open->count++] = status->model_id;
	return open->count < open->room;
}

/* One of whose models the key may use none is not told. */
static void write_provider(const struct call *call,
	const struct provider *provider, const struct open_breakers *open,
	struct json_writer *w)
{
	const struct catalog *catalog = call->snapshot->catalog;
	size_t models = 0, ill = 0;

	for (size_t i = 0; i < catalog->offered_count; i++) {
		const struct model *model = catalog->offered[i];

		if (model->provider != provider || !sees(call, model))
			continue;
		models++;
		for (size_t k = 0; k < open->count; k++)
			ill += open->model_ids[k] == model->id;
	}
	if (models == 0)
		return;
	json_begin_object(w);
	json_member_str(w, "name", provider->name);
	json_name(w, "dialects");
	json_begin_array(w);
	for (size_t i = 0; i < provider->dialect_count; i++)
		json_write_str(w, str_of(provider->dialects[i]->name));
	json_end_array(w);
	json_member_int(w, "models", (int64_t)models);
	json_member_str(w, "status",
		ill == 0       ? S("ok")
		: ill < models ? S("degraded")
			       : S("down"));
	json_end_object(w);
}
