/*
 * model_form.c - numbers, prices and abilities, field by field.
 */
#include "site/pages/model_form.h"

#include "base/money.h"

static unsigned read_abilities(const struct site_request *request);

bool model_form_read(const struct site_request *request,
	struct model_change *wanted, struct error *err)
{
	const struct {
		const char *name;
		int64_t *value;
	} numbers[] = {
		{ "context_tokens", &wanted->context_tokens },
		{ "max_output_tokens", &wanted->max_output_tokens },
		{ "quality", &wanted->quality },
		{ "speed_tps", &wanted->speed_tps },
	}, prices[] = {
		{ "input_price", &wanted->input_picousd },
		{ "output_price", &wanted->output_picousd },
		{ "cached_price", &wanted->cached_picousd },
		{ "cache_write_price", &wanted->cache_write_picousd },
		{ "reasoning_price", &wanted->reasoning_picousd },
	};
	enum model_kind kind;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (site_has(request, numbers[i].name))
			*numbers[i].value = site_int(request, numbers[i].name);
	for (size_t i = 0; i < ARRAY_LEN(prices); i++)
		if (site_has(request, prices[i].name) &&
			!money_parse_usd_per_million(
				site_text(request, prices[i].name),
				prices[i].value))
			return error_refuse(err, ERR_BAD_FIELD, prices[i].name,
				"A price is in US dollars for a million "
				"tokens, as in 2.50.");
	if (site_has(request, "image_price") &&
		!money_parse_usd(site_text(request, "image_price"),
			&wanted->image_picousd))
		return error_refuse(err, ERR_BAD_FIELD, "image_price",
			"A price is in US dollars for an image, as in 0.04.");
	if (site_has(request, "kind")) {
		if (!model_kind_read(site_text(request, "kind"), &kind, err))
			return false;
		wanted->kind = (int64_t)kind;
	}
	if (site_bool(request, "sets_capabilities"))
		wanted->capabilities = (int64_t)read_abilities(request);
	return true;
}

static unsigned read_abilities(const struct site_request *request)
{
	unsigned flags = 0;

	for (const struct flag_name *f = capability_names; f->name.n > 0; f++)
		if (site_bool(request, f->name.p))
			flags |= f->flag;
	return flags;
}
