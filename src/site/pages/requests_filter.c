/*
 * requests_filter.c - from a query to a filter.
 */
#include "site/pages/requests_filter.h"

#include "base/money.h"
#include "site/form.h"

static enum request_outcome outcome_of(struct str word);

bool requests_filter_read(const struct site_request *request,
	const struct range *range, struct request_filter *out,
	struct error *err)
{
	struct str text = site_text(request, "text");

	*out = (struct request_filter){
		.organisation_id = request->session.organisation_id,
		.project_id = request->session.project_id,
		.from_ms = range->from_ms,
		.to_ms = range->to_ms,
		.outcome = outcome_of(site_text(request, "outcome")),
		.status = site_int(request, "status"),
		.key_id = site_int(request, "key"),
		.error = site_text(request, "error"),
		.model = site_text(request, "model"),
		.provider = site_text(request, "provider"),
		.user = site_text(request, "user"),
		.alias = site_text(request, "alias"),
		.text = text,
	};
	/* Whoever has an id knows not when it was. */
	if (request_filter_is_id(out))
		out->from_ms = 0;
	if (!site_has(request, "cost_above"))
		return true;
	if (!money_parse_usd(site_text(request, "cost_above"),
		    &out->cost_from_picousd) ||
		out->cost_from_picousd == INT64_MAX)
		return error_refuse(err, ERR_BAD_FIELD, "cost_above",
			"'cost_above' is an amount of US dollars, as in 0.05.");
	out->cost_from_picousd++;
	return true;
}

void requests_filter_put(const struct site_request *request, json_t *out)
{
	static const char *const plain[] = { "outcome", "model", "text" };
	static const char *const rare[] = { "status", "error", "provider",
		"key", "user", "alias", "cost_above" };
	bool any = false;
	size_t more = 0;

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		any = any || site_has(request, plain[i]);
	for (size_t i = 0; i < ARRAY_LEN(rare); i++)
		more += site_has(request, rare[i]);
	site_put_bool(out, "is_filtered", any || more > 0);
	site_put_bool(out, "has_more_filters", more > 0);
	site_put_int(out, "more_filters", (int64_t)more);
}

struct str requests_filter_query(struct site_request *request)
{
	static const struct site_field fields[] = {
		REQUESTS_FIELDS,
		{ .name = NULL },
	};
	struct buf query = BUF_INIT(16384);
	struct str copy;

	for (const struct site_field *field = fields; field->name; field++) {
		if (!site_has(request, field->name))
			continue;
		if (query.n > 0)
			buf_append_char(&query, '&');
		buf_printf(&query, "%s=", field->name);
		form_encode(&query, site_text(request, field->name));
	}
	copy = arena_copy(request->arena, buf_str(&query));
	buf_release(&query);
	return copy;
}

static enum request_outcome outcome_of(struct str word)
{
	static const struct {
		struct str word;
		enum request_outcome outcome;
	} outcomes[] = {
		{ STR("ok"), REQUEST_OK },
		{ STR("failed"), REQUEST_FAILED },
		{ STR("cached"), REQUEST_CACHED },
		{ STR("cut"), REQUEST_CUT },
	};

	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		if (str_equal(word, outcomes[i].word))
			return outcomes[i].outcome;
	}
	return REQUEST_ANY;
}
