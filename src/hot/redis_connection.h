/*
 * redis_connection.h - one connection to Redis: opened, asked, closed. Seen
 * by the pool and by those who ask through it; hiredis writes commands and
 * reads replies, redis_wire.h moves their bytes.
 *
 * Errors are ERR_IO. One that was lost, or whose Redis cannot serve us (it
 * loads its data, or became a replica), has a wire that is `broken`: it must
 * be closed.
 */
#ifndef HOT_REDIS_CONNECTION_H
#define HOT_REDIS_CONNECTION_H

#include <hiredis/hiredis.h>

#include "hot/redis_wire.h"

/* Of the number that Redis draws whenever it starts: enough to tell two. */
#define REDIS_RUN_BYTES 16

struct redis_connection {
	struct redis_wire wire;
	redisReader *reader;
	const struct redis_target *target;
	char run[REDIS_RUN_BYTES + 1];
	unsigned era;   /* the pool's, when it was opened */
	bool may_evict; /* it may drop what still has time to live */
	struct redis_connection *next; /* in the pool */
};

/* Connected, authenticated, and the database chosen. */
MUST_USE bool redis_connection_open(const struct redis_target *target,
	struct redis_connection **out, struct error *err);
/* Safe with NULL. */
void redis_connection_close(struct redis_connection *connection);

/* False when the other side has closed it. Asks nothing. */
bool redis_connection_is_open(const struct redis_connection *connection);

/*
 * One command and its reply, which is freed by freeReplyObject(). A reply
 * that is an error is one here: *err has its text, without what the command
 * said, and `error_word` (may be NULL) its first word.
 */
#define REDIS_WORD_BYTES 24
MUST_USE bool redis_connection_ask(struct redis_connection *connection,
	const struct str *words, size_t count, redisReply **reply,
	char error_word[REDIS_WORD_BYTES], struct error *err);

#endif
