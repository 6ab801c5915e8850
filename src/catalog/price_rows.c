/*
 * price_rows.c - SQL of the table prices.
 */
#include "catalog/price_rows.h"

#include "db/stmt.h"

static int64_t null_or(struct stmt *stmt, unsigned column);
static void bind_price(struct stmt *stmt, int64_t picousd);

bool price_rows_read(struct db *db, int64_t model_id, int64_t unix_ms,
	struct price rows[PRICE_ROWS], size_t *count, struct error *err)
{
	struct stmt *stmt;
	bool more = true;

	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT valid_from_ms, service_tier, above_prompt_tokens, "
		    "input_picousd, output_picousd, cached_picousd, "
		    "cache_write_picousd, cache_write_1h_picousd, "
		    "reasoning_picousd, audio_input_picousd, "
		    "audio_output_picousd, image_input_picousd_per_image, "
		    "image_output_picousd_per_image, "
		    "COALESCE(request_picousd, 0) FROM prices p "
		    "WHERE model_id = ? AND valid_from_ms = ("
		    "SELECT MAX(q.valid_from_ms) FROM prices q "
		    "WHERE q.model_id = p.model_id AND "
		    "q.service_tier = p.service_tier AND "
		    "q.above_prompt_tokens = p.above_prompt_tokens AND "
		    "q.valid_from_ms <= ?) "
		    "ORDER BY service_tier, above_prompt_tokens",
		    err))
		return false;
	stmt_bind_int(stmt, model_id);
	stmt_bind_int(stmt, unix_ms);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		struct price *row = &rows[*count];

		if (!more)
			return true;
		if (*count == PRICE_ROWS)
			return error_set(err, ERR_DATABASE,
				"model %" PRId64 " has more than %d prices",
				model_id, PRICE_ROWS);
		*row = (struct price){ .valid_from_ms = stmt_int(stmt, 0),
			.tier = price_tier_of(stmt_str(stmt, 1)),
			.above_prompt_tokens = stmt_int(stmt, 2),
			.input_picousd = stmt_int(stmt, 3),
			.output_picousd = stmt_int(stmt, 4),
			.cached_picousd = null_or(stmt, 5),
			.cache_write_picousd = null_or(stmt, 6),
			.cache_write_1h_picousd = null_or(stmt, 7),
			.reasoning_picousd = null_or(stmt, 8),
			.audio_input_picousd = null_or(stmt, 9),
			.audio_output_picousd = null_or(stmt, 10),
			.image_input_picousd = null_or(stmt, 11),
			.image_output_picousd = null_or(stmt, 12),
			.request_picousd = stmt_int(stmt, 13) };
		(*count)++;
	}
	return false;
}

const struct price *price_rows_find(const struct price *rows, size_t count,
	enum price_tier tier, int64_t above_prompt_tokens)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].tier == tier &&
			rows[i].above_prompt_tokens == above_prompt_tokens)
			return &rows[i];
	}
	return NULL;
}

/* Two prices of one millisecond: nobody has paid the first one yet. */
bool price_rows_add(struct db *db, int64_t model_id, const struct price *price,
	int64_t unix_ms, struct str source, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "REPLACE INTO prices (model_id, valid_from_ms, created_ms, "
		    "service_tier, above_prompt_tokens, input_picousd, "
		    "output_picousd, cached_picousd, cache_write_picousd, "
		    "cache_write_1h_picousd, reasoning_picousd, "
		    "audio_input_picousd, audio_output_picousd, "
		    "image_input_picousd_per_image, "
		    "image_output_picousd_per_image, request_picousd, source) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		    "?)",
		    err))
		return false;
	stmt_bind_int(stmt, model_id);
	stmt_bind_int(stmt, unix_ms);
	stmt_bind_int(stmt, unix_ms);
	stmt_bind_str(stmt, str_of(price_tier_name(price->tier)));
	stmt_bind_int(stmt, price->above_prompt_tokens);
	bind_price(stmt, price->input_picousd);
	bind_price(stmt, price->output_picousd);
	bind_price(stmt, price->cached_picousd);
	bind_price(stmt, price->cache_write_picousd);
	bind_price(stmt, price->cache_write_1h_picousd);
	bind_price(stmt, price->reasoning_picousd);
	bind_price(stmt, price->audio_input_picousd);
	bind_price(stmt, price->audio_output_picousd);
	bind_price(stmt, price->image_input_picousd);
	bind_price(stmt, price->image_output_picousd);
	stmt_bind_int(stmt, price->request_picousd);
	stmt_bind_str(stmt, source);
	return stmt_run(stmt, err);
}

bool price_rows_write(struct db *db, int64_t model_id,
	const struct price *price, const struct price *rows, size_t count,
	int64_t unix_ms, struct str source, struct error *err)
{
	struct price next = *price;

	if (!price_rows_add(db, model_id, price, unix_ms, source, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		next.tier = rows[i].tier;
		next.above_prompt_tokens = rows[i].above_prompt_tokens;
		if ((next.tier != price->tier ||
			    next.above_prompt_tokens !=
				    price->above_prompt_tokens) &&
			!price_rows_add(
				db, model_id, &next, unix_ms, source, err))
			return false;
	}
	return true;
}

static int64_t null_or(struct stmt *stmt, unsigned column)
{
	return stmt_is_null(stmt, column) ? PRICE_NONE : stmt_int(stmt, column);
}

static void bind_price(struct stmt *stmt, int64_t picousd)
{
	if (picousd == PRICE_NONE)
		stmt_bind_null(stmt);
	else
		stmt_bind_int(stmt, picousd);
}
