/*
 * replay.c - from journal files into MariaDB, each record exactly once.
 *
 * The hard things: a replayer may die at any instruction, so what was done is
 * known from MariaDB alone (batch.h); and one bad record must not hold up the
 * others, so a batch that is refused is halved until the bad one stands alone.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "ledger/batch.h"
#include "ledger/frame.h"
#include "ledger/journal.h"
#include "ledger/journal_folder.h"

/* More than a frame, so that reading always gets on. */
#define CHUNK_BYTES (FRAME_MAX_BYTES + (1 << 18))
#define ARENA_BYTES (1 << 16)
/* Locks and deadlocks pass; what is refused so often is refused for good. */
#define MAX_TRIES 3

/* One run over all files. */
struct replay {
	struct db_pool *pool;
	struct db *db; /* NULL until it is needed */
	int folder;
	bool waits;         /* for files that another one replays */
	journal_used *used; /* NULL: nobody wants to know */
	char *chunk;        /* CHUNK_BYTES */
	struct arena arena; /* what one batch needs */
	size_t moved;
};

/* One file of the run. */
struct source {
	const char *name;
	int file;
	bool is_finished; /* nobody writes to it any more */
	int64_t size_bytes;
	int64_t position;
	size_t known; /* records that were rows already */
	/* Up to the position: what will be in no report. */
	int64_t lost_bytes;  /* that were no record */
	size_t unreadable;   /* records */
	struct error reason; /* why the last of them is */
};

static bool replay_folder(const struct settings *settings, struct db_pool *pool,
	bool waits, journal_used *used, size_t *moved, struct error *err);
static bool replay_files(struct replay *replay, struct error *err);
static bool replay_file(
	struct replay *replay, const char *name, struct error *err);
static bool open_source(struct replay *replay, struct source *source,
	bool *ours, struct error *err);
static bool lock_source(int file, bool waits);
static bool replay_source(
	struct replay *replay, struct source *source, struct error *err);
static bool replay_batch(
	struct replay *replay, struct source *source, struct error *err);
static bool read_chunk(struct replay *replay, const struct source *source,
	struct str *chunk, struct error *err);
static bool fill_batch(struct replay *replay, struct source *source,
	struct str chunk, struct batch *batch, struct error *err);
static bool add_entry(struct replay *replay, struct source *source,
	struct batch *batch, struct str payload, struct error *err);
static bool keep_damaged(struct replay *replay, const struct source *source,
	struct batch *batch, int64_t start, struct str bytes,
	struct error *err);
static bool store(struct replay *replay, struct source *source,
	struct batch *batch, struct error *err);
static void count_stored(struct replay *replay, struct source *source,
	const struct batch *batch);
static void tell_uses(struct replay *replay, const struct batch *batch);
static bool store_halves(struct replay *replay, struct source *source,
	const struct batch *batch, struct error *err);
static bool store_one(struct replay *replay, struct source *source,
	struct batch *batch, struct error *err);
static bool reject_entry(struct replay *replay, struct source *source,
	const struct batch_entry *entry, const struct error *reason,
	struct error *err);
static bool finish_source(
	struct replay *replay, struct source *source, struct error *err);
static void log_source(const struct source *source);

bool journal_replay(const struct settings *settings, struct db_pool *pool,
	journal_used *used, size_t *moved, struct error *err)
{
	return replay_folder(settings, pool, false, used, moved, err);
}

bool journal_replay_all(const struct settings *settings, struct db_pool *pool,
	journal_used *used, size_t *moved, struct error *err)
{
	return replay_folder(settings, pool, true, used, moved, err);
}

static bool replay_folder(const struct settings *settings, struct db_pool *pool,
	bool waits, journal_used *used, size_t *moved, struct error *err)
{
	struct replay replay = { .pool = pool, .waits = waits, .used = used };
	bool replayed;

	*moved = 0;
	if (!journal_folder_make(settings, err) ||
		!journal_folder_open(settings, &replay.folder, err))
		return false;
	replay.chunk = malloc(CHUNK_BYTES);
	assert(replay.chunk);
	arena_init(&replay.arena, ARENA_BYTES);
	replayed = replay_files(&replay, err);
	*moved = replay.moved;
	arena_release(&replay.arena);
	free(replay.chunk);
	if (replay.db)
		db_give(pool, replay.db);
	close(replay.folder);
	return replayed;
}

/* A file that cannot be read does not hold up the others. */
static bool replay_files(struct replay *replay, struct error *err)
{
	struct arena arena;
	const char **names;
	size_t count;
	bool replayed;

	arena_init(&arena, 4096);
	replayed = journal_folder_list(
		replay->folder, &arena, &names, &count, err);
	if (!replayed)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		struct error failure;

		if (replay_file(replay, names[i], &failure))
			continue;
		*err = failure;
		replayed = false;
		if (failure.kind != ERR_IO)
			break;
	}
	arena_release(&arena);
	return replayed;
}

