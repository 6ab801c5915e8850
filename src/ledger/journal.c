/*
 * journal.c - the writing end of the journal. The one hard thing: a file
 * without a lock looks finished and may be deleted, so it is locked under
 * another name first and only then gets the name that replayers look for.
 */
#include "ledger/journal.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/random.h"
#include "ledger/frame.h"
#include "ledger/journal_folder.h"

/* After a failure to begin a new file, the old one grows by this first. */
#define ROTATE_AGAIN_BYTES (INT64_C(1) << 20)
/* Most records fit: the buffer need not grow while one is written. */
#define USUAL_FRAME_BYTES 2048

struct journal {
	int folder; /* descriptor of the directory */
	char host[HOST_NAME_MAX + 1];
	pthread_mutex_t lock;   /* for all that follows */
	pid_t pid;              /* whose file it is */
	int file;               /* append-only, locked */
	int retired;            /* the file before, not yet synced; or -1 */
	int64_t size_bytes;     /* of the file */
	int64_t rotate_bytes;   /* begin another file beyond this size */
	bool folder_is_changed; /* a new name is not yet on the disk */
};

static void read_host_name(struct journal *journal);
static bool begin_file(struct journal *journal, struct error *err);
static int create_locked(
	struct journal *journal, const char *name, struct error *err);
static bool write_frame(
	struct journal *journal, struct str frame, struct error *err);
static bool own_file(struct journal *journal, struct error *err);
static void rotate_file(struct journal *journal);
static bool write_whole(
	struct journal *journal, struct str frame, struct error *err);
static bool sync_file(int file, struct error *err);
static void close_file(int file);

bool journal_open(const struct settings *settings, struct journal **out,
	struct error *err)
{
	struct journal *journal;
	int folder;

	if (!journal_folder_make(settings, err) ||
		!journal_folder_open(settings, &folder, err))
		return false;
	journal = malloc(sizeof(*journal));
	assert(journal);
	*journal = (struct journal){ .folder = folder,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.file = -1,
		.retired = -1 };
	read_host_name(journal);
	if (!begin_file(journal, err)) {
		journal_close(journal);
		return false;
	}
	*out = journal;
	return true;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	close_file(journal->retired);
	close_file(journal->file);
	close(journal->folder);
	pthread_mutex_destroy(&journal->lock);
	free(journal);
}

bool journal_append(struct journal *journal, const struct usage_record *record,
	struct error *err)
{
	struct buf text = BUF_INIT(FRAME_MAX_PAYLOAD_BYTES);
	bool written;

	assert(record->request_id.n > 0 &&
		record->request_id.n <= USAGE_MAX_REQUEST_ID_BYTES);
	usage_record_write(record, &text);
	written = text.failed
			  ? error_set(err, ERR_IO,
				    "journal: a record does not fit")
			  : journal_append_text(journal, buf_str(&text), err);
	buf_release(&text);
	return written;
}

bool journal_append_text(
	struct journal *journal, struct str text, struct error *err)
{
	struct buf frame = BUF_INIT(FRAME_MAX_BYTES);
	bool written = false;

	if (!buf_reserve(&frame, USUAL_FRAME_BYTES))
		return error_set(err, ERR_IO, "journal: no memory");
	frame_begin(&frame);
	buf_append(&frame, text);
	frame_seal(&frame);
	if (frame.failed)
		error_set(err, ERR_IO, "journal: a record does not fit");
	else
		written = write_frame(journal, buf_str(&frame), err);
	buf_release(&frame);
	return written;
}

bool journal_sync(struct journal *journal, struct error *err)
{
	bool folder_is_changed;
	int retired;
	int file;
	bool synced;

	/* Synced through descriptors of our own, so that appending goes on. */
	pthread_mutex_lock(&journal->lock);
	retired = journal->retired;
	journal->retired = -1;
	folder_is_changed = journal->folder_is_changed;
	journal->folder_is_changed = false;
	file = fcntl(journal->file, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&journal->lock);

	synced = (retired < 0 || sync_file(retired, err)) &&
		 sync_file(file, err) &&
		 (!folder_is_changed || sync_file(journal->folder, err));
	close_file(retired);
	close_file(file);
	return synced;
}

