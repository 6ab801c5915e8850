/*
 * redis_connection.h - one connection to Redis: opened, asked, closed. Seen
 * by the pool and by those who ask through it; hiredis writes commands and
 * reads replies, the bytes are moved here, each exchange within its time.
 *
 * Errors are ERR_IO. One that was lost, or whose Redis cannot serve us (it
 * loads its data, or became a replica), is `broken`: it must be closed.
 */
#ifndef HOT_REDIS_CONNECTION_H
#define HOT_REDIS_CONNECTION_H

#include <hiredis/hiredis.h>

#include "base/error.h"
#include "hot/redis_url.h"

/* Where it is and who we are; the texts are the pool's. */
struct redis_target {
	struct redis_url url;
	const char *user;     /* NULL: Redis' default user */
	const char *password; /* NULL: none */
	int64_t timeout_ms;   /* for an exchange, and for opening */
};

/* Of the number that Redis draws whenever it starts: enough to tell two. */
#define REDIS_RUN_BYTES 16

struct redis_connection {
	int fd;
	redisReader *reader;
	const struct redis_target *target;
	char run[REDIS_RUN_BYTES + 1];
	unsigned era;   /* the pool's, when it was opened */
	bool may_evict; /* it may drop what still has time to live */
	bool broken;
	bool timed_out; /* broken by silence */
	bool sent;      /* the last command may have reached Redis */
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