static bool replay_file(
	struct replay *replay, const char *name, struct error *err)
{
	struct source source = { .name = name };
	bool ours;
	bool replayed;

	if (!open_source(replay, &source, &ours, err))
		return false;
	if (!ours)
		return true;
	replayed = replay_source(replay, &source, err);
	log_source(&source);
	close(source.file);
	return replayed;
}

/* *ours is false when another replayer has the file, or had and deleted it. */
static bool open_source(struct replay *replay, struct source *source,
	bool *ours, struct error *err)
{
	struct stat status;

	*ours = false;
	source->file = openat(
		replay->folder, source->name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (source->file < 0 && errno == ENOENT)
		return true;
	if (source->file < 0)
		return error_set(err, ERR_IO, "journal: cannot open %s: %s",
			source->name, strerror(errno));
	if (lock_source(source->file, replay->waits)) {
		/* In this order: a finished file's size is its last one. */
		source->is_finished =
			flock(source->file, LOCK_SH | LOCK_NB) == 0;
		*ours = fstat(source->file, &status) == 0 &&
			status.st_nlink > 0;
	}
	if (*ours)
		source->size_bytes = status.st_size;
	else
		close(source->file);
	return true;
}

static bool lock_source(int file, bool waits)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(file, waits ? F_OFD_SETLKW : F_OFD_SETLK, &whole) == 0;
}

static bool replay_source(
	struct replay *replay, struct source *source, struct error *err)
{
	int64_t before = -1;

	if (source->size_bytes > 0) {
		if (!replay->db && !db_take(replay->pool, &replay->db, err))
			return false;
		if (!batch_load_position(replay->db, str_of(source->name),
			    &source->position, err))
			return false;
	}
	while (source->position < source->size_bytes &&
		source->position != before) {
		before = source->position;
		if (!replay_batch(replay, source, err))
			return false;
	}
	return finish_source(replay, source, err);
}

/* Get on by one batch; not at all when the next record is not complete. */
static bool replay_batch(
	struct replay *replay, struct source *source, struct error *err)
{
	struct batch batch = { .file = str_of(source->name),
		.start = source->position };
	struct str chunk;

	arena_reset(&replay->arena);
	batch.entries = ARENA_ARRAY(
		&replay->arena, struct batch_entry, BATCH_MAX_RECORDS);
	if (!read_chunk(replay, source, &chunk, err) ||
		!fill_batch(replay, source, chunk, &batch, err))
		return false;
	return batch.end == batch.start || store(replay, source, &batch, err);
}

static bool read_chunk(struct replay *replay, const struct source *source,
	struct str *chunk, struct error *err)
{
	int64_t left = source->size_bytes - source->position;
	size_t wanted = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
	size_t done = 0;

	while (done < wanted) {
		ssize_t n = pread(source->file, replay->chunk + done,
			wanted - done, source->position + (int64_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(err, ERR_IO,
				"journal: cannot read %s at %" PRId64 ": %s",
				source->name, source->position + (int64_t)done,
				n < 0 ? strerror(errno) : "it became shorter");
		done += (size_t)n;
	}
	*chunk = (struct str){ replay->chunk, wanted };
	return true;
}

static bool fill_batch(struct replay *replay, struct source *source,
	struct str chunk, struct batch *batch, struct error *err)
{
	bool is_end = batch->start + (int64_t)chunk.n >= source->size_bytes;
	struct frame_found found = { .state = FRAME_WHOLE };
	size_t at = 0;

	while (found.state == FRAME_WHOLE && at < chunk.n &&
		batch->count < BATCH_MAX_RECORDS) {
		found = frame_find(str_from(chunk, at));
		found.start += at;
		found.end += at;
		/* Nobody will complete what a finished file ends with... */
		if (found.state != FRAME_WHOLE && is_end && source->is_finished)
			found.start = chunk.n;
		/* ...and nobody knows yet what a growing one ends with. */
		else if (found.state == FRAME_NONE && is_end)
			found.start = at;
		batch->end = batch->start + (int64_t)found.start;
		if (!keep_damaged(replay, source, batch,
			    batch->start + (int64_t)at,
			    str_head(str_from(chunk, at), found.start - at),
			    err))
			return false;
		if (found.state != FRAME_WHOLE)
			return true;
		at = found.end;
		batch->end = batch->start + (int64_t)at;
		if (!add_entry(replay, source, batch, found.payload, err))
			return false;
	}
	return true;
}

/* The frame of the payload ends at batch->end. */
static bool add_entry(struct replay *replay, struct source *source,
	struct batch *batch, struct str payload, struct error *err)
{
	struct batch_entry *entry = &batch->entries[batch->count];

	entry->payload = payload;
	entry->end = batch->end;
	entry->start = batch->end - (int64_t)payload.n - FRAME_HEADER_BYTES;
	if (!usage_record_read(
		    &entry->record, payload, &replay->arena, &source->reason)) {
		batch->unreadable++;
		return journal_folder_reject(replay->folder, source->name,
			entry->start, ".json", payload, err);
	}
	batch_fit_record(&entry->record);
	batch->count++;
	return true;
}

static bool keep_damaged(struct replay *replay, const struct source *source,
	struct batch *batch, int64_t start, struct str bytes, struct error *err)
{
	if (bytes.n == 0)
		return true;
	if (!journal_folder_reject(replay->folder, source->name, start,
		    ".damaged", bytes, err))
		return false;
	batch->lost_bytes += (int64_t)bytes.n;
	return true;
}

static bool store(struct replay *replay, struct source *source,
	struct batch *batch, struct error *err)
{
	bool stored = batch_store(replay->db, batch, err);

	for (int try = 1; !stored && err->kind == ERR_DUPLICATE; try++) {
		if (!batch_find_known(replay->db, batch, err))
			return false;
		stored = batch_store(replay->db, batch, err);
		if (try == MAX_TRIES)
			break;
	}
	if (stored) {
		count_stored(replay, source, batch);
		return true;
	}
	if (err->kind == ERR_INTERNAL || batch->count == 0)
		return false;
	return batch->count > 1 ? store_halves(replay, source, batch, err)
				: store_one(replay, source, batch, err);
}

static void count_stored(
	struct replay *replay, struct source *source, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->entries[i].known)
			source->known++;
		else
			replay->moved++;
	}
	source->position = batch->end;
	source->lost_bytes += batch->lost_bytes;
	source->unreadable += batch->unreadable;
	tell_uses(replay, batch);
}

