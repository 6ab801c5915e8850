/*
 * redis.c - values in Redis, by name.
 */
#include "hot/redis.h"

#include "hot/redis_eval.h"
#include "hot/redis_pool.h"

/* A prefix and a name; a name is at most this long. */
#define NAME_BYTES 1024
/* Of the names that one step of a search looks at. */
#define STEP "1000"

static const char delete_if_equal[] =
	"if redis.call('GET', KEYS[1] .. ARGV[1]) == ARGV[2] then\n"
	"  redis.call('DEL', KEYS[1] .. ARGV[1])\n"
	"end\n"
	"return {}\n";

static bool set(struct redis *redis, struct str name, struct str value,
	int64_t ttl_ms, bool if_absent, bool *done, struct error *err);
static void full_name(
	const struct redis *redis, struct str name, struct buf *out);
static bool scan_step(struct redis *redis, struct str pattern,
	struct buf *cursor, int64_t *count, struct error *err);
static bool delete_names(struct redis *redis, const redisReply *names,
	int64_t *count, struct error *err);
static void append_escaped(struct buf *pattern, struct str text);

bool redis_check(struct redis *redis, struct error *err)
{
	static const char script[] = "return { redis.call('TIME')[1] }\n";
	struct redis_answer answer;

	if (!redis_eval(redis, script, NULL, 0, &answer, err))
		return false;
	redis_answer_release(&answer);
	return true;
}

bool redis_get(struct redis *redis, struct str name, struct buf *out,
	bool *found, struct error *err)
{
	struct buf full = BUF_INIT(NAME_BYTES);
	redisReply *reply;
	bool answered;

	*found = false;
	full_name(redis, name, &full);
	answered = redis_ask(redis,
		(const struct str[]){ S("GET"), buf_str(&full) }, 2, &reply,
		err);
	buf_release(&full);
	if (!answered)
		return false;
	*found = reply->type == REDIS_REPLY_STRING;
	if (*found)
		buf_append(out, (struct str){ reply->str, reply->len });
	freeReplyObject(reply);
	return !out->failed ||
	       error_set(err, ERR_TOO_LARGE,
		       "redis: the value of %.*s is too long", STR_ARG(name));
}

bool redis_set_with_ttl(struct redis *redis, struct str name, struct str value,
	int64_t ttl_ms, struct error *err)
{
	bool done;

	return set(redis, name, value, ttl_ms, false, &done, err);
}

bool redis_set_if_absent(struct redis *redis, struct str name, struct str value,
	int64_t ttl_ms, bool *done, struct error *err)
{
	return set(redis, name, value, ttl_ms, true, done, err);
}

bool redis_del(struct redis *redis, struct str name, struct error *err)
{
	struct buf full = BUF_INIT(NAME_BYTES);
	redisReply *reply;
	bool answered;

	full_name(redis, name, &full);
	answered = redis_ask(redis,
		(const struct str[]){ S("DEL"), buf_str(&full) }, 2, &reply,
		err);
	buf_release(&full);
	if (answered)
		freeReplyObject(reply);
	return answered;
}

bool redis_del_if_equal(struct redis *redis, struct str name, struct str value,
	struct error *err)
{
	const struct str args[] = { name, value };
	struct redis_answer answer;

	if (!redis_eval(redis, delete_if_equal, args, 2, &answer, err))
		return false;
	redis_answer_release(&answer);
	return true;
}

bool redis_scan_del(struct redis *redis, struct str prefix, int64_t *count,
	struct error *err)
{
	struct buf pattern = BUF_INIT(4 * NAME_BYTES);
	struct buf cursor = BUF_INIT(32);
	bool going = true;

	*count = 0;
	append_escaped(&pattern, redis->prefix);
	append_escaped(&pattern, prefix);
	buf_append_char(&pattern, '*');
	assert(!pattern.failed);
	buf_append_char(&cursor, '0');
	do {
		going = scan_step(
			redis, buf_str(&pattern), &cursor, count, err);
	} while (going && !str_equal(buf_str(&cursor), S("0")));
	buf_release(&pattern);
	buf_release(&cursor);
	return going;
}

static bool set(struct redis *redis, struct str name, struct str value,
	int64_t ttl_ms, bool if_absent, bool *done, struct error *err)
{
	struct buf full = BUF_INIT(NAME_BYTES);
	struct buf ttl = BUF_INIT(32);
	redisReply *reply;
	bool answered;

	assert(ttl_ms > 0);
	full_name(redis, name, &full);
	buf_append_int(&ttl, ttl_ms);
	answered = redis_ask(redis,
		(const struct str[]){ S("SET"), buf_str(&full), value, S("PX"),
			buf_str(&ttl), S("NX") },
		if_absent ? 6 : 5, &reply, err);
	buf_release(&full);
	buf_release(&ttl);
	if (!answered)
		return false;
	*done = reply->type == REDIS_REPLY_STATUS;
	freeReplyObject(reply);
	return true;
}

static void full_name(
	const struct redis *redis, struct str name, struct buf *out)
{
	buf_append(out, redis->prefix);
	buf_append(out, name);
	assert(!out->failed);
}

/* A step's reply: where the next one goes on, and names. */
static bool scan_step(struct redis *redis, struct str pattern,
	struct buf *cursor, int64_t *count, struct error *err)
{
	redisReply *reply;
	const redisReply *next;
	bool ok;

	if (!redis_ask(redis,
		    (const struct str[]){ S("SCAN"), buf_str(cursor),
			    S("MATCH"), pattern, S("COUNT"), S(STEP) },
		    6, &reply, err))
		return false;
	assert(reply->type == REDIS_REPLY_ARRAY && reply->elements == 2);
	next = reply->element[0];
	buf_clear(cursor);
	buf_append(cursor, (struct str){ next->str, next->len });
	ok = delete_names(redis, reply->element[1], count, err);
	freeReplyObject(reply);
	return ok;
}

/* UNLINK frees the memory on the side. */
static bool delete_names(struct redis *redis, const redisReply *names,
	int64_t *count, struct error *err)
{
	size_t i = 0;

	while (i < names->elements) {
		struct str words[128] = { S("UNLINK") };
		size_t n = 1;
		redisReply *reply;

		while (n < ARRAY_LEN(words) && i < names->elements) {
			const redisReply *name = names->element[i++];

			words[n++] = (struct str){ name->str, name->len };
		}
		if (!redis_ask(redis, words, n, &reply, err))
			return false;
		*count += reply->integer;
		freeReplyObject(reply);
	}
	return true;
}

/* What means something in a pattern means itself. */
static void append_escaped(struct buf *pattern, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (memchr("*?[]\\^-", text.p[i], 7))
			buf_append_char(pattern, '\\');
		buf_append_char(pattern, text.p[i]);
	}
}
