/*
 * model_history.c - all prices that a model ever had, the newest first.
 */
#include "catalog/catalog.h"
#include "catalog/own.h"
#include "cli/command.h"

#define TOKENS_PER_MILLION 1000000

static const struct option_row options[] = {
	{ "provider", "PROVIDER", "of the model of this provider alone" },
	{ NULL, NULL, NULL },
};

static void show(struct output *output, const struct model *model);
static void show_price(struct output *output, const struct model *model,
	const struct price *price);

static bool run(struct session *session, struct error *err)
{
	struct str provider = arguments_text(&session->arguments, "provider");
	struct str name = session_operand(session, 0);
	struct catalog *catalog;
	bool found = false;

	if (!catalog_load(session->db, &catalog, err))
		return false;
	output_list(&session->output);
	for (size_t i = 0; i < catalog->model_count; i++) {
		const struct model *model = catalog->models[i];

		if (!str_equal(model->name, name) ||
			(provider.n &&
				!str_equal(model->provider->name, provider)))
			continue;
		found = true;
		show(&session->output, model);
	}
	catalog_free(catalog);
	return found || error_refuse(err, ERR_NOT_FOUND, "model",
				"There is no model '%.*s'.", STR_ARG(name));
}

static void show(struct output *output, const struct model *model)
{
	for (const struct price *p = model->prices; p; p = p->older)
		show_price(output, model, p);
}

static void show_price(struct output *output, const struct model *model,
	const struct price *price)
{
	const char *tier = price_tier_name(price->tier);

	output_row(output);
	output_time(output, "valid_from", price->valid_from_ms);
	output_str(output, "provider", model->provider->name);
	output_str(output, "model", model->name);
	output_str(output, "tier", tier[0] ? str_of(tier) : S("ordinary"));
	output_int(output, "above", price->above_prompt_tokens);
	for (size_t i = 0; i < own_price_part_count; i++) {
		const struct own_price_part *part = &own_price_parts[i];
		struct price copy = *price;
		int64_t picousd = *own_price_part(&copy, part);

		if (part->is_per_token)
			output_usd_per_million(output, part->name, picousd);
		else
			output_usd(output, part->name, picousd);
	}
}

const struct command command_model_history = {
	.words = "model history",
	.operands = "NAME",
	.help = "list all prices that a model had (USD per million tokens)",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