/* Records that were rows already are told again: whoever stored them may have
 * died before he did. */
static void tell_uses(struct replay *replay, const struct batch *batch)
{
	struct journal_use uses[BATCH_MAX_RECORDS];
	size_t count = 0;

	for (size_t i = 0; replay->used && i < batch->count; i++) {
		const struct usage_record *record = &batch->entries[i].record;
		size_t at = 0;

		while (at < count && uses[at].key_id != record->key_id)
			at++;
		if (at == count && record->key_id != 0)
			uses[count++] =
				(struct journal_use){ .key_id =
							      record->key_id };
		if (at < count && uses[at].unix_ms < record->started_unix_ms)
			uses[at].unix_ms = record->started_unix_ms;
	}
	if (count > 0)
		replay->used(replay->db, uses, count);
}

static bool store_halves(struct replay *replay, struct source *source,
	const struct batch *batch, struct error *err)
{
	struct batch first = *batch;
	struct batch second = *batch;

	first.count = batch->count / 2;
	first.end = batch->entries[first.count - 1].end;
	second.start = first.end;
	second.entries += first.count;
	second.count -= first.count;
	/* Once is enough; the first half is stored first. */
	second.lost_bytes = 0;
	second.unreadable = 0;
	return store(replay, source, &first, err) &&
	       store(replay, source, &second, err);
}

/* It was refused. Is it the record's fault, or the database's? */
static bool store_one(struct replay *replay, struct source *source,
	struct batch *batch, struct error *err)
{
	struct error reason = *err;

	for (int try = 1; try < MAX_TRIES; try++) {
		if (!batch_probe(replay->db, batch, err))
			return false;
		if (batch_store(replay->db, batch, &reason)) {
			count_stored(replay, source, batch);
			return true;
		}
	}
	if (!reject_entry(replay, source, batch->entries, &reason, err))
		return false;
	batch->count = 0;
	return store(replay, source, batch, err);
}

static bool reject_entry(struct replay *replay, struct source *source,
	const struct batch_entry *entry, const struct error *reason,
	struct error *err)
{
	if (!journal_folder_reject(replay->folder, source->name, entry->start,
		    ".json", entry->payload, err))
		return false;
	log_error("journal: a record was refused and is in no report; it is "
		  "kept as rejected/%s-%" PRId64 ".json: %s",
		source->name, entry->start, error_detail(reason));
	return true;
}

/*
 * The file goes first, and the disk knows it, then its position: the other
 * way round, a crash between them would make the file look new.
 */
static bool finish_source(
	struct replay *replay, struct source *source, struct error *err)
{
	if (!source->is_finished || source->position < source->size_bytes)
		return true;
	if (!journal_folder_delete(replay->folder, source->name, err))
		return false;
	return source->size_bytes == 0 ||
	       batch_forget_file(replay->db, str_of(source->name), err);
}

static void log_source(const struct source *source)
{
	if (source->lost_bytes > 0)
		log_error("journal: %s: %" PRId64
			  " bytes were torn or damaged; what was in them is "
			  "in no report; they are kept in rejected/",
			source->name, source->lost_bytes);
	if (source->unreadable > 0)
		log_error("journal: %s: %zu records could not be understood "
			  "and are in no report; they are kept in rejected/; "
			  "the last one: %s",
			source->name, source->unreadable,
			error_detail(&source->reason));
	if (source->known > 0)
		log_warn("journal: %s: %zu records were stored before and "
			 "not counted again",
			source->name, source->known);
}
