/*
 * cache_row.c - answers as bytes, and where they stand in the store's tables.
 *
 * An answer has a place in two tables; cache_entry_put(), cache_entry_move()
 * and cache_entry_remove() alone write to them.
 */
#include "hot/cache_row.h"

/* Raise the last digit when the row changes. */
#define PACKED S("llmcache1")

static size_t packed_bytes(const struct cache_answer *answer);
static void write_packed(const struct cache_answer *answer, char *out);
static char *write_text(char *out, struct str text);
static int entry_read(MDB_val number, MDB_val data, struct cache_entry *out);
static int take_place(
	struct cache *cache, MDB_txn *txn, const uint8_t *key, size_t number);
static int append(struct cache *cache, MDB_txn *txn, size_t number,
	const uint8_t *key, size_t bytes, char **out);
static int answer_remove(struct cache *cache, MDB_txn *txn, size_t number);

void cache_pack(const struct cache_answer *answer, struct buf *out)
{
	size_t bytes = packed_bytes(answer);
	char *room;

	buf_append(out, PACKED);
	room = buf_reserve(out, bytes);
	if (!room)
		return;
	write_packed(answer, room);
	buf_advance(out, bytes);
}

bool cache_unpack(struct str text, struct cache_answer *out)
{
	return str_starts(text, PACKED) &&
	       cache_row_read(str_from(text, PACKED.n), out);
}

static size_t packed_bytes(const struct cache_answer *answer)
{
	return sizeof(struct cache_row) + answer->provider.n + answer->model.n +
	       answer->dialect.n + answer->content_type.n + answer->dropped.n +
	       answer->bytes.n;
}

static void write_packed(const struct cache_answer *answer, char *out)
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
	out = write_text(out, (struct str){ (const char *)&row, sizeof(row) });
	for (size_t i = 0; i < TEXTS; i++)
		out = write_text(out, texts[i]);
	write_text(out, answer->bytes);
}

static char *write_text(char *out, struct str text)
{
	if (text.n > 0)
		memcpy(out, text.p, text.n);
	return out + text.n;
}

bool cache_row_read(struct str packed, struct cache_answer *out)
{
	struct str *const members[TEXTS] = { &out->provider, &out->model,
		&out->dialect, &out->content_type, &out->dropped };
	struct cache_row row;

	if (packed.n < sizeof(row))
		return false;
	memcpy(&row, packed.p, sizeof(row));
	*out = (struct cache_answer){
		.project_id = row.project_id,
		.stored_unix_ms = row.stored_unix_ms,
		.expires_unix_ms = row.expires_unix_ms,
		.cost_picousd = row.cost_picousd,
		.is_priced = row.is_priced,
		.tokens_source = row.tokens_source,
		.is_stream = row.is_stream,
	};
	memcpy(out->tokens, row.tokens, sizeof(out->tokens));
	packed = str_from(packed, sizeof(row));
	for (size_t i = 0; i < TEXTS; i++) {
		if (packed.n < row.lengths[i])
			return false;
		*members[i] = str_head(packed, row.lengths[i]);
		packed = str_from(packed, row.lengths[i]);
	}
	out->bytes = packed;
	return row.bytes >= 0 && packed.n == (size_t)row.bytes;
}

int cache_entry_find(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	struct cache_entry *out)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	size_t place; /* in the map it may stand at any address */
	MDB_val number, data;
	int failed = mdb_get(txn, cache->tables[TABLE_PLACES], &name, &number);

	if (failed)
		return failed;
	if (number.mv_size != sizeof(place))
		return MDB_CORRUPTED;
	copy_page(&place, number.mv_data, sizeof(place));
	number.mv_data = &place;
	failed = mdb_get(txn, cache->tables[TABLE_ANSWERS], &number, &data);
	if (failed)
		return failed == MDB_NOTFOUND ? MDB_CORRUPTED : failed;
	return entry_read(number, data, out);
}

int cache_entry_at(MDB_cursor *cursor, MDB_cursor_op where, size_t from,
	struct cache_entry *out)
{
	MDB_val number = cache_val(&from, sizeof(from));
	MDB_val data;
	int failed = mdb_cursor_get(cursor, &number, &data, where);

	return failed ? failed : entry_read(number, data, out);
}

