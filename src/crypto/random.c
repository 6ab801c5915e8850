/*
 * random.c - randomness from the kernel. The one hard thing: what is drawn
 * comes from bytes fetched ahead per thread, and a forked child must not go on
 * with its parent's.
 */
#include "crypto/random.h"

#include "base/clock.h"

#include <pthread.h>
#include <sys/random.h>

#define POOL_BYTES 1000 /* a hundred ids a system call */
#define MAX_DRAWN_BYTES 64
#define ID_TEXT_CHARS 26
#define ID_RANDOM_BYTES 10

/* Bytes fetched and not yet given out: the last `left` of them. */
static _Thread_local struct {
	uint8_t bytes[POOL_BYTES];
	size_t left;
} pool;

static void watch_forks(void);
static void forget_pool(void);

void random_bytes(void *out, size_t n)
{
	uint8_t *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			abort();
		p += got;
		n -= (size_t)got;
	}
}

void random_hex(char *out, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	random_bytes(out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = digits[(uint8_t)out[i] & 15];
	out[n] = '\0';
}

void random_base62(char *out, size_t n)
{
	static const char digits[] = "0123456789"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	uint8_t bytes[64];
	size_t have = 0;

	/* 248 = 4 * 62: bytes above would favour the first digits. */
	for (size_t i = 0; i < n;) {
		if (have == 0) {
			have = sizeof(bytes);
			random_bytes(bytes, have);
		}
		if (bytes[--have] < 248)
			out[i++] = digits[bytes[have] % 62];
	}
	out[n] = '\0';
	explicit_bzero(bytes, sizeof(bytes));
}

void random_request_id(char out[REQUEST_ID_BYTES])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t now_ms = (uint64_t)clock_unix_ms() & 0xffffffffffff;
	uint8_t drawn[ID_RANDOM_BYTES];
	unsigned __int128 id = now_ms;

	random_draw(drawn, sizeof(drawn));
	for (size_t i = 0; i < sizeof(drawn); i++)
		id = id << 8 | drawn[i];
	memcpy(out, "req_", 4);
	for (size_t i = ID_TEXT_CHARS; i > 0; i--, id >>= 5)
		out[4 + i - 1] = digits[(unsigned)id & 31];
	out[4 + ID_TEXT_CHARS] = '\0';
}

void random_draw(void *out, size_t n)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	assert(n <= MAX_DRAWN_BYTES);
	pthread_once(&once, watch_forks);
	if (pool.left < n) {
		random_bytes(pool.bytes, POOL_BYTES);
		pool.left = POOL_BYTES;
	}
	memcpy(out, pool.bytes + POOL_BYTES - pool.left, n);
	pool.left -= n;
}

static void watch_forks(void)
{
	/* Without it a child would repeat its parent's ids. */
	if (pthread_atfork(NULL, NULL, forget_pool) != 0)
		abort();
}

/* In the child, in the only thread it has. */
static void forget_pool(void)
{
	pool.left = 0;
}
