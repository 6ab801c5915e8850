/*
 * redis_eval.h - scripts that run inside Redis, each one whole: nothing else
 * happens there meanwhile.
 *
 * A script finds in KEYS[1] what it puts before every name it uses, and its
 * arguments in ARGV. It returns one list of texts and whole numbers.
 */
#ifndef HOT_REDIS_EVAL_H
#define HOT_REDIS_EVAL_H

#include <hiredis/hiredis.h>

#include "hot/redis.h"

struct redis_answer {
	redisReply *reply;
	size_t count;
	/* Also when redis_eval() failed: it may have run, or be about to. */
	bool may_have_run;
};

/* KEYS[1] is redis.prefix. `script` is a literal: its address is its name. */
MUST_USE bool redis_eval(struct redis *redis, const char *script,
	const struct str *args, size_t count, struct redis_answer *out,
	struct error *err);

/*
 * The same for data that must not outlive this run of Redis: KEYS[1] also has
 * the number that Redis draws when it starts. What it finds again after a
 * start (or a replica that took over) may be old by minutes, and nothing in
 * it would say so; under another number it is simply not there.
 */
MUST_USE bool redis_eval_in_run(struct redis *redis, const char *script,
	const struct str *args, size_t count, struct redis_answer *out,
	struct error *err);

void redis_answer_release(struct redis_answer *answer);

/* One of the list; empty, or 0, for what is no such thing. */
struct str redis_answer_text(const struct redis_answer *answer, size_t at);
int64_t redis_answer_int(const struct redis_answer *answer, size_t at);

#endif
