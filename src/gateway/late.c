/*
 * late.c - amounts on their way to the counters they belong to.
 *
 * A record holds the sum of what ended in one millisecond, so that it lies on
 * one side of a mark. What is brought is reserved, taken off the record and
 * settled, under an id made of the record: a process that dies in between
 * leaves the reservation, and whoever comes next sees that it was brought.
 *
 * While the shared store is away for long, all of a minute becomes one record,
 * but for the last seconds: a mark is set when that store is there, and no
 * earlier than a moment before, so it cannot come between.
 */
#include "gateway/late.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "gateway/admission.h"

#define USER_MAX_BYTES 512
#define RECORD_NAME_BYTES (LIMIT_NAME_MAX_BYTES + LIMIT_ID_MAX_BYTES + 40)
#define ID_DIGEST_BYTES 16
/* Of one minute they are summed up when they are as old as this; in steps of
 * so many. */
#define SUM_AFTER_MS 10000
#define SUM_OF_MS 60000
#define SUM_STEP 256
#define MOST_SUM_STEPS 32

/* What waits, as it lies in the store. */
struct waiting {
	int64_t amount;
	int64_t ended_unix_ms; /* of a sum the first of them */
	int64_t is_sum;
	int64_t starts_ms;
	int64_t ends_ms;
	int64_t unit;
	int64_t scope;
	int64_t id;
	int64_t name_bytes;
	int64_t user_bytes;
	char name[LIMIT_NAME_MAX_BYTES];
	char user[USER_MAX_BYTES];
};

static bool add(struct gateway *gateway, const struct late *late, struct str id,
	int64_t amount, enum limit_verdict *verdict, struct error *err);
static bool finish(
	struct gateway *gateway, struct str id, bool *found, struct error *err);
static bool keep(struct gateway *gateway, const struct waiting *waiting,
	struct error *err);
static struct waiting waiting_of(const struct late *late, int64_t amount);
static struct late late_of(const struct waiting *waiting);
static bool put_record(struct str old, struct buf *now, void *context);
static bool take_record(struct str old, struct buf *now, void *context);
static struct str promise_name(
	struct str id, struct str name, char out[RECORD_NAME_BYTES]);
static bool add_to_record(struct str old, struct buf *now, void *context);
static bool lock(const struct gateway *gateway, int *file, bool *taken,
	struct error *err);
static bool bring_all(struct gateway *gateway, struct error *err);
static bool take_first(struct str name, struct str value, void *context);
static bool bring_one(struct gateway *gateway, const struct waiting *waiting,
	struct error *err);
static bool is_in_log(struct gateway *gateway, const struct late *late,
	bool *is_begun, bool *is_known, struct error *err);
static bool carry(struct gateway *gateway, const struct waiting *waiting,
	enum limit_verdict *verdict, struct error *err);
static bool take_off(struct gateway *gateway, const struct waiting *waiting,
	struct error *err);
static void sum_up(struct gateway *gateway);
static bool take_old(struct str name, struct str value, void *context);
static struct str record_name(
	const struct waiting *waiting, char out[RECORD_NAME_BYTES]);

void late_count(
	struct gateway *gateway, const struct late *late, int64_t amount)
{
	char id[REQUEST_ID_BYTES];
	enum limit_verdict verdict;
	struct waiting waiting;
	struct error err;
	bool found;

	if (amount <= 0)
		return;
	random_request_id(id);
	if (!late_is_shared(gateway) &&
		add(gateway, late, str_of(id), amount, &verdict, &err) &&
		(verdict != LIMIT_TAKEN ||
			finish(gateway, str_of(id), &found, &err)))
		return;
	waiting = waiting_of(late, amount);
	if (!keep(gateway, &waiting, &err))
		log_error("%" PRId64 " could not be counted as used of %.*s: "
			  "%s",
			amount, STR_ARG(late->name), error_detail(&err));
}

