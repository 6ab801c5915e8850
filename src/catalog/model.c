/*
 * model.c - the tables models and prices.
 */
#include "catalog/model.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/price_rows.h"
#include "catalog/provider.h"
#include "db/stmt.h"

#define FLAGS_MAX_BYTES 256

static const struct price *newest_price(const struct model *model,
	int64_t unix_ms, int64_t prompt_tokens, enum price_tier tier);
static bool save_row(struct db *db, const struct model_change *change,
	bool *created, struct error *err);
static void bind_kind(struct stmt *stmt, int64_t kind);
static void bind_flags(struct stmt *stmt, const struct flag_name *table,
	int64_t flags, struct buf *text);
static bool find_id(struct db *db, const struct model_change *change,
	int64_t *id, struct error *err);
static bool save_price(struct db *db, int64_t id,
	const struct model_change *change, struct error *err);
static void take_prices(const struct model_change *change, struct price *price);
static bool changes_price(const struct model_change *change);
static int64_t given_or(int64_t given, int64_t otherwise);
static void bind_given(struct stmt *stmt, int64_t value);

const struct price *model_price_at(const struct model *model, int64_t unix_ms)
{
	return model_price_for(model, unix_ms, 0);
}

const struct price *model_price_for(
	const struct model *model, int64_t unix_ms, int64_t prompt_tokens)
{
	return newest_price(model, unix_ms, prompt_tokens, PRICE_ORDINARY);
}

const struct price *model_price_of_tier(const struct model *model,
	int64_t unix_ms, int64_t prompt_tokens, enum price_tier tier)
{
	const struct price *own =
		newest_price(model, unix_ms, prompt_tokens, tier);

	return own ? own : model_price_for(model, unix_ms, prompt_tokens);
}

