/*
 * redis_connection.c - one connection to Redis: commands and replies.
 */
#include "hot/redis_connection.h"

#include "base/clock.h"
#include "hot/redis.h"

#define PIECE_BYTES 16384
/* Before it, scripts may not ask for the time and then write. */
#define OLDEST_VERSION 5

static bool start(struct redis_connection *connection, int64_t deadline_ms,
	struct error *err);
static bool authenticate(struct redis_connection *connection,
	int64_t deadline_ms, struct error *err);
static bool choose_database(struct redis_connection *connection,
	int64_t deadline_ms, struct error *err);
static bool learn(struct redis_connection *connection, int64_t deadline_ms,
	struct error *err);
static struct str fact(const redisReply *info, struct str name);
static bool ask(struct redis_connection *connection, const struct str *words,
	size_t count, int64_t deadline_ms, redisReply **reply,
	char error_word[REDIS_WORD_BYTES], struct error *err);
static bool receive(struct redis_connection *connection, int64_t deadline_ms,
	redisReply **reply, struct error *err);
static bool refused(struct redis_connection *connection,
	const redisReply *reply, char error_word[REDIS_WORD_BYTES],
	struct error *err);

bool redis_connection_open(const struct redis_target *target,
	struct redis_connection **out, struct error *err)
{
	struct redis_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		abort();
	connection->target = target;
	connection->reader = redisReaderCreate();
	if (!connection->reader)
		abort();
	if (start(connection, clock_monotonic_ms() + target->timeout_ms, err)) {
		*out = connection;
		return true;
	}
	redis_connection_close(connection);
	return false;
}

void redis_connection_close(struct redis_connection *connection)
{
	if (!connection)
		return;
	redis_wire_close(&connection->wire);
	redisReaderFree(connection->reader);
	free(connection);
}

bool redis_connection_is_open(const struct redis_connection *connection)
{
	return redis_wire_is_quiet(&connection->wire);
}

bool redis_connection_ask(struct redis_connection *connection,
	const struct str *words, size_t count, redisReply **reply,
	char error_word[REDIS_WORD_BYTES], struct error *err)
{
	return ask(connection, words, count,
		clock_monotonic_ms() + connection->target->timeout_ms, reply,
		error_word, err);
}

static bool start(struct redis_connection *connection, int64_t deadline_ms,
	struct error *err)
{
	return redis_wire_open(&connection->wire, connection->target,
		       deadline_ms, err) &&
	       authenticate(connection, deadline_ms, err) &&
	       choose_database(connection, deadline_ms, err) &&
	       learn(connection, deadline_ms, err);
}

static bool authenticate(struct redis_connection *connection,
	int64_t deadline_ms, struct error *err)
{
	const struct redis_target *target = connection->target;
	struct str words[3] = { S("AUTH") };
	size_t count = 1;
	redisReply *reply;

	if (!target->password)
		return true;
	if (target->user)
		words[count++] = str_of(target->user);
	words[count++] = str_of(target->password);
	if (!ask(connection, words, count, deadline_ms, &reply, NULL, err))
		return false;
	freeReplyObject(reply);
	return true;
}

static bool choose_database(struct redis_connection *connection,
	int64_t deadline_ms, struct error *err)
{
	char number[24];
	struct str words[2] = { S("SELECT"), { number, 0 } };
	redisReply *reply;

	if (connection->target->url.database == 0)
		return true;
	words[1].n = (size_t)snprintf(number, sizeof(number), "%" PRId64,
		connection->target->url.database);
	if (!ask(connection, words, 2, deadline_ms, &reply, NULL, err))
		return false;
	freeReplyObject(reply);
	return true;
}

/* Which run of Redis it is, and whether we can rely on it. */
static bool learn(struct redis_connection *connection, int64_t deadline_ms,
	struct error *err)
{
	const struct str words[1] = { S("INFO") };
	redisReply *info;
	struct str run, version, policy;
	int64_t major;
	bool known;

