/*
 * warm_prefix.c - one record of the hot store for each bucket.
 */
#include "hot/warm_prefix.h"

#include "base/log.h"

#define NAME_BYTES 32
/* Uses in a row that read nothing, after which a place is not warm. */
#define MISSES_MAX 2
/* Of the time that is kept: how much of it passes before a use that changes
 * nothing else is worth a change. */
#define REFRESH_PART 8
/* What no clock that was set back makes longer. */
#define LONGEST_MS INT64_C(90000000)

struct entry {
	uint64_t prefix;
	struct warm_place place;
	int64_t until_ms;
	int64_t misses;
};

struct bucket {
	struct entry entries[WARM_PLACES];
	size_t count;
};

_Static_assert(WARM_PLACES * sizeof(struct entry) <= HOT_RECORD_BYTES,
	"a bucket is a record");

struct note {
	uint64_t prefix;
	const struct warm_use *use;
};

static struct str name_of(uint64_t prefix, char out[NAME_BYTES]);
static void read_bucket(struct str bytes, struct bucket *out);
static bool is_alive(const struct entry *entry, int64_t now_ms);
static hot_change_record change_bucket;
static bool apply(struct bucket *bucket, const struct note *note);
static struct entry *find(struct bucket *bucket, const struct note *note);
static bool refresh(struct entry *entry, const struct warm_use *use);
static void insert(struct bucket *bucket, const struct note *note);
static struct entry *room_in(struct bucket *bucket, int64_t now_ms);
static bool is_same(const struct warm_place *a, const struct warm_place *b);

size_t warm_prefix_find(struct hot *hot, uint64_t prefix, int64_t now_ms,
	struct warm_place out[WARM_PLACES])
{
	char text[NAME_BYTES], bytes[HOT_RECORD_BYTES];
	struct bucket bucket;
	size_t n = hot_read(hot, name_of(prefix, text), bytes, sizeof(bytes));
	size_t found = 0;

	read_bucket((struct str){ bytes, n }, &bucket);
	for (size_t i = 0; i < bucket.count; i++) {
		const struct entry *entry = &bucket.entries[i];

		if (entry->prefix == prefix && entry->misses < MISSES_MAX &&
			is_alive(entry, now_ms))
			out[found++] = entry->place;
	}
	return found;
}

void warm_prefix_note(
	struct hot *hot, uint64_t prefix, const struct warm_use *use)
{
	struct note note = { prefix, use };
	char text[NAME_BYTES], bytes[HOT_RECORD_BYTES];
	struct str name = name_of(prefix, text);
	struct bucket bucket;
	struct error err;
	size_t n = hot_read(hot, name, bytes, sizeof(bytes));

	/* Most uses change nothing: nobody waits for that. */
	read_bucket((struct str){ bytes, n }, &bucket);
	if (!apply(&bucket, &note))
		return;
	if (!hot_change(hot, name, change_bucket, &note, &err))
		log_warn("where a prompt is cached is not learnt: %s",
			error_detail(&err));
}

static bool change_bucket(struct str old, struct buf *now, void *context)
{
	struct bucket bucket;

	read_bucket(old, &bucket);
	if (!apply(&bucket, context))
		return false;
	buf_append(now, (struct str){ (const char *)bucket.entries,
				bucket.count * sizeof(struct entry) });
	return true;
}

/* False: it changes nothing. */
static bool apply(struct bucket *bucket, const struct note *note)
{
	struct entry *entry = find(bucket, note);

	if (entry)
		return refresh(entry, note->use);
	if (!note->use->was_read && !note->use->was_written)
		return false;
	insert(bucket, note);
	return true;
}

static struct entry *find(struct bucket *bucket, const struct note *note)
{
	for (size_t i = 0; i < bucket->count; i++) {
		struct entry *entry = &bucket->entries[i];

		if (entry->prefix == note->prefix &&
			is_same(&entry->place, &note->use->place) &&
			is_alive(entry, note->use->used_ms))
			return entry;
	}
	return NULL;
}

static bool refresh(struct entry *entry, const struct warm_use *use)
{
	int64_t until_ms = use->used_ms + use->keep_ms;

	if (use->was_read) {
		bool changes = entry->misses > 0 ||
			       until_ms - entry->until_ms >
				       use->keep_ms / REFRESH_PART;

		entry->misses = 0;
		entry->until_ms = until_ms;
		return changes;
	}
	if (entry->misses >= MISSES_MAX)
		return false;
	entry->misses++;
	if (use->was_written && entry->misses < MISSES_MAX)
		entry->until_ms = until_ms;
	return true;
}

static void insert(struct bucket *bucket, const struct note *note)
{
	const struct warm_use *use = note->use;

	*room_in(bucket, use->used_ms) = (struct entry){
		.prefix = note->prefix,
		.place = use->place,
		.until_ms = use->used_ms + use->keep_ms,
	};
}

/* In place of one that is cold; of a full bucket, that will be so first. */
static struct entry *room_in(struct bucket *bucket, int64_t now_ms)
{
	struct entry *first = bucket->entries;

	for (size_t i = 0; i < bucket->count; i++) {
		struct entry *entry = &bucket->entries[i];

		if (!is_alive(entry, now_ms))
			return entry;
		if (entry->until_ms < first->until_ms)
			first = entry;
	}
	return bucket->count < WARM_PLACES ? &bucket->entries[bucket->count++]
					   : first;
}

static bool is_alive(const struct entry *entry, int64_t now_ms)
{
	return entry->until_ms > now_ms &&
	       entry->until_ms <= now_ms + LONGEST_MS;
}

static bool is_same(const struct warm_place *a, const struct warm_place *b)
{
	return a->model_id == b->model_id && a->key_id == b->key_id &&
	       a->host == b->host;
}

/* A record of another form is none. */
static void read_bucket(struct str bytes, struct bucket *out)
{
	out->count = bytes.n / sizeof(struct entry);
	if (bytes.n % sizeof(struct entry) != 0 || out->count > WARM_PLACES)
		out->count = 0;
	memcpy(out->entries, bytes.p, out->count * sizeof(struct entry));
}

static struct str name_of(uint64_t prefix, char out[NAME_BYTES])
{
	int n = snprintf(out, NAME_BYTES, "warm_prefix/%u",
		(unsigned)(prefix % WARM_BUCKETS));

	return (struct str){ out, (size_t)n };
}