/* Host names may hold anything; file names may not. */
static void read_host_name(struct journal *journal)
{
	if (gethostname(journal->host, sizeof(journal->host)) < 0)
		journal->host[0] = '\0';
	journal->host[sizeof(journal->host) - 1] = '\0';
	for (char *p = journal->host; *p; p++) {
		if (!isalnum((unsigned char)*p) && *p != '.')
			*p = '-';
	}
	if (!isalnum((unsigned char)journal->host[0]))
		snprintf(journal->host, sizeof(journal->host), "host");
}

/* The new file takes the old one's place; nothing changes when it fails. */
static bool begin_file(struct journal *journal, struct error *err)
{
	char name[JOURNAL_NAME_BYTES];
	char random[17];
	int file;

	random_hex(random, sizeof(random) - 1);
	snprintf(name, sizeof(name), "%s-%ld-%s" JOURNAL_SUFFIX, journal->host,
		(long)getpid(), random);
	file = create_locked(journal, name, err);
	if (file < 0)
		return false;
	close_file(journal->retired);
	journal->retired = journal->file;
	journal->file = file;
	journal->pid = getpid();
	journal->size_bytes = 0;
	journal->rotate_bytes = JOURNAL_FILE_BYTES;
	journal->folder_is_changed = true;
	return true;
}

static int create_locked(
	struct journal *journal, const char *name, struct error *err)
{
	char unborn[JOURNAL_NAME_BYTES + sizeof(JOURNAL_UNBORN_SUFFIX)];
	int file;

	snprintf(unborn, sizeof(unborn), "%s" JOURNAL_UNBORN_SUFFIX, name);
	file = openat(journal->folder, unborn,
		O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 &&
		renameat(journal->folder, unborn, journal->folder, name) == 0)
		return file;
	error_set(err, ERR_IO, "journal: cannot begin %s: %s", name,
		strerror(errno));
	if (file >= 0) {
		unlinkat(journal->folder, unborn, 0);
		close(file);
	}
	return -1;
}

static bool write_frame(
	struct journal *journal, struct str frame, struct error *err)
{
	bool written;

	pthread_mutex_lock(&journal->lock);
	written = own_file(journal, err);
	if (written) {
		if (journal->size_bytes + (int64_t)frame.n >
			journal->rotate_bytes)
			rotate_file(journal);
		written = write_whole(journal, frame, err);
	}
	pthread_mutex_unlock(&journal->lock);
	return written;
}

/* Closing what a fork shares leaves the parent's locks as they are. */
static bool own_file(struct journal *journal, struct error *err)
{
	if (journal->pid == getpid())
		return true;
	close_file(journal->retired);
	close_file(journal->file);
	journal->retired = -1;
	journal->file = -1;
	return begin_file(journal, err);
}

/* The old file stays open, and thereby locked, until it has been synced. */
static void rotate_file(struct journal *journal)
{
	struct error err;

	if (begin_file(journal, &err))
		return;
	journal->rotate_bytes = journal->size_bytes + ROTATE_AGAIN_BYTES;
	log_warn("%s; the old file goes on", error_detail(&err));
}

/* What a full disk tears stays where it is: replaying steps over it. */
static bool write_whole(
	struct journal *journal, struct str frame, struct error *err)
{
	size_t done = 0;

	while (done < frame.n) {
		ssize_t n =
			write(journal->file, frame.p + done, frame.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(err, ERR_IO,
				"journal: wrote %zu of %zu bytes: %s", done,
				frame.n, strerror(n < 0 ? errno : ENOSPC));
		done += (size_t)n;
		journal->size_bytes += n;
	}
	return true;
}

static bool sync_file(int file, struct error *err)
{
	if (file >= 0 && fdatasync(file) == 0)
		return true;
	return error_set(
		err, ERR_IO, "journal: cannot sync: %s", strerror(errno));
}

static void close_file(int file)
{
	if (file >= 0)
		close(file);
}