	if (!ask(connection, words, 1, deadline_ms, &info, NULL, err))
		return false;
	run = str_head(fact(info, S("run_id")), REDIS_RUN_BYTES);
	version = fact(info, S("redis_version"));
	version = str_head(version, str_index(version, '.'));
	policy = fact(info, S("maxmemory_policy"));
	snprintf(
		connection->run, sizeof(connection->run), "%.*s", STR_ARG(run));
	connection->may_evict = !str_equal(policy, S("noeviction")) &&
				!str_equal(fact(info, S("maxmemory")), S("0"));
	known = run.n == REDIS_RUN_BYTES &&
		str_to_int64_in(version, OLDEST_VERSION, INT32_MAX, &major);
	freeReplyObject(info);
	return known ||
	       error_set(err, ERR_IO, "redis: this is no Redis %d or newer",
		       OLDEST_VERSION);
}

/* The value of a line "name:value" of INFO; empty when there is none. */
static struct str fact(const redisReply *info, struct str name)
{
	struct str rest = { info->str, info->len };
	struct str line;

	while (info->str && str_next_field(&rest, '\n', &line)) {
		if (str_starts(line, name) && line.n > name.n &&
			line.p[name.n] == ':')
			return str_trim(str_from(line, name.n + 1));
	}
	return S("");
}

static bool ask(struct redis_connection *connection, const struct str *words,
	size_t count, int64_t deadline_ms, redisReply **reply,
	char error_word[REDIS_WORD_BYTES], struct error *err)
{
	const char *bytes[REDIS_WORDS_MAX];
	size_t sizes[REDIS_WORDS_MAX];
	char *command;
	long long n;
	bool sent;

	assert(count <= REDIS_WORDS_MAX && !connection->wire.broken);
	if (error_word)
		error_word[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		bytes[i] = words[i].n > 0 ? words[i].p : "";
		sizes[i] = words[i].n;
	}
	n = redisFormatCommandArgv(&command, (int)count, bytes, sizes);
	if (n < 0)
		abort();
	sent = redis_wire_send(&connection->wire,
		(struct str){ command, (size_t)n }, deadline_ms, err);
	/* It may hold the password. */
	explicit_bzero(command, (size_t)n);
	redisFreeCommand(command);
	if (!sent || !receive(connection, deadline_ms, reply, err))
		return false;
	if ((*reply)->type != REDIS_REPLY_ERROR)
		return true;
	refused(connection, *reply, error_word, err);
	freeReplyObject(*reply);
	return false;
}

static bool receive(struct redis_connection *connection, int64_t deadline_ms,
	redisReply **reply, struct error *err)
{
	char piece[PIECE_BYTES];
	void *found = NULL;

	while (!found) {
		size_t n;

		if (!redis_wire_receive(&connection->wire, piece, sizeof(piece),
			    &n, deadline_ms, err))
			return false;
		if (redisReaderFeed(connection->reader, piece, n) != REDIS_OK ||
			redisReaderGetReply(connection->reader, &found) !=
				REDIS_OK) {
			errno = EPROTO;
			return redis_wire_lost(
				&connection->wire, err, "not a Redis");
		}
	}
	*reply = found;
	return true;
}

/* What Redis says of a command may quote it, from a comma on. */
static bool refused(struct redis_connection *connection,
	const redisReply *reply, char error_word[REDIS_WORD_BYTES],
	struct error *err)
{
	static const struct str away[] = { STR("LOADING"), STR("READONLY"),
		STR("MASTERDOWN"), STR("NOAUTH"), STR("WRONGPASS") };
	struct str text = { reply->str, reply->len };
	struct str word = str_head(text, str_index(text, ' '));

	text = str_head(text, str_find(text, S(", with args")));
	for (size_t i = 0; i < ARRAY_LEN(away); i++) {
		if (str_equal(word, away[i]))
			connection->wire.broken = true;
	}
	if (error_word)
		snprintf(error_word, REDIS_WORD_BYTES, "%.*s", STR_ARG(word));
	return error_set(err, ERR_IO, "redis: %.*s", STR_ARG(text));
}
