/*
 * metrics_series.c - one block of memory: a head, then the entries one after
 * the other. `used` moves on only when an entry is complete. Who adds finds
 * them again by an index of its own, which is in no file.
 */
#include "hot/metrics_series.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

/* Raise it when a number begins to mean something else. */
#define FORMAT 1
#define MAGIC "LLMGWMET"
/* A file grows by this; what it has got cannot be refused any more. */
#define GROWTH_BYTES (64 * 1024)
/* A power of two, twice as many as there may be series. */
#define SLOTS (2 * SERIES_MAX_COUNT)

struct series_head {
	char magic[8];
	uint32_t format;
	uint32_t head_bytes;
	int64_t started_ms;
	char note[SERIES_NAME_BYTES];
	uint64_t used; /* bytes, this head included; atomic */
};

struct series {
	struct series_head *head; /* the block */
	int file;                 /* that grows with it; -1: none */
	size_t mapped;            /* bytes of address space */
	size_t room;              /* bytes of it that are there */
	size_t count;
	pthread_mutex_t lock; /* of who adds */
	uint32_t *slots;      /* offsets in the block, 0: free; atomic */
};

static struct series *make(int file, struct error *err);
static void begin(struct series *series);
static bool check(struct series *series, struct error *err);
static bool grow(struct series *series, size_t needed);
static size_t used_bytes(const struct series *series);
static struct series_entry *entry_at(
	const struct series *series, size_t offset);
static uint32_t slot_of(struct str text);
static uint32_t look_up(
	const struct series *series, struct str text, uint32_t *slot);
static int64_t *find(struct series *series, struct str text, size_t value_count,
	bool may_take_reserve);
static uint32_t add(struct series *series, struct str text, size_t value_count,
	bool may_take_reserve);
static bool has_room(
	struct series *series, size_t bytes, bool may_take_reserve);
static void index_all(struct series *series);

struct series *series_new(void)
{
	struct error err;
	struct series *series = make(-1, &err);

	/* Address space alone: it is there, or nothing goes any more. */
	assert(series);
	begin(series);
	return series;
}

bool series_create(int file, struct series **out, struct error *err)
{
	struct series *series = make(file, err);

	if (!series)
		return false;
	if (!grow(series, sizeof(struct series_head))) {
		series_free(series);
		return error_set(err, ERR_IO, "no room for metrics: %s",
			strerror(errno));
	}
	begin(series);
	*out = series;
	return true;
}

bool series_map(int file, struct series **out, struct error *err)
{
	struct series *series = make(file, err);
	struct stat status;

	if (!series)
		return false;
	series->room = fstat(file, &status) == 0 ? (size_t)status.st_size : 0;
	if (!check(series, err)) {
		series_free(series);
		return false;
	}
	*out = series;
	return true;
}

bool series_load(int file, struct series **out, struct error *err)
{
	struct series *mapped;
	struct series *series;

	if (!series_map(file, &mapped, err))
		return false;
	series = series_new();
	memcpy(series->head, mapped->head, used_bytes(mapped));
	series_free(mapped);
	index_all(series);
	*out = series;
	return true;
}

