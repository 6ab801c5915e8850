/*
 * model.c - the tables models and prices.
 */
#include "catalog/model.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/provider.h"
#include "db/stmt.h"

static bool save_row(struct db *db, const struct model_change *change,
	bool *created, struct error *err);
static bool find_id(struct db *db, const struct model_change *change,
	int64_t *id, struct error *err);
static bool save_price(struct db *db, int64_t id,
	const struct model_change *change, struct error *err);
static bool read_price(struct db *db, int64_t id, struct price *price,
	bool *found, struct error *err);
static bool insert_price(struct db *db, int64_t id, const struct price *price,
	struct error *err);
static bool changes_price(const struct model_change *change);
static int64_t given_or(int64_t given, int64_t otherwise);
static int64_t null_or(struct stmt *stmt, unsigned column);
static void bind_given(struct stmt *stmt, int64_t value);

const struct price *model_price_at(const struct model *model, int64_t unix_ms)
{
	return model_price_for(model, unix_ms, 0);
}

/* Of the sizes that fit the largest counts, and of its prices the newest. */
const struct price *model_price_for(
	const struct model *model, int64_t unix_ms, int64_t prompt_tokens)
{
	const struct price *best = NULL;

	for (const struct price *p = model->prices; p; p = p->older) {
		if (p->valid_from_ms <= unix_ms &&
			(p->above_prompt_tokens == 0 ||
				p->above_prompt_tokens < prompt_tokens) &&
			(!best || p->above_prompt_tokens >
					  best->above_prompt_tokens))
			best = p;
	}
	return best;
}

bool model_is_offered(const struct model *model)
{
	return model->enabled && model->provider->enabled;
}

struct model_change model_change_none(void)
{
	return (struct model_change){ .context_tokens = -1,
		.max_output_tokens = -1,
		.quality = -1,
		.input_picousd = -1,
		.output_picousd = -1,
		.cached_picousd = -1,
		.cache_write_picousd = -1,
		.reasoning_picousd = -1 };
}

/* ',' parts lists and '*' makes patterns; "auto" asks the router. */
bool model_name_check(struct str name, struct error *err)
{
	bool ok = name.n > 0 && name.n <= MODEL_NAME_MAX_BYTES &&
		  name.p[0] != '/' && name.p[name.n - 1] != '/';

	for (size_t i = 0; ok && i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		ok = c > ' ' && c < 0x7f && !strchr(",*\"'\\<>", c);
	}
	if (!ok)
		return error_refuse(err, ERR_BAD_FIELD, "name",
			"A model's name has 1 to %d ASCII characters without "
			"spaces, quotes, ',' and '*', and no '/' at its ends.",
			MODEL_NAME_MAX_BYTES);
	if (str_equal_nocase(name, S("auto")))
		return error_refuse(err, ERR_BAD_FIELD, "name",
			"'auto' lets the gateway choose and cannot be a name.");
	return true;
}

int model_name_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

bool model_save(struct db *db, const struct model_change *change, int64_t *id,
	bool *created, struct error *err)
{
	return model_name_check(change->name, err) &&
	       save_row(db, change, created, err) &&
	       find_id(db, change, id, err) &&
	       save_price(db, *id, change, err) && catalog_changed(db, err);
}

static bool save_row(struct db *db, const struct model_change *change,
	bool *created, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO models (provider_id, name, created_ms, "
		    "upstream_name, context_tokens, max_output_tokens, "
		    "quality, equivalence) VALUES (?, ?, ?, "
		    "COALESCE(?, name), COALESCE(?, 0), COALESCE(?, 0), ?, "
		    "COALESCE(?, '')) "
		    "ON DUPLICATE KEY UPDATE enabled = 1, source = 'manual', "
		    "upstream_name = COALESCE(?, upstream_name), "
		    "context_tokens = COALESCE(?, context_tokens), "
		    "max_output_tokens = COALESCE(?, max_output_tokens), "
		    "quality = COALESCE(?, quality), "
		    "equivalence = COALESCE(?, equivalence)",
		    err))
		return false;
	stmt_bind_int(stmt, change->provider_id);
	stmt_bind_str(stmt, change->name);
	stmt_bind_int(stmt, clock_unix_ms());
	for (int i = 0; i < 2; i++) {
		stmt_bind_str_or_null(stmt, change->upstream_name);
		bind_given(stmt, change->context_tokens);
		bind_given(stmt, change->max_output_tokens);
		bind_given(stmt, change->quality);
		if (change->sets_equivalence)
			stmt_bind_str(stmt, change->equivalence);
		else
			stmt_bind_null(stmt);
	}
	if (!stmt_run(stmt, err))
		return false;
	*created = stmt_affected_rows(stmt) == 1;
	return true;
}

