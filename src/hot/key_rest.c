/*
 * key_rest.c - one record of the hot store for each key and model.
 */
#include "hot/key_rest.h"

#include "base/clock.h"
#include "base/log.h"

#define NAME_BYTES 64
/* A provider may ask for days; nobody would look for the cause here. */
#define LONGEST_MS INT64_C(3600000)
/* Callers read the clock a moment before they look; one that was set back by
 * more does not make a rest longer. */
#define CLOCK_SLACK_MS 10000

struct record {
	int64_t until_ms;
	int64_t status;
	uint64_t stamp; /* of the sealed text */
};

static struct str name_of(
	int64_t key_id, int64_t model_id, char out[NAME_BYTES]);
static uint64_t stamp_of(struct str sealed);
static struct key_rest read_one(struct hot *hot, const struct key_of_rest *key,
	int64_t model_id, int64_t now_ms);
static hot_change_record set_record;

struct key_rest key_rest_read(struct hot *hot, const struct key_of_rest *key,
	int64_t model_id, int64_t now_ms)
{
	struct key_rest rest = read_one(hot, key, 0, now_ms);

	return rest.until_ms ? rest : read_one(hot, key, model_id, now_ms);
}

void key_rest_set(struct hot *hot, const struct key_of_rest *key,
	int64_t model_id, const struct key_rest *rest)
{
	struct record record = { rest->until_ms, rest->status,
		stamp_of(key->sealed) };
	int64_t most_ms = clock_unix_ms() + LONGEST_MS;
	char text[NAME_BYTES];
	struct error err;

	if (record.until_ms > most_ms)
		record.until_ms = most_ms;
	if (!hot_change(hot, name_of(key->key_id, model_id, text), set_record,
		    &record, &err))
		log_warn("provider key %" PRId64 " is not left alone: %s",
			key->key_id, error_detail(&err));
}

static struct key_rest read_one(struct hot *hot, const struct key_of_rest *key,
	int64_t model_id, int64_t now_ms)
{
	char text[NAME_BYTES];
	struct record record;
	size_t n = hot_read(hot, name_of(key->key_id, model_id, text), &record,
		sizeof(record));

	if (n != sizeof(record) || record.until_ms <= now_ms ||
		record.until_ms > now_ms + LONGEST_MS + CLOCK_SLACK_MS ||
		record.stamp != stamp_of(key->sealed))
		return (struct key_rest){ 0 };
	return (struct key_rest){ record.until_ms, record.status };
}

static bool set_record(struct str old, struct buf *now, void *context)
{
	(void)old;
	buf_append(now, (struct str){ context, sizeof(struct record) });
	return true;
}

static struct str name_of(
	int64_t key_id, int64_t model_id, char out[NAME_BYTES])
{
	int n = snprintf(out, NAME_BYTES, "key_rest/%" PRId64 "/%" PRId64,
		key_id, model_id);

	return (struct str){ out, (size_t)n };
}

/* FNV-1a: two seals of one key differ in all their bytes. */
static uint64_t stamp_of(struct str sealed)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < sealed.n; i++)
		hash = (hash ^ (unsigned char)sealed.p[i]) *
		       UINT64_C(1099511628211);
	return hash;
}
