/*
 * redis.c - values in a real Redis: any bytes, kept apart by prefix, for a
 * time; and a Redis that is away, stopped, killed, closed to us, or is none,
 * costs a bounded time and is found again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hot/redis.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../frozen.h"
#include "../private_redis.h"
#include "hot/redis_eval.h"
#include "hot/redis_pool.h"

#define MANY 3000
#define WAIT_MS 20000
#define THREADS 4

static struct private_redis server;

static int start_server(void **state)
{
	(void)state;
	private_redis_start(&server, NULL);
	alarm(300);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	private_redis_stop(&server);
	return 0;
}

static struct redis *open_with(const struct settings *settings)
{
	struct error err = ERROR_INIT;
	struct redis *redis;

	if (!redis_open(settings, &redis, &err))
		fail_msg("%s", error_detail(&err));
	return redis;
}

static struct redis *open_prefix(const char *prefix)
{
	struct settings settings;

	private_redis_settings(&server, &settings);
	settings.redis_prefix = str_of(prefix);
	return open_with(&settings);
}

/* A command that redis.h has no function for. */
static void tell(struct redis *redis, const struct str *words, size_t count)
{
	struct error err = ERROR_INIT;
	redisReply *reply;

	if (!redis_ask(redis, words, count, &reply, &err))
		fail_msg("%s", error_detail(&err));
	freeReplyObject(reply);
}

static void put(struct redis *redis, struct str name, struct str value)
{
	struct error err = ERROR_INIT;

	if (!redis_set_with_ttl(redis, name, value, 60000, &err))
		fail_msg("%s", error_detail(&err));
}

static bool has(struct redis *redis, struct str name, struct str value)
{
	struct buf out = BUF_INIT(4 << 20);
	struct error err = ERROR_INIT;
	bool found;

	if (!redis_get(redis, name, &out, &found, &err))
		fail_msg("%s", error_detail(&err));
	found = found && str_equal(buf_str(&out), value);
	buf_release(&out);
	return found;
}

static bool is_there(struct redis *redis, struct str name)
{
	struct buf out = BUF_INIT(4 << 20);
	struct error err = ERROR_INIT;
	bool found;

	if (!redis_get(redis, name, &out, &found, &err))
		fail_msg("%s", error_detail(&err));
	buf_release(&out);
	return found;
}

static void await_answers(struct redis *redis)
{
	int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
	struct error err = ERROR_INIT;

	while (!redis_check(redis, &err)) {
		if (clock_monotonic_ms() > deadline_ms)
			fail_msg("%s", error_detail(&err));
		usleep(2000);
	}
}

static void reads_urls(void **state)
{
	static const struct {
		const char *url, *socket, *host, *port;
		int64_t database;
		bool tls;
	} good[] = {
		{ "unix:/run/redis.sock", "/run/redis.sock", NULL, NULL, 0,
			false },
		{ "redis://localhost", NULL, "localhost", "6379", 0, false },
		{ "redis://10.0.0.7:7000/", NULL, "10.0.0.7", "7000", 0,
			false },
		{ "redis://a.example:1/15", NULL, "a.example", "1", 15, false },
		{ "redis://[::1]/2", NULL, "::1", "6379", 2, false },
		{ "redis://[fe80::1]:99", NULL, "fe80::1", "99", 0, false },
		{ "rediss://localhost/3", NULL, "localhost", "6379", 3, true },
	};
	static const char *const bad[] = { "", "localhost", "unix:", "unix:x",
		"redis://", "redis://:6379", "redis://h:", "redis://h:0",
		"redis://h:65536", "redis://h:1x", "redis://h/x",
		"redis://h/1/2", "redis://h/-1", "redis://[::1", "redis://[]",
		"redis://[::1]6379", "http://h", "redis://user:hidden@h",
		"rediss://", "rediss://user:hidden@h" };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct error err = ERROR_INIT;
		struct redis_url url;

		if (!redis_url_parse(str_of(good[i].url), &arena, &url, &err))
			fail_msg("%s: %s", good[i].url, error_message(&err));
		if (good[i].socket) {
			assert_string_equal(url.socket, good[i].socket);
			continue;
		}
		assert_null(url.socket);
		assert_string_equal(url.host, good[i].host);
		assert_string_equal(url.port, good[i].port);
		assert_int_equal(url.database, good[i].database);
		assert_int_equal(url.tls, good[i].tls);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = ERROR_INIT;
		struct redis_url url;

		if (redis_url_parse(str_of(bad[i]), &arena, &url, &err))
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_string_equal(err.param, "redis.url");
		assert_null(strstr(error_message(&err), "hidden"));
	}
	arena_release(&arena);
}

