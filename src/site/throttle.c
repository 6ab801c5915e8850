/*
 * throttle.c - a try is a reservation of one in two windows, settled with one
 * or with none.
 */
#include "site/throttle.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#include <arpa/inet.h>

#define ACCOUNT_MAX_BYTES 200

static size_t make_limits(const struct site_request *request,
	const struct throttle_rule *rule, struct str account,
	struct limit out[2]);
static struct limit limit_of(struct arena *arena,
	const struct throttle_rule *rule, int64_t max, const char *kind,
	const uint8_t *bytes, size_t n);
static void hash_account(struct str account, uint8_t out[SHA256_BYTES]);
static size_t network_of(struct str ip, uint8_t out[SHA256_BYTES]);
static bool refuse(int64_t wait_ms, struct error *err);

bool throttle_begin(struct throttle *throttle,
	const struct site_request *request, const struct throttle_rule *rule,
	struct str account, struct error *err)
{
	struct limit_outcome outcome;
	struct limit wanted[2];
	size_t count = make_limits(request, rule, account, wanted);

	throttle->limits = request->site->limits;
	memcpy(throttle->id, "try_", 4);
	random_hex(throttle->id + 4, 24);
	if (!limits_reserve(throttle->limits, str_of(throttle->id), wanted,
		    count, S(""), clock_unix_ms(), &outcome, err))
		return false;
	if (outcome.verdict == LIMIT_TAKEN)
		return true;
	log_warn("%s: too many tries of %s, from %.*s", rule->name,
		outcome.at == 1 ? "one account" : "one address",
		STR_ARG(request->exchange->client_ip));
	return refuse(outcome.retry_after_ms, err);
}

void throttle_end(struct throttle *throttle, bool counts)
{
	struct limit_use use = { .tokens = counts, .picousd = -1 };
	struct error err;

	/* It stays counted, which only makes somebody wait. */
	if (!limits_settle(throttle->limits, str_of(throttle->id), &use,
		    clock_unix_ms(), &err))
		log_warn("a try stays counted: %s", error_detail(&err));
}

struct throttle_rule throttle_logins(const struct settings *settings)
{
	return (struct throttle_rule){
		.name = "login",
		.per_account = settings->site_login_failures,
		.per_ip = settings->site_login_failures_ip,
		.window_ms = settings->site_login_window_ms,
	};
}

/* The address first. */
static size_t make_limits(const struct site_request *request,
	const struct throttle_rule *rule, struct str account,
	struct limit out[2])
{
	uint8_t bytes[SHA256_BYTES];
	size_t n = network_of(request->exchange->client_ip, bytes);

	out[0] = limit_of(request->arena, rule, rule->per_ip, "ip", bytes, n);
	if (account.n == 0)
		return 1;
	hash_account(account, bytes);
	out[1] = limit_of(
		request->arena, rule, rule->per_account, "account", bytes, 16);
	return 2;
}

static struct limit limit_of(struct arena *arena,
	const struct throttle_rule *rule, int64_t max, const char *kind,
	const uint8_t *bytes, size_t n)
{
	char hex[SHA256_HEX_BYTES];

	digest_hex(bytes, n, hex);
	return (struct limit){
		.kind = LIMIT_RATE,
		.unit = LIMIT_TOKENS, /* a settlement changes it */
		.name = arena_printf(arena, "%s/%s/%s", rule->name, kind, hex),
		.max = max,
		.amount = 1,
		.window_ms = rule->window_ms,
	};
}

static void hash_account(struct str account, uint8_t out[SHA256_BYTES])
{
	char lower[ACCOUNT_MAX_BYTES];
	size_t n;

	account = str_trim(account);
	n = account.n < sizeof(lower) ? account.n : sizeof(lower);

	for (size_t i = 0; i < n; i++)
		lower[i] = (char)tolower((unsigned char)account.p[i]);
	digest_sha256((struct str){ lower, n }, out);
}

/* A web server that does not say is one client. */
static size_t network_of(struct str ip, uint8_t out[SHA256_BYTES])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16] = { 0 };

	snprintf(text, sizeof(text), "%.*s", STR_ARG(ip));
	if (inet_pton(AF_INET6, text, address) == 1) {
		bool is_ipv4 = memcmp(address, mapped, sizeof(mapped)) == 0;

		memcpy(out, is_ipv4 ? address + 12 : address, is_ipv4 ? 4 : 8);
		return is_ipv4 ? 4 : 8;
	}
	memset(address, 0, sizeof(address));
	if (inet_pton(AF_INET, text, address) != 1)
		memset(address, 0, sizeof(address));
	memcpy(out, address, 4);
	return 4;
}

static bool refuse(int64_t wait_ms, struct error *err)
{
	int64_t seconds = wait_ms > 0 ? (wait_ms + 999) / 1000 : 1;
	int64_t minutes = (seconds + 59) / 60;

	error_refuse(err, ERR_RATE_LIMITED, NULL,
		"Too many tries. Wait %" PRId64 " minute%s and try again.",
		minutes, minutes == 1 ? "" : "s");
	err->retry_after_seconds = (unsigned)seconds;
	return false;
}