static int entry_read(MDB_val number, MDB_val data, struct cache_entry *out)
{
	const char *bytes = data.mv_data;

	if (number.mv_size != sizeof(out->number) ||
		data.mv_size < sizeof(out->key) + sizeof(out->row))
		return MDB_CORRUPTED;
	copy_page(&out->number, number.mv_data, sizeof(out->number));
	copy_page(out->key, bytes, sizeof(out->key));
	copy_page(&out->row, bytes + sizeof(out->key), sizeof(out->row));
	out->packed =
		str_from((struct str){ bytes, data.mv_size }, sizeof(out->key));
	return MDB_SUCCESS;
}

int cache_entry_end(struct cache *cache, MDB_txn *txn, MDB_cursor_op which,
	struct cache_entry *out)
{
	MDB_cursor *cursor;
	int failed =
		mdb_cursor_open(txn, cache->tables[TABLE_ANSWERS], &cursor);

	if (failed)
		return failed;
	failed = cache_entry_at(cursor, which, 0, out);
	mdb_cursor_close(cursor);
	return failed;
}

int cache_entry_next(struct cache *cache, MDB_txn *txn, size_t *number)
{
	struct cache_entry last = { .number = 0 };
	int failed = cache_entry_end(cache, txn, MDB_LAST, &last);

	*number = last.number + 1;
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

int cache_entry_put(struct cache *cache, MDB_txn *txn, size_t number,
	const uint8_t *key, const struct cache_answer *answer)
{
	char *room;
	int failed = take_place(cache, txn, key, number);

	if (!failed)
		failed = append(
			cache, txn, number, key, packed_bytes(answer), &room);
	if (!failed)
		write_packed(answer, room);
	return failed;
}

int cache_entry_move(struct cache *cache, MDB_txn *txn, size_t number,
	const struct cache_entry *entry)
{
	struct buf copy = BUF_INIT(SIZE_MAX);
	char *room;
	int failed;

	buf_append(&copy, entry->packed);
	failed = copy.failed ? ENOMEM
			     : take_place(cache, txn, entry->key, number);
	if (!failed)
		failed = append(cache, txn, number, entry->key, copy.n, &room);
	if (!failed) {
		memcpy(room, copy.p, copy.n);
		memcpy(room, &entry->row, sizeof(entry->row));
	}
	buf_release(&copy);
	return failed;
}

int cache_entry_remove(
	struct cache *cache, MDB_txn *txn, const struct cache_entry *entry)
{
	MDB_val key = cache_val(entry->key, sizeof(entry->key));
	int failed = answer_remove(cache, txn, entry->number);

	if (failed)
		return failed;
	failed = mdb_del(txn, cache->tables[TABLE_PLACES], &key, NULL);
	return failed == MDB_NOTFOUND ? MDB_CORRUPTED : failed;
}

/* What had the place is gone then. */
static int take_place(
	struct cache *cache, MDB_txn *txn, const uint8_t *key, size_t number)
{
	MDB_dbi places = cache->tables[TABLE_PLACES];
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	MDB_val data = cache_val(&number, sizeof(number));
	size_t before;
	int failed = mdb_put(txn, places, &name, &data, MDB_NOOVERWRITE);

	if (failed != MDB_KEYEXIST)
		return failed;
	if (data.mv_size != sizeof(before))
		return MDB_CORRUPTED;
	memcpy(&before, data.mv_data, sizeof(before));
	failed = answer_remove(cache, txn, before);
	data = cache_val(&number, sizeof(number));
	return failed ? failed : mdb_put(txn, places, &name, &data, 0);
}

/* Room for so many bytes behind the key. */
static int append(struct cache *cache, MDB_txn *txn, size_t number,
	const uint8_t *key, size_t bytes, char **out)
{
	MDB_val name = cache_val(&number, sizeof(number));
	MDB_val data = { .mv_size = CACHE_KEY_BYTES + bytes };
	int failed = mdb_put(txn, cache->tables[TABLE_ANSWERS], &name, &data,
		MDB_APPEND | MDB_RESERVE);

	if (failed)
		return failed;
	memcpy(data.mv_data, key, CACHE_KEY_BYTES);
	*out = (char *)data.mv_data + CACHE_KEY_BYTES;
	return MDB_SUCCESS;
}

/* It stands there by our own doing. */
static int answer_remove(struct cache *cache, MDB_txn *txn, size_t number)
{
	MDB_val name = cache_val(&number, sizeof(number));
	int failed = mdb_del(txn, cache->tables[TABLE_ANSWERS], &name, NULL);

	return failed == MDB_NOTFOUND ? MDB_CORRUPTED : failed;
}