static void refuses_settings(void **state)
{
	struct settings settings;
	struct error err = ERROR_INIT;
	struct redis *redis;
	char missing[128];

	(void)state;
	private_redis_settings(&server, &settings);
	settings.redis_user = S("somebody");
	assert_false(redis_open(&settings, &redis, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	private_redis_settings(&server, &settings);
	settings.redis_prefix = S("");
	assert_false(redis_open(&settings, &redis, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	private_redis_settings(&server, &settings);
	snprintf(missing, sizeof(missing), "%s/missing", server.directory);
	settings.redis_password_file = str_of(missing);
	assert_false(redis_open(&settings, &redis, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	private_redis_settings(&server, &settings);
	settings.redis_ca_file = str_of(missing);
	assert_false(redis_open(&settings, &redis, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(error_message(&err), "rediss://"));
	settings.redis_url = S("rediss://127.0.0.1:1");
	assert_false(redis_open(&settings, &redis, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(error_detail(&err), missing));
}

static void keeps_any_bytes(void **state)
{
	static const struct str names[] = { STR("a\0b"), STR("\xff\r\n*3"),
		STR("name with spaces"), STR("") };
	static const struct str values[] = { STR(""), STR("\0\0\r\n$-1\r\n"),
		STR("text"), STR("\xff\xfe") };
	struct redis *redis = open_prefix("bytes:");
	struct buf long_value = BUF_INIT(4 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_false(is_there(redis, names[i]));
		for (size_t j = 0; j < ARRAY_LEN(values); j++) {
			put(redis, names[i], values[j]);
			assert_true(has(redis, names[i], values[j]));
		}
	}
	for (int i = 0; i < 3 << 18; i++)
		buf_append(&long_value, (struct str){ (char *)&i, 4 });
	put(redis, S("long"), buf_str(&long_value));
	assert_true(has(redis, S("long"), buf_str(&long_value)));
	buf_release(&long_value);
	redis_close(redis);
}

static void refuses_what_is_too_long(void **state)
{
	struct redis *redis = open_prefix("long:");
	struct buf out = BUF_INIT(5);
	struct error err = ERROR_INIT;
	bool found;

	(void)state;
	put(redis, S("x"), S("123456"));
	assert_false(redis_get(redis, S("x"), &out, &found, &err));
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	buf_release(&out);
	redis_close(redis);
}

static void forgets_in_time(void **state)
{
	struct redis *redis = open_prefix("ttl:");
	int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(redis_set_with_ttl(redis, S("brief"), S("x"), 20, &err));
	put(redis, S("lasting"), S("y"));
	while (is_there(redis, S("brief"))) {
		assert_true(clock_monotonic_ms() < deadline_ms);
		usleep(1000);
	}
	assert_true(is_there(redis, S("lasting")));
	redis_close(redis);
}

static void gives_leases(void **state)
{
	struct redis *redis = open_prefix("lease:");
	struct error err = ERROR_INIT;
	bool set;

	(void)state;
	assert_true(redis_set_if_absent(
		redis, S("l"), S("mine"), 60000, &set, &err));
	assert_true(set);
	assert_true(redis_set_if_absent(
		redis, S("l"), S("other"), 60000, &set, &err));
	assert_false(set);
	assert_true(has(redis, S("l"), S("mine")));
	assert_true(redis_del_if_equal(redis, S("l"), S("other"), &err));
	assert_true(is_there(redis, S("l")));
	assert_true(redis_del_if_equal(redis, S("l"), S("mine"), &err));
	assert_false(is_there(redis, S("l")));
	assert_true(redis_del(redis, S("l"), &err));
	put(redis, S("l"), S("x"));
	assert_true(redis_del(redis, S("l"), &err));
	assert_false(is_there(redis, S("l")));
	redis_close(redis);
}

static void removes_by_prefix(void **state)
{
	struct redis *redis = open_prefix("scan*[a-z]\\:");
	struct redis *other = open_prefix("scanXa\\:");
	struct error err = ERROR_INIT;
	int64_t count;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		char name[32];

		snprintf(name, sizeof(name), "p?/%d", i);
		put(redis, str_of(name), S("x"));
	}
	put(redis, S("pp/1"), S("x"));
	put(redis, S("q"), S("x"));
	put(other, S("p?/1"), S("x"));
	assert_true(redis_scan_del(redis, S("p?/"), &count, &err));
	assert_int_equal(count, MANY);
	assert_false(is_there(redis, S("p?/77")));
	assert_true(is_there(redis, S("pp/1")));
	assert_true(is_there(other, S("p?/1")));
	assert_true(redis_scan_del(redis, S(""), &count, &err));
	assert_int_equal(count, 2);
	assert_true(is_there(other, S("p?/1")));
	redis_close(redis);
	redis_close(other);
}

static void prefixes_keep_apart(void **state)
{
	struct redis *one = open_prefix("one:");
	struct redis *again = open_prefix("one:");
	struct redis *two = open_prefix("two:");

	(void)state;
	put(one, S("n"), S("x"));
	assert_true(is_there(again, S("n")));
	assert_false(is_there(two, S("n")));
	redis_close(one);
	redis_close(again);
	redis_close(two);
}

static void loads_forgotten_scripts(void **state)
{
	static const char script[] = "return { KEYS[1], ARGV[2], 7, 'x' }\n";
	const struct str args[] = { S("a"), S("b\0c") };
	struct redis *redis = open_prefix("eval:");
	struct redis_answer answer;
	struct error err = ERROR_INIT;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(redis_eval(redis, script, args, 2, &answer, &err));
		assert_int_equal(err.kind, ERR_NONE);
		assert_int_equal(answer.count, 4);
		assert_true(
			str_equal(redis_answer_text(&answer, 0), S("eval:")));
		assert_true(
			str_equal(redis_answer_text(&answer, 1), S("b\0c")));
		assert_int_equal(redis_answer_int(&answer, 2), 7);
		assert_int_equal(redis_answer_int(&answer, 3), 0);
		redis_answer_release(&answer);
		tell(redis, (const struct str[]){ S("SCRIPT"), S("FLUSH") }, 2);
	}
	assert_false(redis_eval(
		redis, "return redis.call('NO')\n", NULL, 0, &answer, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_false(answer.may_have_run);
	assert_true(redis_check(redis, &err));
	redis_close(redis);
}

static void survives_closed_connections(void **state)
{
	struct redis *redis = open_prefix("closed:");
	struct redis *other = open_prefix("closed:");

	(void)state;
	for (int i = 0; i < 20; i++) {
		put(redis, S("n"), S("x"));
		tell(other,
			(const struct str[]){ S("CLIENT"), S("KILL"), S("TYPE"),
				S("normal") },
			4);
	}
	assert_true(is_there(redis, S("n")));
	redis_close(redis);
	redis_close(other);
}

static void *use_much(void *context)
{
	struct redis *redis = context;

	for (int i = 0; i < 300; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%lx/%d",
			(unsigned long)pthread_self(), i % 7);
		put(redis, str_of(name), str_of(name));
		assert_true(has(redis, str_of(name), str_of(name)));
	}
	return NULL;
}

static void serves_threads(void **state)
{
	struct redis *redis = open_prefix("threads:");
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, use_much, redis), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	redis_close(redis);
}

static void knows_who_may_evict(void **state)
{
	static const struct {
		struct str memory, policy;
		bool may;
	} cases[] = {
		{ STR("0"), STR("allkeys-lru"), false },
		{ STR("100mb"), STR("noeviction"), false },
		{ STR("100mb"), STR("allkeys-lru"), true },
		{ STR("100mb"), STR("volatile-ttl"), true },
	};
	struct redis *redis = open_prefix("evict:");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct redis_connection *connection;
		struct error err = ERROR_INIT;

		tell(redis,
			(const struct str[]){ S("CONFIG"), S("SET"),
				S("maxmemory"), cases[i].memory },
			4);
		tell(redis,
			(const struct str[]){ S("CONFIG"), S("SET"),
				S("maxmemory-policy"), cases[i].policy },
			4);
		assert_true(redis_connection_open(
			&redis->target, &connection, &err));
		assert_int_equal(connection->may_evict, cases[i].may);
		redis_connection_close(connection);
	}
	tell(redis,
		(const struct str[]){
			S("CONFIG"), S("SET"), S("maxmemory"), S("0") },
		4);
	redis_close(redis);
}

static void write_secret(const char *path, const char *secret)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, secret, strlen(secret)), strlen(secret));
	close(fd);
}

static void needs_the_password(void **state)
{
	struct private_redis locked;
	struct settings settings;
	struct redis *redis;
	struct error err = ERROR_INIT;
	char path[128];
	int64_t count;

	(void)state;
	private_redis_start(&locked, "correct horse");
	private_redis_settings(&locked, &settings);
	redis = open_with(&settings);
	assert_false(redis_check(redis, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(error_detail(&err), "NOAUTH"));
	redis_close(redis);

	snprintf(path, sizeof(path), "%s/password", locked.directory);
	settings.redis_password_file = str_of(path);
	write_secret(path, "wrong cow\n");
	redis = open_with(&settings);
	assert_false(redis_check(redis, &err));
	assert_non_null(strstr(error_detail(&err), "WRONGPASS"));
	assert_null(strstr(error_detail(&err), "cow"));
	redis_close(redis);

	write_secret(path, "correct horse\n");
	redis = open_with(&settings);
	assert_true(redis_check(redis, &err));
	tell(redis,
		(const struct str[]){ S("ACL"), S("SETUSER"), S("gateway"),
			S("on"), S(">tap dance"), S("~gw:*"), S("+@all"),
			S("-@admin") },
		8);
	redis_close(redis);

	settings.redis_user = S("gateway");
	settings.redis_prefix = S("gw:");
	setenv("LLM_GATEWAY_REDIS_PASSWORD", "tap dance", 1);
	redis = open_with(&settings);
	unsetenv("LLM_GATEWAY_REDIS_PASSWORD");
	put(redis, S("n"), S("x"));
	assert_true(is_there(redis, S("n")));
	assert_true(redis_del_if_equal(redis, S("n"), S("y"), &err));
	assert_true(redis_scan_del(redis, S("n"), &count, &err));
	assert_int_equal(count, 1);
	redis_close(redis);
	private_redis_stop(&locked);
}

/* A port that was free just now. */
static void find_port(char out[8])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
	assert_int_equal(
		getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	snprintf(out, 8, "%u", ntohs(address.sin_port));
}

static void speaks_tcp(void **state)
{
	struct private_redis tcp;
	struct settings settings;
	struct redis *first, *second;
	char urls[2][64];

	(void)state;
	private_redis_start(&tcp, NULL);
	private_redis_end(&tcp, SIGKILL);
	find_port(tcp.port);
	private_redis_launch(&tcp);
	snprintf(urls[0], sizeof(urls[0]), "redis://127.0.0.1:%s", tcp.port);
	snprintf(urls[1], sizeof(urls[1]), "redis://localhost:%s/3", tcp.port);
	private_redis_settings(&tcp, &settings);
	settings.redis_url = str_of(urls[0]);
	first = open_with(&settings);
	settings.redis_url = str_of(urls[1]);
	second = open_with(&settings);
	put(first, S("n"), S("x"));
	assert_false(is_there(second, S("n")));
	put(second, S("m"), S("x"));
	assert_false(is_there(first, S("m")));
	redis_close(first);
	redis_close(second);
	private_redis_stop(&tcp);
}

static void finds_it_again(void **state)
{
	struct private_redis own;
	struct settings settings;
	struct redis *redis;
	struct error err = ERROR_INIT;

	(void)state;
	private_redis_start(&own, NULL);
	private_redis_settings(&own, &settings);
	redis = open_with(&settings);
	put(redis, S("n"), S("x"));
	private_redis_end(&own, SIGKILL);
	for (int i = 0; i < 3; i++) {
		assert_false(redis_check(redis, &err));
		assert_int_equal(err.kind, ERR_IO);
	}
	private_redis_launch(&own);
	await_answers(redis);
	assert_false(is_there(redis, S("n")));
	redis_close(redis);
	private_redis_stop(&own);
}

/* One that is stopped makes the first call wait, and no others. */
static void waits_once(void **state)
{
	struct private_redis own;
	struct settings settings;
	struct redis *redis;
	struct error err = ERROR_INIT;
	int64_t from_ms, first_ms, others_ms;

	(void)state;
	private_redis_start(&own, NULL);
	private_redis_settings(&own, &settings);
	settings.redis_timeout_ms = 400;
	redis = open_with(&settings);
	await_answers(redis);
	freeze(own.pid);
	from_ms = clock_monotonic_ms();
	assert_false(redis_check(redis, &err));
	first_ms = clock_monotonic_ms() - from_ms;
	assert_true(first_ms >= 400);
	assert_non_null(strstr(error_detail(&err), "no answer"));
	/* Within the pause before it is tried again. */
	from_ms = clock_monotonic_ms();
	for (int i = 0; i < 50; i++)
		assert_false(redis_check(redis, &err));
	others_ms = clock_monotonic_ms() - from_ms;
	assert_true(others_ms < 50 * first_ms / 10);
	kill(own.pid, SIGCONT);
	await_answers(redis);
	redis_close(redis);
	private_redis_stop(&own);
}

struct impostor {
	int listener;
	struct str says;
	bool drips;
};

static void *pretend(void *context)
{
	struct impostor *impostor = context;
	int fd = accept(impostor->listener, NULL, NULL);
	char asked[4096];

	while (fd >= 0 && recv(fd, asked, sizeof(asked), 0) > 0) {
		for (size_t i = 0; i < impostor->says.n; i++) {
			if (send(fd, impostor->says.p + i, 1, MSG_NOSIGNAL) < 0)
				break;
			if (impostor->drips)
				usleep(20000);
		}
	}
	close(fd);
	return NULL;
}

/* What answers there is no Redis, or takes its time byte by byte. */
static void bears_impostors(void **state)
{
	static const struct {
		struct str says;
		bool drips;
		const char *why;
	} cases[] = {
		{ STR("HTTP/1.1 400 Bad Request\r\n\r\n"), false,
			"not a Redis" },
		{ STR("$900000000000\r\n"), false, "" },
		{ STR("*1\r\n$3\r\nabc\r\n"), false, "no Redis" },
		{ STR(":1\r\n"), false, "no Redis" },
		{ STR("+redis_version:4.0.1\r\n"), false, "no Redis" },
		{ STR("$9999\r\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqr"),
			true, "no answer" },
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct settings settings;
	char url[128];

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/impostor",
		server.directory);
	snprintf(url, sizeof(url), "unix:%s", address.sun_path);
	private_redis_settings(&server, &settings);
	settings.redis_url = str_of(url);
	settings.redis_timeout_ms = 300;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct impostor impostor = { socket(AF_UNIX, SOCK_STREAM, 0),
			cases[i].says, cases[i].drips };
		struct redis *redis = open_with(&settings);
		struct error err = ERROR_INIT;
		pthread_t thread;

		unlink(address.sun_path);
		assert_int_equal(bind(impostor.listener,
					 (const struct sockaddr *)&address,
					 sizeof(address)),
			0);
		assert_int_equal(listen(impostor.listener, 5), 0);
		pthread_create(&thread, NULL, pretend, &impostor);
		assert_false(redis_check(redis, &err));
		if (!strstr(error_detail(&err), cases[i].why))
			fail_msg("%zu: %s", i, error_detail(&err));
		redis_close(redis);
		pthread_join(thread, NULL);
		close(impostor.listener);
	}
	unlink(address.sun_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_urls),
		cmocka_unit_test(refuses_settings),
		cmocka_unit_test(keeps_any_bytes),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(forgets_in_time),
		cmocka_unit_test(gives_leases),
		cmocka_unit_test(removes_by_prefix),
		cmocka_unit_test(prefixes_keep_apart),
		cmocka_unit_test(loads_forgotten_scripts),
		cmocka_unit_test(survives_closed_connections),
		cmocka_unit_test(serves_threads),
		cmocka_unit_test(knows_who_may_evict),
		cmocka_unit_test(needs_the_password),
		cmocka_unit_test(speaks_tcp),
		cmocka_unit_test(finds_it_again),
		cmocka_unit_test(waits_once),
		cmocka_unit_test(bears_impostors),
	};

	return cmocka_run_group_tests_name(
		"hot/redis", tests, start_server, stop_server);
}
