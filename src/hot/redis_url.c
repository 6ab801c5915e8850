/*
 * redis_url.c - where a Redis is.
 */
#include "hot/redis_url.h"

#include <sys/un.h>

#define DEFAULT_PORT S("6379")
#define MAX_DATABASE 65535

static bool parse_socket(struct str path, struct arena *arena,
	struct redis_url *out, struct error *err);
static bool parse_address(struct str address, struct arena *arena,
	struct redis_url *out, struct error *err);
static bool split_port(struct str address, struct str *host, struct str *port);
static bool refuse(struct error *err, const char *why);

bool redis_url_parse(struct str url, struct arena *arena, struct redis_url *out,
	struct error *err)
{
	*out = (struct redis_url){ 0 };
	if (url.n == 0)
		return refuse(err, "it is empty: say where Redis is");
	if (str_starts(url, S("unix:")))
		return parse_socket(str_from(url, 5), arena, out, err);
	if (str_starts(url, S("redis://")))
		return parse_address(str_from(url, 8), arena, out, err);
	if (str_starts(url, S("rediss://"))) {
		out->tls = true;
		return parse_address(str_from(url, 9), arena, out, err);
	}
	return refuse(err, "expected unix:PATH, redis://HOST[:PORT][/DATABASE] "
			   "or rediss://...");
}

static bool parse_socket(struct str path, struct arena *arena,
	struct redis_url *out, struct error *err)
{
	struct sockaddr_un address;

	if (path.n == 0 || path.p[0] != '/')
		return refuse(err, "the path of a socket begins with '/'");
	if (path.n >= sizeof(address.sun_path))
		return refuse(err, "the path of the socket is too long");
	out->socket = arena_cstr(arena, path);
	return true;
}

static bool parse_address(struct str address, struct arena *arena,
	struct redis_url *out, struct error *err)
{
	struct str place = str_head(address, str_index(address, '/'));
	struct str database = str_from(address, place.n + 1);
	struct str host, port;
	int64_t number;

	if (str_index(place, '@') < place.n)
		return refuse(err,
			"a user or a password does not belong into it; see "
			"redis.user and redis.password_file");
	if (!split_port(place, &host, &port) || host.n == 0)
		return refuse(err, "it names no host");
	if (!str_to_int64_in(port, 1, 65535, &number))
		return refuse(err, "the port is no number from 1 to 65535");
	if (database.n > 0 &&
		!str_to_int64_in(database, 0, MAX_DATABASE, &out->database))
		return refuse(err, "the database is no number");
	out->host = arena_cstr(arena, host);
	out->port = arena_cstr(arena, port);
	return true;
}

static bool split_port(struct str address, struct str *host, struct str *port)
{
	bool bracketed = str_starts(address, S("["));
	size_t end = str_index(address, bracketed ? ']' : ':');
	struct str rest = str_from(address, end + (bracketed ? 1 : 0));

	if (bracketed && end == address.n)
		return false;
	*host = str_from(str_head(address, end), bracketed ? 1 : 0);
	*port = rest.n > 0 ? str_from(rest, 1) : DEFAULT_PORT;
	return rest.n == 0 || rest.p[0] == ':';
}

static bool refuse(struct error *err, const char *why)
{
	return error_refuse(err, ERR_CONFIG, "redis.url", "redis.url: %s", why);
}