bool series_save(const struct series *series, int file, struct error *err)
{
	const char *bytes = (const char *)series->head;
	size_t n = used_bytes(series);

	for (size_t done = 0; done < n;) {
		ssize_t wrote = write(file, bytes + done, n - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return error_set(err, ERR_IO,
				"metrics cannot be written: %s",
				strerror(errno));
		done += (size_t)wrote;
	}
	return true;
}

void series_free(struct series *series)
{
	if (!series)
		return;
	munmap(series->head, series->mapped);
	pthread_mutex_destroy(&series->lock);
	free(series->slots);
	free(series);
}

int64_t *series_find(struct series *series, struct str text, size_t value_count)
{
	return find(series, text, value_count, false);
}

int64_t *series_find_reserved(
	struct series *series, struct str text, size_t value_count)
{
	return find(series, text, value_count, true);
}

struct series_entry *series_next(
	const struct series *series, const struct series_entry *entry)
{
	size_t offset = sizeof(struct series_head);

	if (entry)
		offset = (size_t)((const char *)entry -
				  (const char *)series->head) +
			 entry->bytes;
	return offset < used_bytes(series) ? entry_at(series, offset) : NULL;
}

struct str series_text(const struct series_entry *entry)
{
	return (struct str){ (const char *)&entry->values[entry->value_count],
		entry->text_bytes };
}

int64_t series_started_ms(const struct series *series)
{
	return series->head->started_ms;
}

const char *series_note(const struct series *series)
{
	return series->head->note;
}

void series_set_note(struct series *series, const char *note)
{
	snprintf(series->head->note, sizeof(series->head->note), "%s", note);
}

/* All the address space it may need, so that nothing ever moves. */
static struct series *make(int file, struct error *err)
{
	int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
			     : MAP_SHARED;
	struct series *series = calloc(1, sizeof(*series));

	if (!series)
		abort();
	series->file = file;
	series->mapped = SERIES_MAX_BYTES;
	series->room = file < 0 ? SERIES_MAX_BYTES : 0;
	series->head = mmap(
		NULL, series->mapped, PROT_READ | PROT_WRITE, flags, file, 0);
	if (series->head == MAP_FAILED) {
		free(series);
		error_set(err, ERR_IO, "metrics cannot be mapped: %s",
			strerror(errno));
		return NULL;
	}
	pthread_mutex_init(&series->lock, NULL);
	return series;
}

static void begin(struct series *series)
{
	struct series_head *head = series->head;

	memcpy(head->magic, MAGIC, sizeof(head->magic));
	head->format = FORMAT;
	head->head_bytes = sizeof(*head);
	head->started_ms = clock_unix_ms();
	__atomic_store_n(&head->used, sizeof(*head), __ATOMIC_RELEASE);
	series->slots = calloc(SLOTS, sizeof(*series->slots));
	if (!series->slots)
		abort();
}

/* Every later step over the entries relies on this. */
static bool check(struct series *series, struct error *err)
{
	const struct series_head *head = series->head;
	size_t used;

	if (series->room < sizeof(*head) || series->room > SERIES_MAX_BYTES ||
		memcmp(head->magic, MAGIC, sizeof(head->magic)) != 0 ||
		head->format != FORMAT || head->head_bytes != sizeof(*head) ||
		!memchr(head->note, '\0', sizeof(head->note)))
		return error_set(
			err, ERR_IO, "metrics of another version, or damaged");
	used = used_bytes(series);
	if (used < sizeof(*head) || used > series->room)
		return error_set(err, ERR_IO, "metrics that were cut off");
	for (size_t at = sizeof(*head); at != used;) {
		const struct series_entry *entry = entry_at(series, at);

		if (used - at < sizeof(*entry) || entry->bytes % 8 != 0 ||
			entry->bytes > used - at ||
			entry->bytes <
				sizeof(*entry) + entry->text_bytes +
					entry->value_count * sizeof(int64_t))
			return error_set(err, ERR_IO, "damaged metrics");
		at += entry->bytes;
	}
	return true;
}

/* Memory that is taken now is not missing when it is written to. */
static bool grow(struct series *series, size_t needed)
{
	size_t room = (needed + GROWTH_BYTES - 1) / GROWTH_BYTES * GROWTH_BYTES;

	if (needed <= series->room)
		return true;
	if (room > series->mapped)
		return false;
	errno = posix_fallocate(series->file, 0, (off_t)room);
	if (errno != 0)
		return false;
	series->room = room;
	return true;
}

static size_t used_bytes(const struct series *series)
{
	return (size_t)__atomic_load_n(&series->head->used, __ATOMIC_ACQUIRE);
}

static struct series_entry *entry_at(const struct series *series, size_t offset)
{
	return (struct series_entry *)(void *)((char *)series->head + offset);
}

/* FNV-1a. */
static uint32_t slot_of(struct str text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) *
		       UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32) % SLOTS;
}

/* Its offset; or 0, and the free slot where it belongs. */
static uint32_t look_up(
	const struct series *series, struct str text, uint32_t *slot)
{
	uint32_t offset;

	assert(series->slots);
	*slot = slot_of(text);
	while ((offset = __atomic_load_n(
			&series->slots[*slot], __ATOMIC_ACQUIRE))) {
		if (str_equal(series_text(entry_at(series, offset)), text))
			return offset;
		*slot = (*slot + 1) % SLOTS;
	}
	return 0;
}

static int64_t *find(struct series *series, struct str text, size_t value_count,
	bool may_take_reserve)
{
	struct series_entry *entry;
	uint32_t slot;
	uint32_t offset = look_up(series, text, &slot);

	if (!offset)
		offset = add(series, text, value_count, may_take_reserve);
	if (!offset)
		return NULL;
	entry = entry_at(series, offset);
	return entry->value_count == value_count ? entry->values : NULL;
}

static uint32_t add(struct series *series, struct str text, size_t value_count,
	bool may_take_reserve)
{
	size_t bytes = sizeof(struct series_entry) +
		       value_count * sizeof(int64_t) + text.n;
	uint32_t offset;
	uint32_t slot;

	bytes = (bytes + 7) / 8 * 8;
	pthread_mutex_lock(&series->lock);
	offset = look_up(series, text, &slot);
	if (!offset && has_room(series, bytes, may_take_reserve)) {
		struct series_entry *entry;

		offset = (uint32_t)used_bytes(series);
		entry = entry_at(series, offset);
		entry->bytes = (uint32_t)bytes;
		entry->text_bytes = (uint16_t)text.n;
		entry->value_count = (uint16_t)value_count;
		memset(entry->values, 0, value_count * sizeof(int64_t));
		memcpy(&entry->values[value_count], text.p, text.n);
		__atomic_store_n(
			&series->head->used, offset + bytes, __ATOMIC_RELEASE);
		__atomic_store_n(
			&series->slots[slot], offset, __ATOMIC_RELEASE);
		series->count++;
	}
	pthread_mutex_unlock(&series->lock);
	return offset;
}

static bool has_room(struct series *series, size_t bytes, bool may_take_reserve)
{
	size_t reserved = may_take_reserve ? 0 : SERIES_RESERVED_BYTES;
	size_t count = may_take_reserve ? 0 : SERIES_RESERVED_COUNT;
	size_t used = used_bytes(series) + bytes;

	return series->count + count < SERIES_MAX_COUNT &&
	       used + reserved <= SERIES_MAX_BYTES && grow(series, used);
}

static void index_all(struct series *series)
{
	for (struct series_entry *entry = series_next(series, NULL); entry;
		entry = series_next(series, entry)) {
		uint32_t slot;

		if (series->count == SERIES_MAX_COUNT ||
			look_up(series, series_text(entry), &slot))
			continue;
		series->slots[slot] =
			(uint32_t)((char *)entry - (char *)series->head);
		series->count++;
	}
}
