/*
 * redis_eval.c - scripts by the digest that Redis gave them. One that forgot
 * a script (it was started anew, or told to) is given its text again.
 */
#include "hot/redis_eval.h"

#include "hot/redis_pool.h"

#define MAX_ARGS 680
#define PLACE_BYTES 1024

static bool run(struct redis *redis, struct redis_connection *connection,
	const char *script, const struct str *args, size_t count, bool in_run,
	redisReply **reply, struct error *err);
static bool run_by_sha(struct redis *redis, struct redis_connection *connection,
	const char *script, struct str *words, size_t count, redisReply **reply,
	char error_word[REDIS_WORD_BYTES], struct error *err);
static bool load(struct redis *redis, struct redis_connection *connection,
	const char *script, struct error *err);
static struct redis_script *script_find(
	struct redis *redis, const char *script);
static bool eval(struct redis *redis, const char *script,
	const struct str *args, size_t count, bool in_run,
	struct redis_answer *out, struct error *err);

bool redis_eval(struct redis *redis, const char *script, const struct str *args,
	size_t count, struct redis_answer *out, struct error *err)
{
	return eval(redis, script, args, count, false, out, err);
}

bool redis_eval_in_run(struct redis *redis, const char *script,
	const struct str *args, size_t count, struct redis_answer *out,
	struct error *err)
{
	return eval(redis, script, args, count, true, out, err);
}

void redis_answer_release(struct redis_answer *answer)
{
	freeReplyObject(answer->reply);
	answer->reply = NULL;
	answer->count = 0;
}

struct str redis_answer_text(const struct redis_answer *answer, size_t at)
{
	const redisReply *part;

	assert(at < answer->count);
	part = answer->reply->element[at];
	if (part->type != REDIS_REPLY_STRING)
		return S("");
	return (struct str){ part->str, part->len };
}

int64_t redis_answer_int(const struct redis_answer *answer, size_t at)
{
	const redisReply *part;
	int64_t number;

	assert(at < answer->count);
	part = answer->reply->element[at];
	if (part->type == REDIS_REPLY_INTEGER)
		return part->integer;
	return str_to_int64(redis_answer_text(answer, at), &number) ? number
								    : 0;
}

static bool eval(struct redis *redis, const char *script,
	const struct str *args, size_t count, bool in_run,
	struct redis_answer *out, struct error *err)
{
	struct redis_connection *connection;
	bool ok;

	*out = (struct redis_answer){ 0 };
	if (!redis_take(redis, &connection, err))
		return false;
	ok = run(redis, connection, script, args, count, in_run, &out->reply,
		err);
	out->may_have_run =
		ok || (connection->wire.broken && connection->wire.sent);
	redis_give(redis, connection, err);
	if (!ok)
		return false;
	if (out->reply->type == REDIS_REPLY_ARRAY) {
		out->count = out->reply->elements;
		return true;
	}
	redis_answer_release(out);
	return error_set(err, ERR_IO, "redis: a script gave no list");
}

static bool run(struct redis *redis, struct redis_connection *connection,
	const char *script, const struct str *args, size_t count, bool in_run,
	redisReply **reply, struct error *err)
{
	char place[PLACE_BYTES];
	char error_word[REDIS_WORD_BYTES];
	struct error forgotten;
	struct str words[4 + MAX_ARGS] = { S("EVALSHA"), S(""), S("1") };
	int n = snprintf(place, sizeof(place), "%.*s%s%s",
		STR_ARG(redis->prefix), in_run ? connection->run : "",
		in_run ? ":" : "");

	assert(n >= 0 && (size_t)n < sizeof(place) && count <= MAX_ARGS);
	words[3] = (struct str){ place, (size_t)n };
	for (size_t i = 0; i < count; i++)
		words[4 + i] = args[i];
	if (run_by_sha(redis, connection, script, words, 4 + count, reply,
		    error_word, &forgotten))
		return true;
	if (strcmp(error_word, "NOSCRIPT") != 0) {
		*err = forgotten;
		return false;
	}
	return load(redis, connection, script, err) &&
	       run_by_sha(redis, connection, script, words, 4 + count, reply,
		       error_word, err);
}

static bool run_by_sha(struct redis *redis, struct redis_connection *connection,
	const char *script, struct str *words, size_t count, redisReply **reply,
	char error_word[REDIS_WORD_BYTES], struct error *err)
{
	char sha[REDIS_SHA_BYTES + 1];

	error_word[0] = '\0';
	pthread_mutex_lock(&redis->lock);
	snprintf(sha, sizeof(sha), "%s", script_find(redis, script)->sha);
	pthread_mutex_unlock(&redis->lock);
	if (!sha[0]) {
		snprintf(error_word, REDIS_WORD_BYTES, "NOSCRIPT");
		return error_set(err, ERR_IO, "redis: a script was forgotten");
	}
	words[1] = (struct str){ sha, REDIS_SHA_BYTES };
	return redis_connection_ask(
		connection, words, count, reply, error_word, err);
}

static bool load(struct redis *redis, struct redis_connection *connection,
	const char *script, struct error *err)
{
	redisReply *reply;
	bool ok;

	if (!redis_connection_ask(connection,
		    (const struct str[]){
			    S("SCRIPT"), S("LOAD"), str_of(script) },
		    3, &reply, NULL, err))
		return false;
	ok = reply->type == REDIS_REPLY_STRING && reply->len == REDIS_SHA_BYTES;
	pthread_mutex_lock(&redis->lock);
	if (ok)
		snprintf(script_find(redis, script)->sha, REDIS_SHA_BYTES + 1,
			"%s", reply->str);
	pthread_mutex_unlock(&redis->lock);
	freeReplyObject(reply);
	return ok || error_set(err, ERR_IO, "redis: a script was not taken");
}

/* Under the lock. */
static struct redis_script *script_find(struct redis *redis, const char *script)
{
	for (size_t i = 0; i < REDIS_SCRIPTS_MAX; i++) {
		if (!redis->scripts[i].text)
			redis->scripts[i].text = script;
		if (redis->scripts[i].text == script)
			return &redis->scripts[i];
	}
	abort(); /* more scripts than REDIS_SCRIPTS_MAX */
}