static bool add(struct gateway *gateway, const struct late *late, struct str id,
	int64_t amount, enum limit_verdict *verdict, struct error *err)
{
	const struct limit limit = {
		.kind = LIMIT_AMOUNT,
		.unit = late->unit,
		.name = late->name,
		.max = -1,
		.amount = amount,
		.ends_ms = late->ends_ms,
		.must_be_begun = true,
	};
	struct limit_outcome outcome;

	if (!limits_reserve(gateway->limits, id, &limit, 1, S(""),
		    clock_unix_ms(), &outcome, err))
		return false;
	*verdict = outcome.verdict;
	return true;
}

/* *found: it was reserved. */
static bool finish(
	struct gateway *gateway, struct str id, bool *found, struct error *err)
{
	const struct limit_use as_reserved = { -1, -1 };

	return limits_settle_found(
		gateway->limits, id, &as_reserved, clock_unix_ms(), found, err);
}

static bool keep(struct gateway *gateway, const struct waiting *waiting,
	struct error *err)
{
	struct waiting more = *waiting;
	char name[RECORD_NAME_BYTES];

	return hot_change(gateway->hot, record_name(waiting, name),
		add_to_record, &more, err);
}

static struct waiting waiting_of(const struct late *late, int64_t amount)
{
	struct str user = str_head(late->of.user, USER_MAX_BYTES);
	struct waiting waiting = {
		.amount = amount,
		.ended_unix_ms = late->ended_unix_ms,
		.starts_ms = late->starts_ms,
		.ends_ms = late->ends_ms,
		.unit = late->unit,
		.scope = late->of.scope,
		.id = late->of.id,
		.name_bytes = (int64_t)late->name.n,
		.user_bytes = (int64_t)user.n,
	};

	memcpy(waiting.name, late->name.p, late->name.n);
	if (user.n > 0)
		memcpy(waiting.user, user.p, user.n);
	return waiting;
}

/* Its texts are views. */
static struct late late_of(const struct waiting *waiting)
{
	return (struct late){
		.name = { waiting->name, (size_t)waiting->name_bytes },
		.unit = (enum limit_unit)waiting->unit,
		.starts_ms = waiting->starts_ms,
		.ends_ms = waiting->ends_ms,
		.of = { .scope = (enum spend_scope)waiting->scope,
			.id = waiting->id,
			.user = { waiting->user,
				(size_t)waiting->user_bytes } },
		.ended_unix_ms = waiting->ended_unix_ms,
	};
}

/* The record becomes the sum of both; without an amount it is removed. */
static bool add_to_record(struct str old, struct buf *now, void *context)
{
	struct waiting sum = *(const struct waiting *)context;
	struct waiting before;

	if (old.n == sizeof(before)) {
		memcpy(&before, old.p, sizeof(before));
		if (before.ended_unix_ms < sum.ended_unix_ms)
			sum.ended_unix_ms = before.ended_unix_ms;
		if (__builtin_add_overflow(
			    sum.amount, before.amount, &sum.amount))
			sum.amount = INT64_MAX;
	}
	if (sum.amount > 0)
		buf_append(now, (struct str){ (char *)&sum, sizeof(sum) });
	return true;
}

void late_promise(struct gateway *gateway, struct str id,
	const struct late *late, const struct limit_use *most)
{
	struct waiting waiting = waiting_of(late, late_use(most, late->unit));
	char name[RECORD_NAME_BYTES];
	struct error err;

	if (!hot_change(gateway->hot, promise_name(id, late->name, name),
		    put_record, &waiting, &err))
		log_warn("%.*s may not be counted: %s", STR_ARG(id),
			error_detail(&err));
}