static bool find_id(struct db *db, const struct model_change *change,
	int64_t *id, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id FROM models WHERE provider_id = ? AND name = ?",
		    err))
		return false;
	stmt_bind_int(stmt, change->provider_id);
	stmt_bind_str(stmt, change->name);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_set(err, ERR_DATABASE,
			"a model that was just written is not there");
	*id = stmt_int(stmt, 0);
	return true;
}

static bool save_price(struct db *db, int64_t id,
	const struct model_change *change, struct error *err)
{
	struct price now, next;
	bool found;

	if (!changes_price(change))
		return true;
	if (!read_price(db, id, &now, &found, err))
		return false;
	if (!found && (change->input_picousd < 0 || change->output_picousd < 0))
		return error_refuse(err, ERR_BAD_FIELD, "input_price",
			"A first price needs both --input-price and "
			"--output-price; 0 is a price.");
	next = now;
	next.input_picousd = given_or(change->input_picousd, now.input_picousd);
	next.output_picousd =
		given_or(change->output_picousd, now.output_picousd);
	next.cached_picousd =
		given_or(change->cached_picousd, now.cached_picousd);
	next.cache_write_picousd =
		given_or(change->cache_write_picousd, now.cache_write_picousd);
	next.reasoning_picousd =
		given_or(change->reasoning_picousd, now.reasoning_picousd);
	if (found && memcmp(&next, &now, sizeof(next)) == 0)
		return true;
	return insert_price(db, id, &next, err);
}

static bool read_price(struct db *db, int64_t id, struct price *price,
	bool *found, struct error *err)
{
	struct stmt *stmt;

	memset(price, 0, sizeof(*price));
	price->cached_picousd = PRICE_NONE;
	price->cache_write_picousd = PRICE_NONE;
	price->reasoning_picousd = PRICE_NONE;
	if (!stmt_prepare(db, &stmt,
		    "SELECT input_picousd, output_picousd, cached_picousd, "
		    "cache_write_picousd, reasoning_picousd, "
		    "COALESCE(request_picousd, 0) FROM prices "
		    "WHERE model_id = ? AND service_tier = '' AND "
		    "above_prompt_tokens = 0 AND valid_from_ms <= ? "
		    "ORDER BY valid_from_ms DESC LIMIT 1",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, found, err))
		return false;
	if (!*found)
		return true;
	price->input_picousd = stmt_int(stmt, 0);
	price->output_picousd = stmt_int(stmt, 1);
	price->cached_picousd = null_or(stmt, 2);
	price->cache_write_picousd = null_or(stmt, 3);
	price->reasoning_picousd = null_or(stmt, 4);
	price->request_picousd = stmt_int(stmt, 5);
	return true;
}

static bool insert_price(
	struct db *db, int64_t id, const struct price *price, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO prices (model_id, valid_from_ms, created_ms, "
		    "input_picousd, output_picousd, cached_picousd, "
		    "cache_write_picousd, reasoning_picousd, request_picousd) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE "
		    "input_picousd = VALUES(input_picousd), "
		    "output_picousd = VALUES(output_picousd), "
		    "cached_picousd = VALUES(cached_picousd), "
		    "cache_write_picousd = VALUES(cache_write_picousd), "
		    "reasoning_picousd = VALUES(reasoning_picousd)",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, price->input_picousd);
	stmt_bind_int(stmt, price->output_picousd);
	bind_given(stmt, price->cached_picousd);
	bind_given(stmt, price->cache_write_picousd);
	bind_given(stmt, price->reasoning_picousd);
	stmt_bind_int(stmt, price->request_picousd);
	return stmt_run(stmt, err);
}

static bool changes_price(const struct model_change *change)
{
	return change->input_picousd >= 0 || change->output_picousd >= 0 ||
	       change->cached_picousd >= 0 ||
	       change->cache_write_picousd >= 0 ||
	       change->reasoning_picousd >= 0;
}

static int64_t given_or(int64_t given, int64_t otherwise)
{
	return given >= 0 ? given : otherwise;
}

static int64_t null_or(struct stmt *stmt, unsigned column)
{
	return stmt_is_null(stmt, column) ? PRICE_NONE : stmt_int(stmt, column);
}

static void bind_given(struct stmt *stmt, int64_t value)
{
	if (value < 0)
		stmt_bind_null(stmt);
	else
		stmt_bind_int(stmt, value);
}
