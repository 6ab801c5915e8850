/*
 * model_list.c - all models with the prices of this moment.
 */
#include "base/clock.h"
#include "catalog/catalog.h"
#include "cli/command.h"

static void show(struct output *output, const struct model *model, int64_t now);

static bool run(struct session *session, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct catalog *catalog;

	if (!catalog_load(session->db, &catalog, err))
		return false;
	output_list(&session->output);
	for (size_t i = 0; i < catalog->model_count; i++)
		show(&session->output, catalog->models[i], now);
	catalog_free(catalog);
	return true;
}

static void show(struct output *output, const struct model *model, int64_t now)
{
	const struct price *price = model_price_at(model, now);

	output_row(output);
	output_int(output, "id", model->id);
	output_str(output, "name", model->name);
	output_str(output, "provider", model->provider->name);
	output_str(output, "upstream", model->upstream_name);
	output_int_or_null(output, "context", model->context_tokens);
	output_usd_per_million(
		output, "input_price", price ? price->input_picousd : -1);
	output_usd_per_million(
		output, "output_price", price ? price->output_picousd : -1);
	output_usd_per_million(
		output, "cached_price", price ? price->cached_picousd : -1);
	if (model->quality == QUALITY_UNKNOWN)
		output_null(output, "quality");
	else
		output_int(output, "quality", model->quality);
	output_bool(output, "offered", model_is_offered(model));
}

const struct command command_model_list = {
	.words = "model list",
	.operands = "",
	.help = "list the models and their prices (USD per million tokens)",
	.needs = NEEDS_DATABASE,
	.run = run,
};
