/*
 * doctor_facts.c - does what is stored do what people think it does? Prices
 * that are missing, keys that nothing limits.
 */
#include "base/clock.h"
#include "catalog/catalog.h"
#include "cli/doctor.h"

#include "accounts/gateway_key.h"

#define MAX_NAMES_BYTES 400

/* Names for a sentence: "a, b, c and more". */
struct naming {
	struct buf text;
	size_t count;
};

static void name_one(struct naming *naming, struct str name);
static void find_unlimited(const struct gateway_key_row *rows, size_t count,
	struct naming *unlimited, size_t *active);
static bool has_limit(const struct gateway_key_row *row);

bool doctor_look_at_prices(struct session *session, struct error *err)
{
	struct naming unpriced = { BUF_INIT(MAX_NAMES_BYTES), 0 };
	int64_t now = clock_unix_ms();
	struct catalog *catalog;

	if (!catalog_load(session->db, &catalog, err))
		return false;
	for (size_t i = 0; i < catalog->offered_count; i++)
		if (!model_price_at(catalog->offered[i], now))
			name_one(&unpriced, catalog->offered[i]->name);
	if (catalog->offered_count == 0)
		doctor_says(session, "prices", FINDING_WARNING,
			"No model is offered: add one with 'model add'.");
	else if (unpriced.count == 0)
		doctor_says(session, "prices", FINDING_OK,
			"All %zu models have a price.", catalog->offered_count);
	else
		doctor_says(session, "prices", FINDING_WARNING,
			"%zu of %zu models have no price: %s. Their calls are "
			"recorded as unpriced, and budgets count the ceiling "
			"of limits.unpriced_input_usd and "
			"limits.unpriced_output_usd for them.",
			unpriced.count, catalog->offered_count,
			buf_cstr(&unpriced.text));
	buf_release(&unpriced.text);
	catalog_free(catalog);
	return true;
}

bool doctor_look_at_keys(struct session *session, struct error *err)
{
	struct naming unlimited = { BUF_INIT(MAX_NAMES_BYTES), 0 };
	struct gateway_key_row *rows;
	size_t count, active = 0;

	if (!gateway_key_list(session->db, &session->arena, &rows, &count, err))
		return false;
	find_unlimited(rows, count, &unlimited, &active);
	if (active == 0)
		doctor_says(session, "limits", FINDING_WARNING,
			"No gateway key can be used: make one with 'key "
			"create'.");
	else if (unlimited.count == 0)
		doctor_says(session, "limits", FINDING_OK,
			"All %zu gateway keys have a limit or a budget of "
			"their own.",
			active);
	else
		doctor_says(session, "limits", FINDING_NOTE,
			"%zu of %zu gateway keys have no limit and no budget "
			"of their own: %s. What they may spend is bounded by "
			"the budgets of their project and organisation alone; "
			"'budget list' shows those.",
			unlimited.count, active, buf_cstr(&unlimited.text));
	buf_release(&unlimited.text);
	return true;
}

static void find_unlimited(const struct gateway_key_row *rows, size_t count,
	struct naming *unlimited, size_t *active)
{
	int64_t now = clock_unix_ms();

	for (size_t i = 0; i < count; i++) {
		struct error ignored;

		if (!gateway_key_check(&rows[i].key, now, &ignored))
			continue;
		(*active)++;
		if (!has_limit(&rows[i]))
			name_one(unlimited, rows[i].key.name);
	}
}

static bool has_limit(const struct gateway_key_row *row)
{
	return row->key.limits.requests_per_minute > 0 ||
	       row->key.limits.tokens_per_minute > 0 ||
	       row->key.limits.concurrent > 0 ||
	       row->daily_picousd != BUDGET_NONE ||
	       row->monthly_picousd != BUDGET_NONE;
}

/* The first few; a name that does not fit any more is left out. */
static void name_one(struct naming *naming, struct str name)
{
	naming->count++;
	if (naming->count <= 5)
		buf_printf(&naming->text, "%s%.*s",
			naming->count > 1 ? ", " : "",
			STR_ARG(str_head(name, 60)));
	else if (naming->count == 6)
		buf_printf(&naming->text, " and more");
}
