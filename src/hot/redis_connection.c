/*
 * redis_connection.c - one connection to Redis.
 *
 * hiredis' own sockets would wait for each piece of a reply anew, be left
 * open in programs that we start, and raise SIGPIPE.
 */
#include "hot/redis_connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define PIECE_BYTES 16384
#define MAX_WORDS 512
/* Before it, scripts may not ask for the time and then write. */
#define OLDEST_VERSION 5

static bool start(struct redis_connection *connection, int64_t deadline_ms,
	struct error *err);
static bool connect_socket(struct redis_connection *connection,
	int64_t deadline_ms, struct error *err);
static bool connect_address(struct redis_connection *connection,
	int64_t deadline_ms, struct error *err);
static bool connect_to(struct redis_connection *connection, int family,
	const struct sockaddr *address, socklen_t size, int64_t deadline_ms,
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
static bool send_all(struct redis_connection *connection, struct str bytes,
	int64_t deadline_ms, struct error *err);
static bool receive(struct redis_connection *connection, int64_t deadline_ms,
	redisReply **reply, struct error *err);
static bool await(struct redis_connection *connection, short events,
	int64_t deadline_ms, struct error *err);
static bool refused(struct redis_connection *connection,
	const redisReply *reply, char error_word[REDIS_WORD_BYTES],
	struct error *err);
static bool lost(struct redis_connection *connection, struct error *err,
	const char *what);

bool redis_connection_open(const struct redis_target *target,
	struct redis_connection **out, struct error *err)
{
	struct redis_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		abort();
	connection->fd = -1;
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
	if (connection->fd >= 0)
		close(connection->fd);
	redisReaderFree(connection->reader);
	free(connection);
}

bool redis_connection_is_open(const struct redis_connection *connection)
{
	struct pollfd fd = { .fd = connection->fd,
		.events = POLLIN | POLLRDHUP };

	/* Bytes that nobody asked for are no good sign either. */
	return poll(&fd, 1, 0) == 0;
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
	bool connected =
		connection->target->url.socket
			? connect_socket(connection, deadline_ms, err)
			: connect_address(connection, deadline_ms, err);

	return connected && authenticate(connection, deadline_ms, err) &&
	       choose_database(connection, deadline_ms, err) &&
	       learn(connection, deadline_ms, err);
}

static bool connect_socket(struct redis_connection *connection,
	int64_t deadline_ms, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		connection->target->url.socket);
	return connect_to(connection, AF_UNIX,
		(const struct sockaddr *)&address, sizeof(address), deadline_ms,
		err);
}

/* The first of its addresses that takes us. */
static bool connect_address(struct redis_connection *connection,
	int64_t deadline_ms, struct error *err)
{
	const struct redis_url *url = &connection->target->url;
	struct addrinfo wanted = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV };
	struct addrinfo *addresses;
	struct error why = ERROR_INIT;
	int failed = getaddrinfo(url->host, url->port, &wanted, &addresses);
	bool connected = false;

	if (failed)
		return error_set(err, ERR_IO, "redis: cannot look up %s: %s",
			url->host, gai_strerror(failed));
	for (struct addrinfo *at = addresses; at && !connected;
		at = at->ai_next)
		connected = connect_to(connection, at->ai_family, at->ai_addr,
			at->ai_addrlen, deadline_ms, &why);
	freeaddrinfo(addresses);
	connection->broken = connection->timed_out = false;
	if (!connected)
		*err = why;
	return connected;
}

static bool connect_to(struct redis_connection *connection, int family,
	const struct sockaddr *address, socklen_t size, int64_t deadline_ms,
	struct error *err)
{
	int on = 1;
	int failed = 0;
	socklen_t failed_size = sizeof(failed);

	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd =
		socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0)
		return lost(connection, err, "cannot make a socket");
	if (family != AF_UNIX) {
		setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on,
			sizeof(on));
		setsockopt(connection->fd, SOL_SOCKET, SO_KEEPALIVE, &on,
			sizeof(on));
	}
	if (connect(connection->fd, address, size) == 0)
		return true;
	if (errno != EINPROGRESS)
		return lost(connection, err, "cannot connect");
	if (!await(connection, POLLOUT, deadline_ms, err))
		return false;
	if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &failed,
		    &failed_size) != 0 ||
		failed) {
		errno = failed;
		return lost(connection, err, "cannot connect");
	}
	return true;
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
	const char *bytes[MAX_WORDS];
	size_t sizes[MAX_WORDS];
	char *command;
	long long n;
	bool sent;

	assert(count <= MAX_WORDS && !connection->broken);
	if (error_word)
		error_word[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		bytes[i] = words[i].n > 0 ? words[i].p : "";
		sizes[i] = words[i].n;
	}
	n = redisFormatCommandArgv(&command, (int)count, bytes, sizes);
	if (n < 0)
		abort();
	connection->sent = false;
	sent = send_all(connection, (struct str){ command, (size_t)n },
		deadline_ms, err);
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

static bool send_all(struct redis_connection *connection, struct str bytes,
	int64_t deadline_ms, struct error *err)
{
	while (bytes.n > 0) {
		ssize_t n = send(connection->fd, bytes.p, bytes.n,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			bytes = str_from(bytes, (size_t)n);
			/* A command that is cut is not run. */
			connection->sent = bytes.n == 0;
		} else if (errno == EAGAIN) {
			if (!await(connection, POLLOUT, deadline_ms, err))
				return false;
		} else if (errno != EINTR) {
			return lost(connection, err, "cannot send");
		}
	}
	return true;
}

static bool receive(struct redis_connection *connection, int64_t deadline_ms,
	redisReply **reply, struct error *err)
{
	char piece[PIECE_BYTES];
	void *found = NULL;

	while (!found) {
		ssize_t n;

		if (!await(connection, POLLIN, deadline_ms, err))
			return false;
		n = recv(connection->fd, piece, sizeof(piece), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0)
			return lost(connection, err, "the connection was lost");
		if (redisReaderFeed(connection->reader, piece, (size_t)n) !=
				REDIS_OK ||
			redisReaderGetReply(connection->reader, &found) !=
				REDIS_OK) {
			errno = EPROTO;
			return lost(connection, err, "not a Redis");
		}
	}
	*reply = found;
	return true;
}

static bool await(struct redis_connection *connection, short events,
	int64_t deadline_ms, struct error *err)
{
	struct pollfd fd = { .fd = connection->fd, .events = events };
	int ready;

	do {
		int64_t left_ms = deadline_ms - clock_monotonic_ms();

		ready = poll(&fd, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (ready < 0 && errno == EINTR);
	if (ready > 0)
		return true;
	connection->broken = true;
	connection->timed_out = true;
	return error_set(err, ERR_IO, "redis: no answer within %" PRId64 " ms",
		connection->target->timeout_ms);
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
			connection->broken = true;
	}
	if (error_word)
		snprintf(error_word, REDIS_WORD_BYTES, "%.*s", STR_ARG(word));
	return error_set(err, ERR_IO, "redis: %.*s", STR_ARG(text));
}

static bool lost(struct redis_connection *connection, struct error *err,
	const char *what)
{
	connection->broken = true;
	return error_set(err, ERR_IO, "redis: %s: %s", what, strerror(errno));
}