/* Of the sizes that fit the largest counts, and of its prices the newest. */
static const struct price *newest_price(const struct model *model,
	int64_t unix_ms, int64_t prompt_tokens, enum price_tier tier)
{
	const struct price *best = NULL;

	for (const struct price *p = model->prices; p; p = p->older) {
		if (p->tier == tier && p->valid_from_ms <= unix_ms &&
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
		.speed_tps = -1,
		.kind = -1,
		.input_modalities = -1,
		.output_modalities = -1,
		.capabilities = -1,
		.input_picousd = -1,
		.output_picousd = -1,
		.cached_picousd = -1,
		.cache_write_picousd = -1,
		.reasoning_picousd = -1,
		.image_picousd = -1 };
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

bool model_save(struct db *db, const struct model_change *change, int64_t *id,
	bool *created, struct error *err)
{
	return model_name_check(change->name, err) &&
	       save_row(db, change, created, err) &&
	       find_id(db, change, id, err) &&
	       save_price(db, *id, change, err) && catalog_changed(db, err);
}

bool model_set_enabled(
	struct db *db, int64_t id, bool is_enabled, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id FROM models WHERE id = ? FOR UPDATE", err))
		return false;
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(
			err, ERR_NOT_FOUND, "model", "There is no such model.");
	if (!stmt_prepare(db, &stmt,
		    "UPDATE models SET enabled = ? WHERE id = ?", err))
		return false;
	stmt_bind_int(stmt, is_enabled);
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err) && catalog_changed(db, err);
}

static bool save_row(struct db *db, const struct model_change *change,
	bool *created, struct error *err)
{
	struct buf input = BUF_INIT(FLAGS_MAX_BYTES);
	struct buf output = BUF_INIT(FLAGS_MAX_BYTES);
	struct buf capabilities = BUF_INIT(FLAGS_MAX_BYTES);
	struct stmt *stmt;
	bool ok;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO models (provider_id, name, created_ms, "
		    "upstream_name, context_tokens, max_output_tokens, "
		    "quality, speed, kind, input_modalities, "
		    "output_modalities, capabilities, equivalence) "
		    "VALUES (?, ?, ?, "
		    "COALESCE(?, name), COALESCE(?, 0), COALESCE(?, 0), ?, ?, "
		    "COALESCE(?, 'chat'), COALESCE(?, '[\"text\"]'), "
		    "COALESCE(?, '[\"text\"]'), "
		    "COALESCE(?, '[\"tools\", \"streaming\"]'), "
		    "COALESCE(?, '')) "
		    "ON DUPLICATE KEY UPDATE enabled = 1, source = 'manual', "
		    "upstream_name = COALESCE(?, upstream_name), "
		    "context_tokens = COALESCE(?, context_tokens), "
		    "max_output_tokens = COALESCE(?, max_output_tokens), "
		    "quality_source = IF(VALUES(quality) IS NULL, "
		    "quality_source, ''), "
		    "quality = COALESCE(?, quality), "
		    "speed = COALESCE(?, speed), kind = COALESCE(?, kind), "
		    "input_modalities = COALESCE(?, input_modalities), "
		    "output_modalities = COALESCE(?, output_modalities), "
		    "capabilities = COALESCE(?, capabilities), "
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
		bind_given(stmt, change->speed_tps);
		bind_kind(stmt, change->kind);
		bind_flags(
			stmt, modality_names, change->input_modalities, &input);
		bind_flags(stmt, modality_names, change->output_modalities,
			&output);
		bind_flags(stmt, capability_names, change->capabilities,
			&capabilities);
		if (change->sets_equivalence)
			stmt_bind_str(stmt, change->equivalence);
		else
			stmt_bind_null(stmt);
	}
	ok = stmt_run(stmt, err);
	if (ok)
		*created = stmt_affected_rows(stmt) == 1;
	buf_release(&input);
	buf_release(&output);
	buf_release(&capabilities);
	return ok;
}

static void bind_kind(struct stmt *stmt, int64_t kind)
{
	if (kind < 0)
		stmt_bind_null(stmt);
	else
		stmt_bind_str(
			stmt, str_of(model_kind_name((enum model_kind)kind)));
}

/* The text stays in `text` until the statement has run. */
static void bind_flags(struct stmt *stmt, const struct flag_name *table,
	int64_t flags, struct buf *text)
{
	struct json_writer w;

	if (flags < 0) {
		stmt_bind_null(stmt);
		return;
	}
	buf_clear(text);
	json_writer_init(&w, text);
	flags_write_json(table, (unsigned)flags, &w);
	stmt_bind_str(stmt, buf_str(text));
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

/* What a person says is the price of all calls: prices of other tiers and
 * sizes, which came from a catalogue, follow it. */
static bool save_price(struct db *db, int64_t id,
	const struct model_change *change, struct error *err)
{
	struct price rows[PRICE_ROWS], next = price_none();
	int64_t now_ms = clock_unix_ms();
	const struct price *ordinary;
	size_t count;

	if (!changes_price(change))
		return true;
	if (!price_rows_read(db, id, now_ms, rows, &count, err))
		return false;
	ordinary = price_rows_find(rows, count, PRICE_ORDINARY, 0);
	if (!ordinary &&
		(change->input_picousd < 0 || change->output_picousd < 0))
		return error_refuse(err, ERR_BAD_FIELD, "input_price",
			"A first price needs both --input-price and "
			"--output-price; 0 is a price.");
	if (ordinary)
		next = *ordinary;
	take_prices(change, &next);
	if (ordinary && price_equal(ordinary, &next))
		return true;
	return price_rows_write(
		db, id, &next, rows, count, now_ms, S("manual"), err);
}

static void take_prices(const struct model_change *change, struct price *price)
{
	price->input_picousd =
		given_or(change->input_picousd, price->input_picousd);
	price->output_picousd =
		given_or(change->output_picousd, price->output_picousd);
	price->cached_picousd =
		given_or(change->cached_picousd, price->cached_picousd);
	price->cache_write_picousd = given_or(
		change->cache_write_picousd, price->cache_write_picousd);
	price->reasoning_picousd =
		given_or(change->reasoning_picousd, price->reasoning_picousd);
	price->image_output_picousd =
		given_or(change->image_picousd, price->image_output_picousd);
}

static bool changes_price(const struct model_change *change)
{
	return change->input_picousd >= 0 || change->output_picousd >= 0 ||
	       change->cached_picousd >= 0 ||
	       change->cache_write_picousd >= 0 ||
	       change->reasoning_picousd >= 0 || change->image_picousd >= 0;
}

static int64_t given_or(int64_t given, int64_t otherwise)
{
	return given >= 0 ? given : otherwise;
}

static void bind_given(struct stmt *stmt, int64_t value)
{
	if (value < 0)
		stmt_bind_null(stmt);
	else
		stmt_bind_int(stmt, value);
}