/* Whoever takes the record counts it. */
void late_keep_promises(struct gateway *gateway, struct str id,
	int64_t ended_unix_ms, const struct limit_use *use)
{
	char prefix[RECORD_NAME_BYTES], name[RECORD_NAME_BYTES];
	struct str all = promise_name(id, S(""), prefix);

	for (;;) {
		struct waiting found = { .name_bytes = 0 };
		struct waiting taken = { .name_bytes = 0 };
		struct error err = ERROR_INIT;
		struct late late;
		int64_t used;

		if (!hot_each(gateway->hot, all, take_first, &found, &err) ||
			found.name_bytes == 0 ||
			!hot_change(gateway->hot,
				promise_name(id, late_of(&found).name, name),
				take_record, &taken, &err)) {
			if (err.kind != ERR_NONE)
				log_warn("%.*s may not be counted: %s",
					STR_ARG(id), error_detail(&err));
			return;
		}
		if (taken.name_bytes == 0)
			continue;
		late = late_of(&taken);
		late.ended_unix_ms = ended_unix_ms;
		used = late_use(use, late.unit);
		late_count(gateway, &late, used < 0 ? taken.amount : used);
	}
}

static bool put_record(struct str old, struct buf *now, void *context)
{
	(void)old;
	buf_append(now, (struct str){ context, sizeof(struct waiting) });
	return true;
}

/* Another one may have taken it. */
static bool take_record(struct str old, struct buf *now, void *context)
{
	(void)now;
	if (old.n == sizeof(struct waiting))
		memcpy(context, old.p, old.n);
	return true;
}

static struct str promise_name(
	struct str id, struct str name, char out[RECORD_NAME_BYTES])
{
	int n = snprintf(out, RECORD_NAME_BYTES, "%.*s%.*s/%.*s",
		STR_ARG(HOT_PROMISED), STR_ARG(id), STR_ARG(name));

	return (struct str){ out, (size_t)n };
}

bool late_bring(struct gateway *gateway, struct error *err)
{
	struct waiting first = { .name_bytes = 0 };
	bool taken = false;
	bool ok;
	int file;

	if (!hot_each(gateway->hot, HOT_LATE, take_first, &first, err))
		return false;
	if (first.name_bytes == 0)
		return true;
	if (!lock(gateway, &file, &taken, err))
		return false;
	ok = !taken || bring_all(gateway, err);
	if (!ok && err->kind == ERR_LIMITS_UNKNOWN)
		sum_up(gateway);
	close(file);
	return ok;
}

/* Another process may be at it: then it brings ours, too. */
static bool lock(const struct gateway *gateway, int *file, bool *taken,
	struct error *err)
{
	char path[4096];

	snprintf(path, sizeof(path), "%.*s/late.lock",
		STR_ARG(gateway->settings->hot_dir));
	*file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (*file < 0)
		return error_set(err, ERR_IO, "%s cannot be opened: %s", path,
			strerror(errno));
	*taken = flock(*file, LOCK_EX | LOCK_NB) == 0;
	return true;
}

static bool bring_all(struct gateway *gateway, struct error *err)
{
	for (;;) {
		struct waiting first = { .name_bytes = 0 };

		if (!hot_each(gateway->hot, HOT_LATE, take_first, &first, err))
			return false;
		if (first.name_bytes == 0)
			return true;
		if (!bring_one(gateway, &first, err))
			return false;
	}
}

static bool take_first(struct str name, struct str value, void *context)
{
	struct waiting *first = context;

	(void)name;
	if (value.n != sizeof(*first))
		return true;
	memcpy(first, value.p, sizeof(*first));
	return false;
}

static bool bring_one(struct gateway *gateway, const struct waiting *waiting,
	struct error *err)
{
	const struct late late = late_of(waiting);
	enum limit_verdict verdict = LIMIT_TAKEN;
	bool is_begun = true;
	bool is_known = true;

	if (waiting->ends_ms > clock_unix_ms() &&
		!is_in_log(gateway, &late, &is_begun, &is_known, err))
		return false;
	if (is_begun && is_known)
		return take_off(gateway, waiting, err);
	if (is_begun && !carry(gateway, waiting, &verdict, err))
		return false;
	if (is_begun && verdict == LIMIT_TAKEN)
		return true;
	if (late_is_shared(gateway))
		return admission_begin_from_log(gateway, &late, err);
	return take_off(gateway, waiting, err);
}

