/*
 * cache_row.c - rows of the table of answers, and of those that order them.
 */
#include "hot/cache_row.h"

/* The row, and the texts behind it. */
int cache_row_get(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	struct cache_row *row, MDB_val *texts)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	size_t length = 0;
	MDB_val data;
	int failed = mdb_get(txn, cache->tables[TABLE_ANSWERS], &name, &data);

	if (failed)
		return failed;
	if (data.mv_size < sizeof(*row))
		return MDB_CORRUPTED;
	memcpy(row, data.mv_data, sizeof(*row));
	for (size_t i = 0; i < TEXTS; i++)
		length += row->lengths[i];
	if (data.mv_size != sizeof(*row) + length)
		return MDB_CORRUPTED;
	*texts = cache_val((char *)data.mv_data + sizeof(*row), length);
	return MDB_SUCCESS;
}

void cache_row_read(const struct cache_row *row, const char *texts,
	struct str bytes, struct cache_answer *out)
{
	struct str *const members[TEXTS] = { &out->provider, &out->model,
		&out->dialect, &out->content_type, &out->dropped };

	*out = (struct cache_answer){
		.project_id = row->project_id,
		.stored_unix_ms = row->stored_unix_ms,
		.expires_unix_ms = row->expires_unix_ms,
		.cost_picousd = row->cost_picousd,
		.is_priced = row->is_priced,
		.tokens_source = row->tokens_source,
		.is_stream = row->is_stream,
		.bytes = bytes,
	};
	memcpy(out->tokens, row->tokens, sizeof(out->tokens));
	for (size_t i = 0; i < TEXTS; i++) {
		*members[i] = (struct str){ texts, row->lengths[i] };
		texts += row->lengths[i];
	}
}

void cache_row_write(const struct cache_answer *answer, struct buf *out)
{
	const struct str texts[TEXTS] = { answer->provider, answer->model,
		answer->dialect, answer->content_type, answer->dropped };
	struct cache_row row = {
		.project_id = answer->project_id,
		.stored_unix_ms = answer->stored_unix_ms,
		.expires_unix_ms = answer->expires_unix_ms,
		.cost_picousd = answer->cost_picousd,
		.tokens_source = answer->tokens_source,
		.last_use_s = answer->stored_unix_ms / 1000,
		.bytes = (int64_t)answer->bytes.n,
		.is_priced = answer->is_priced,
		.is_stream = answer->is_stream,
	};

	memcpy(row.tokens, answer->tokens, sizeof(row.tokens));
	for (size_t i = 0; i < TEXTS; i++)
		row.lengths[i] = (uint32_t)texts[i].n;
	buf_append(out, (struct str){ (const char *)&row, sizeof(row) });
	for (size_t i = 0; i < TEXTS; i++)
		buf_append(out, texts[i]);
}

/* Raise the last digit when the row changes. */
#define PACKED S("llmcache1")

void cache_pack(const struct cache_answer *answer, struct buf *out)
{
	buf_append(out, PACKED);
	cache_row_write(answer, out);
	buf_append(out, answer->bytes);
}

bool cache_unpack(struct str text, struct cache_answer *out)
{
	struct cache_row row;
	size_t length = 0;

	if (!str_starts(text, PACKED))
		return false;
	text = str_from(text, PACKED.n);
	if (text.n < sizeof(row))
		return false;
	memcpy(&row, text.p, sizeof(row));
	text = str_from(text, sizeof(row));
	for (size_t i = 0; i < TEXTS; i++)
		length += row.lengths[i];
	if (row.bytes < 0 || text.n != length + (size_t)row.bytes)
		return false;
	cache_row_read(&row, text.p, str_from(text, length), out);
	return true;
}

int cache_order_put(struct cache *cache, MDB_txn *txn, enum cache_table table,
	int64_t number, const uint8_t *key)
{
	struct cache_order order = cache_order(number, key);
	MDB_val name = cache_val(order.bytes, sizeof(order.bytes));
	MDB_val nothing = cache_val("", 0);

	return mdb_put(txn, cache->tables[table], &name, &nothing, 0);
}

int cache_order_remove(struct cache *cache, MDB_txn *txn,
	enum cache_table table, int64_t number, const uint8_t *key)
{
	struct cache_order order = cache_order(number, key);
	MDB_val name = cache_val(order.bytes, sizeof(order.bytes));
	int failed = mdb_del(txn, cache->tables[table], &name, NULL);

	/* It stands there by our own doing. */
	return failed == MDB_NOTFOUND ? MDB_CORRUPTED : failed;
}

/* The key with the smallest number; MDB_NOTFOUND in an empty table. */
int cache_order_first(struct cache *cache, MDB_txn *txn, enum cache_table table,
	uint8_t *key, int64_t *number)
{
	MDB_val name, data;
	MDB_cursor *cursor;
	uint64_t bits = 0;
	int failed = mdb_cursor_open(txn, cache->tables[table], &cursor);

	if (failed)
		return failed;
	failed = mdb_cursor_get(cursor, &name, &data, MDB_FIRST);
	mdb_cursor_close(cursor);
	if (failed)
		return failed;
	if (name.mv_size != CACHE_ORDER_BYTES)
		return MDB_CORRUPTED;
	for (size_t i = 0; i < 8; i++)
		bits = bits << 8 | ((uint8_t *)name.mv_data)[i];
	*number = (int64_t)bits;
	memcpy(key, (uint8_t *)name.mv_data + 8, CACHE_KEY_BYTES);
	return MDB_SUCCESS;
}
