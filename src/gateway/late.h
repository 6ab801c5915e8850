/*
 * late.h - amounts that could not be counted where they belong when the call
 * ran: the counter was out of reach, or nobody knew what it stands at.
 *
 * Such a call is counted when it has ended. Where several machines share the
 * counters, the amount waits in this machine's store (names that begin with
 * HOT_LATE), and any of its processes brings it where it belongs.
 *
 * A counter that several machines share may be lost and begun anew from the
 * log while calls run. So beside it stands its mark, a counter called NAME@:
 * a time. It was begun with the calls that ended before that time, and with
 * no others; the later ones are added, each by whoever served it. That is
 * exact for the calls of the machine that began it; of another machine, calls
 * of the last moment before may be missing, for its journal is its own.
 */
#ifndef GATEWAY_LATE_H
#define GATEWAY_LATE_H

#include "accounts/limit_set.h"
#include "gateway/gateway.h"
#include "hot/limit.h"
#include "ledger/spend.h"

/* Ids of reservations that bring such amounts begin so; they are nobody's
 * calls. */
#define LATE_ID "late"

/* A counter of a calendar period, and what it counts. */
struct late {
	struct str name;
	enum limit_unit unit;
	int64_t starts_ms;
	int64_t ends_ms;
	struct spend_of of;
	/* When its call ended, as its row says (usage_record_ended_ms()). */
	int64_t ended_unix_ms;
};

/*
 * Add to the counter, or where it is shared keep it for late_bring(): never
 * waits for the network. A counter of this machine that is not begun needs
 * nothing: the log has the call.
 */
void late_count(
	struct gateway *gateway, const struct late *late, int64_t amount);

/*
 * A call of that id runs, and is to be counted there when it has ended; at
 * most `most` is known of its use. So that nothing is forgotten when its
 * process dies.
 */
void late_promise(struct gateway *gateway, struct str id,
	const struct late *late, const struct limit_use *most);
/* It ended: count all that was promised for it, once however often. A use of
 * -1 is the most. */
void late_keep_promises(struct gateway *gateway, struct str id,
	int64_t ended_unix_ms, const struct limit_use *use);

/* Bring what was kept; for the janitor. ERR_LIMITS_UNKNOWN, ERR_IO: what is
 * left waits for the next time. */
MUST_USE bool late_bring(struct gateway *gateway, struct error *err);

/* Several machines count there. */
bool late_is_shared(const struct gateway *gateway);

/* Set the mark of a shared counter that is about to be begun; one that is
 * there stays. *mark is what it is then. ERR_LIMITS_UNKNOWN. */
MUST_USE bool late_mark(struct gateway *gateway, const struct late *late,
	int64_t unix_ms, int64_t *mark, struct error *err);
/* Where it is; -1: there is none, the counter is not begun. */
MUST_USE bool late_mark_find(struct gateway *gateway, const struct late *late,
	int64_t *mark, struct error *err);
/* The same, for what the log knows just now. */
MUST_USE bool late_mark_now(struct gateway *gateway, const struct late *late,
	int64_t *mark, struct error *err);

/* Whose calls the limits of that owner count. */
struct spend_of late_spend_of(const struct limit_owner *owner);
/* What the log knows, in that unit. */
int64_t late_part(const struct spend *spend, enum limit_unit unit);
/* What a call used, in that unit. */
int64_t late_use(const struct limit_use *use, enum limit_unit unit);

#endif