/* *is_known: the counter was begun with it. */
static bool is_in_log(struct gateway *gateway, const struct late *late,
	bool *is_begun, bool *is_known, struct error *err)
{
	int64_t mark = 0;

	if (late_is_shared(gateway) &&
		!late_mark_find(gateway, late, &mark, err))
		return false;
	*is_begun = mark >= 0;
	*is_known = late->ended_unix_ms < mark;
	return true;
}

/* To the counter, and off the record. */
static bool carry(struct gateway *gateway, const struct waiting *waiting,
	enum limit_verdict *verdict, struct error *err)
{
	const struct late late = late_of(waiting);
	char text[RECORD_NAME_BYTES + 32];
	char name[RECORD_NAME_BYTES];
	char id[4 + 2 * ID_DIGEST_BYTES + 1] = LATE_ID;
	uint8_t digest[SHA256_BYTES];
	bool found;

	snprintf(text, sizeof(text), "%.*s %" PRId64,
		STR_ARG(record_name(waiting, name)), waiting->amount);
	digest_sha256(str_of(text), digest);
	digest_hex(digest, ID_DIGEST_BYTES, id + strlen(LATE_ID));
	*verdict = LIMIT_TAKEN;
	/* One that is there already was left by somebody who died. */
	if (!add(gateway, &late, str_of(id), waiting->amount, verdict, err) &&
		err->kind != ERR_INTERNAL)
		return false;
	return *verdict != LIMIT_TAKEN ||
	       (take_off(gateway, waiting, err) &&
		       finish(gateway, str_of(id), &found, err));
}

static bool take_off(struct gateway *gateway, const struct waiting *waiting,
	struct error *err)
{
	struct waiting less = *waiting;

	less.amount = -waiting->amount;
	return keep(gateway, &less, err);
}

struct old_ones {
	int64_t before_ms;
	size_t count;
	struct waiting each[SUM_STEP];
};

/* Summed first, then taken off: what comes in between counts it once more,
 * which errs on the side of a budget. */
static void sum_up(struct gateway *gateway)
{
	struct old_ones *old = calloc(1, sizeof(*old));
	struct error err = ERROR_INIT;

	if (!old)
		abort();
	old->before_ms = clock_unix_ms() - SUM_AFTER_MS;
	for (int step = 0; step < MOST_SUM_STEPS; step++) {
		old->count = 0;
		if (!hot_each(gateway->hot, HOT_LATE, take_old, old, &err) ||
			old->count == 0)
			break;
		for (size_t i = 0; i < old->count; i++) {
			struct waiting sum = old->each[i];

			sum.is_sum = true;
			if (!keep(gateway, &sum, &err) ||
				!take_off(gateway, &old->each[i], &err))
				break;
		}
	}
	if (err.kind != ERR_NONE)
		log_warn("what waits to be counted grows: %s",
			error_detail(&err));
	free(old);
}

static bool take_old(struct str name, struct str value, void *context)
{
	struct old_ones *old = context;
	struct waiting *waiting = &old->each[old->count];

	(void)name;
	if (value.n != sizeof(*waiting))
		return true;
	memcpy(waiting, value.p, sizeof(*waiting));
	old->count +=
		!waiting->is_sum && waiting->ended_unix_ms < old->before_ms;
	return old->count < SUM_STEP;
}

static struct str record_name(
	const struct waiting *waiting, char out[RECORD_NAME_BYTES])
{
	const struct late late = late_of(waiting);
	int64_t when = waiting->ended_unix_ms;
	int n = snprintf(out, RECORD_NAME_BYTES, "%.*s%.*s@%" PRId64 "%s",
		STR_ARG(HOT_LATE), STR_ARG(late.name),
		waiting->is_sum ? when / SUM_OF_MS : when,
		waiting->is_sum ? "+" : "");

	return (struct str){ out, (size_t)n };
}
