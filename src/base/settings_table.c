/*
 * settings_table.c - every setting: its name, default, bounds and meaning.
 *
 * The example in conf/ is made from this table.
 */
#include "base/settings_table.h"

#include "base/log.h"
#include "base/money.h"

static bool is_mode(struct str value);
static bool is_origins(struct str value);
static bool is_log_level(struct str value);
static bool is_limits_shared(struct str value);
static bool is_temperature(struct str value);
static bool is_cache_strategy(struct str value);
static bool is_preset(struct str value);
static bool is_host_name(struct str value);
static bool is_site_url(struct str value);
static bool is_signup(struct str value);

#define FIELD(field) offsetof(struct settings, field)
#define TEXT(NAME, FIELD_NAME, VALUE, MEANING)               \
	{                                                    \
		.name = NAME, .type = SETTING_TEXT,          \
		.offset = FIELD(FIELD_NAME), .value = VALUE, \
		.meaning = MEANING                           \
	}
#define CHECKED(NAME, FIELD_NAME, VALUE, IS_VALID, EXPECTED, MEANING)          \
	{                                                                      \
		.name = NAME, .type = SETTING_TEXT,                            \
		.offset = FIELD(FIELD_NAME), .value = VALUE,                   \
		.is_valid = IS_VALID, .expected = EXPECTED, .meaning = MEANING \
	}
#define INT(NAME, FIELD_NAME, VALUE, MIN, MAX, MEANING)                  \
	{                                                                \
		.name = NAME, .type = SETTING_INT,                       \
		.offset = FIELD(FIELD_NAME), .value = VALUE, .min = MIN, \
		.max = MAX, .meaning = MEANING                           \
	}
#define BOOL(NAME, FIELD_NAME, VALUE, MEANING)               \
	{                                                    \
		.name = NAME, .type = SETTING_BOOL,          \
		.offset = FIELD(FIELD_NAME), .value = VALUE, \
		.meaning = MEANING                           \
	}

#define MONEY(NAME, TYPE, FIELD_NAME, VALUE, MEANING)                    \
	{                                                                \
		.name = NAME, .type = TYPE, .offset = FIELD(FIELD_NAME), \
		.value = VALUE, .meaning = MEANING                       \
	}

#define HOUR_MS 3600000
#define MANY INT64_C(1000000000000)
#define GIB (INT64_C(1) << 30)

const struct setting settings_table[] = {
	TEXT("server.listen", listen, "unix:/run/llm-gateway/fcgi.sock",
		"where the web server finds us: unix:PATH or ADDRESS:PORT"),
	CHECKED("server.socket_mode", socket_mode, "0660", is_mode,
		"an octal mode such as 0660",
		"who may connect to a unix socket, as for chmod"),
	INT("server.loops", loops, "0", 0, 64,
		"event loops; 0 is one for every two cores"),
	INT("server.workers", workers, "4", 1, 256,
		"threads for what may block: SQL, slow uploads"),
	INT("server.queue", queue, "1024", 1, 100000,
		"requests that may wait for a worker; more answer 503"),
	INT("server.backlog", backlog, "4096", 16, 65535,
		"listen backlog; net.core.somaxconn caps it"),
	INT("server.max_body_bytes", max_body_bytes, "33554432", 1024, GIB,
		"largest request body"),
	INT("server.read_timeout_ms", read_timeout_ms, "30000", 100, HOUR_MS,
		"longest silence while a request arrives"),
	INT("server.drain_timeout_ms", drain_timeout_ms, "600000", 0, HOUR_MS,
		"how long running calls may finish after SIGTERM"),
	CHECKED("server.cors_origins", cors_origins, "", is_origins,
		"origins such as https://app.example.com, separated by commas, "
		"or *",
		"pages of these origins may call the API from a browser; "
		"empty: of none"),
	TEXT("server.state_dir", state_dir, "/var/lib/llm-gateway",
		"the journal's folder; must survive a reboot"),
	TEXT("server.hot_dir", hot_dir, "/dev/shm/llm-gateway",
		"shared state of all processes; on tmpfs"),
	TEXT("server.data_dir", data_dir, "",
		"weights and vocabularies; empty takes those that were "
		"installed with the program"),
	CHECKED("server.host_name", host_name, "", is_host_name,
		"1 to 64 letters, digits, '.', '-' and '_'",
		"this machine's name in the request log, its own among those "
		"that share the database; empty asks the system"),
	TEXT("database.socket", database_socket, "/run/mysqld/mysqld.sock",
		"MariaDB's unix socket; empty uses host and port"),
	TEXT("database.host", database_host, "127.0.0.1", "MariaDB's host"),
	INT("database.port", database_port, "3306", 1, 65535, "MariaDB's port"),
	TEXT("database.name", database_name, "llm_gateway", "the database"),
	TEXT("database.user", database_user, "llm_gateway",
		"the database user"),
	TEXT("database.password_file", database_password_file, "",
		"file with the password; LLM_GATEWAY_DB_PASSWORD wins"),
	BOOL("database.tls", database_tls, "no",
		"reach database.host through TLS alone, and only when its "
		"certificate fits"),
	TEXT("database.ca_file", database_ca_file, "",
		"file with the authority of MariaDB's certificate; empty: the "
		"system's"),
	TEXT("database.certificate_file", database_certificate_file, "",
		"file with the certificate of a user who REQUIREs one"),
	TEXT("database.key_file", database_key_file, "",
		"file with its private key"),
	INT("database.connections", database_connections, "4", 1, 256,
		"connections that one process opens at most"),
	TEXT("redis.url", redis_url, "",
		"a Redis that several hosts share: unix:PATH or "
		"redis://HOST[:PORT][/DATABASE]; rediss:// is through TLS"),
	TEXT("redis.user", redis_user, "",
		"the user in Redis' access list; empty is its default user"),
	TEXT("redis.password_file", redis_password_file, "",
		"file with the password; LLM_GATEWAY_REDIS_PASSWORD wins"),
	TEXT("redis.ca_file", redis_ca_file, "",
		"file with the authority of Redis' certificate; empty: the "
		"system's"),
	TEXT("redis.certificate_file", redis_certificate_file, "",
		"file with the certificate that a Redis with tls-auth-clients "
		"wants of us"),
	TEXT("redis.key_file", redis_key_file, "", "file with its private key"),
	INT("redis.timeout_ms", redis_timeout_ms, "250", 10, 60000,
		"longest wait for Redis to answer"),
	TEXT("redis.prefix", redis_prefix, "llm-gateway:",
		"what the names of all we keep there begin with; gateways "
		"that share their limits share it"),
	TEXT("crypto.master_key_file", master_key_file, "",
		"file with the master key; LLM_GATEWAY_MASTER_KEY wins"),
	INT("upstream.connect_timeout_ms", connect_timeout_ms, "10000", 10,
		HOUR_MS, "to connect to a provider, TLS included"),
	INT("upstream.first_byte_timeout_ms", first_byte_timeout_ms, "300000",
		10, HOUR_MS, "for the first byte of an answer"),
	INT("upstream.idle_timeout_ms", idle_timeout_ms, "120000", 10, HOUR_MS,
		"between two pieces of an answer"),
	INT("upstream.total_timeout_ms", total_timeout_ms, "600000", 10,
		HOUR_MS, "for a whole call"),
	INT("upstream.max_answer_bytes", max_answer_bytes, "67108864", 1024,
		GIB, "largest answer that is not a stream"),
	BOOL("upstream.allow_private", allow_private_upstreams, "no",
		"base URLs may be on this machine or a private network"),
	INT("upstream.pool_interval_ms", pool_interval_ms, "15000", 100,
		HOUR_MS,
		"how often the hosts of a pool are asked for their models"),
	INT("upstream.key_refused_ms", key_refused_ms, "60000", 0, HOUR_MS,
		"how long a provider's key that was refused (401, 403) is "
		"left alone; 0 never"),
	INT("upstream.key_limited_ms", key_limited_ms, "1000", 0, HOUR_MS,
		"the same after a 429 that does not say how long; 0 also "
		"ignores those that do"),
	BOOL("upstream.affinity", affinity, "yes",
		"a long prompt goes to the model, host and key that have its "
		"beginning in their cache, where there is a choice"),
	INT("retry.attempts", retry_attempts, "4", 1, 100,
		"how often one call asks providers, at most"),
	INT("retry.base_ms", retry_base_ms, "250", 1, HOUR_MS,
		"longest wait before a provider is asked again; doubled each "
		"time"),
	INT("retry.max_ms", retry_max_ms, "8000", 1, HOUR_MS,
		"what the doubling stops at"),
	INT("retry.max_wait_ms", retry_max_wait_ms, "5000", 0, HOUR_MS,
		"a longer Retry-After is passed on instead of waited for"),
	INT("retry.budget_percent", retry_budget_percent, "20", 0, 1000,
		"times that a provider is asked again in a hundred calls to "
		"it, beside one each second; 0 never"),
	INT("breaker.failures", breaker_failures, "8", 0, 1000000,
		"failures in a row after which a provider's model is left "
		"alone; 0 never"),
	INT("breaker.window_ms", breaker_window_ms, "60000", 100, HOUR_MS,
		"in which they must fall"),
	INT("breaker.open_ms", breaker_open_ms, "5000", 10, HOUR_MS,
		"how long it is left alone before one call tries it"),
	INT("breaker.max_open_ms", breaker_max_open_ms, "120000", 10, HOUR_MS,
		"what this grows to, doubled by each try that fails"),
	INT("breaker.probe_ms", breaker_probe_ms, "30000", 100, HOUR_MS,
		"how long such a try keeps others from trying"),
	CHECKED("limits.shared", limits_shared, "no", is_limits_shared,
		"no, redis or mariadb",
		"what several hosts count their calls with: redis counts all; "
		"mariadb lends each a part of a budget, and rates are of each "
		"host; no: this host is the only one"),
	INT("limits.user_rpm", user_rpm, "0", 0, MANY,
		"requests a minute of each user that a project's calls name, "
		"unless a quota says; 0: no limit"),
	INT("limits.user_tokens_daily", user_tokens_daily, "0", 0, MANY,
		"tokens a day of each such user, unless a quota says; 0: no "
		"limit"),
	INT("limits.proxy_user_rpm", proxy_user_rpm, "10", 0, MANY,
		"requests a minute of each user of a tenant, whom calls of "
		"/api/llm-proxy name, unless a quota says; 0: no limit"),
	INT("limits.proxy_user_tokens_daily", proxy_user_tokens_daily, "100000",
		0, MANY, "tokens a day of each such user; 0: no limit"),
	INT("limits.user_concurrent", user_concurrent, "0", 0, MANY,
		"requests that each user of either kind may have running at "
		"once, unless a quota says; 0: no limit"),
	INT("limits.ip_rpm", ip_rpm, "0", 0, MANY,
		"requests a minute from one address; 0: no limit"),
	INT("limits.ip_tpm", ip_tpm, "0", 0, MANY,
		"tokens a minute from one address; 0: no limit"),
	INT("limits.ip_concurrent", ip_concurrent, "0", 0, MANY,
		"requests from one address that may run at once; 0: no limit"),
	INT("limits.output_tokens", output_tokens, "4096", 1, MANY,
		"reserved for an answer where neither the request nor the "
		"model says how long it may be"),
	MONEY("limits.unpriced_input_usd", SETTING_PRICE,
		unpriced_input_picousd, "30",
		"what budgets are charged for a model without a price, USD per "
		"million tokens"),
	MONEY("limits.unpriced_output_usd", SETTING_PRICE,
		unpriced_output_picousd, "150", "the same for its answers"),
	MONEY("limits.slice_usd", SETTING_USD, slice_picousd, "1",
		"what a host takes of a budget at a time where several share "
		"it by MariaDB"),
	INT("limits.slice_idle_ms", slice_idle_ms, "300000", 1000, HOUR_MS,
		"what it did not spend goes back when it has not used the "
		"budget for so long"),
	MONEY("limits.outage_allowance_usd", SETTING_USD,
		outage_allowance_picousd, "10",
		"what a key may spend in an hour while nobody can be asked for "
		"its budgets (database or Redis away)"),
	INT("batch.max_requests", batch_max_requests, "100", 1, 10000,
		"requests that POST /api/llm/batch takes at once"),
	INT("batch.parallel", batch_parallel, "8", 1, 256,
		"how many of them run at once"),
	INT("batch.max_answer_bytes", batch_max_answer_bytes, "67108864", 1024,
		GIB, "what their answers may take together"),
	INT("stream.keepalive_ms", keepalive_ms, "15000", 100, HOUR_MS,
		"silence in a stream before a comment is sent"),
	INT("stream.keepalive_apache_ms", keepalive_apache_ms, "1000", 100,
		HOUR_MS,
		"the same behind Apache, where only a write can tell "
		"that the client left"),
	INT("stream.max_frame_bytes", max_frame_bytes, "16777216", 1024, GIB,
		"largest single event of a stream"),
	BOOL("gateway.metadata", metadata, "yes",
		"add the metadata member to answers"),
	CHECKED("routing.preset", routing_preset, "balanced", is_preset,
		"cheap, balanced or quality",
		"what 'auto' prefers, unless a project says"),
	TEXT("routing.classifier", routing_classifier, "",
		"file with the classifier's weights; empty: those that came "
		"with the program"),
	INT("routing.classify_bytes", routing_classify_bytes, "1024", 0, GIB,
		"how hard a request is, is also found out where it names a "
		"model, for its metadata and the log, unless it is larger"),
	BOOL("cache.enabled", cache_enabled, "no",
		"keep answers and give them again, unless a key says"),
	CHECKED("cache.strategy", cache_strategy, "memory", is_cache_strategy,
		"memory, redis or hybrid",
		"where answers are kept: on this machine, in Redis for all "
		"hosts, or both"),
	INT("cache.ttl_ms", cache_ttl_ms, "3600000", 1000,
		INT64_C(8760) * HOUR_MS,
		"how long an answer is given again, unless a key says"),
	INT("cache.max_bytes", cache_max_bytes, "67108864", 1048576, 64 * GIB,
		"memory for answers; a quarter of it is room for changes"),
	INT("cache.max_answer_bytes", cache_max_answer_bytes, "1048576", 1024,
		GIB,
		"a larger answer is not kept; an eighth of max_bytes at most"),
	CHECKED("cache.max_temperature", cache_max_temperature, "0",
		is_temperature, "a number from 0 to 2, such as 0.3",
		"requests that ask for more chance are never cached"),
	CHECKED("cache.assume_temperature", cache_assume_temperature, "1",
		is_temperature, "a number from 0 to 2, such as 0.3",
		"of requests that say none, unless their key has the cache on"),
	BOOL("cache.tools", cache_tools, "no",
		"cache requests that offer tools, too"),
	BOOL("cache.coalesce", cache_coalesce, "yes",
		"equal requests at the same time make one call"),
	CHECKED("log.level", log_level, "info", is_log_level,
		"error, warn, info or debug", "what is told, and what is not"),
	TEXT("log.dir", log_dir, "",
		"folder of the log's files; empty is standard error"),
	INT("log.keep_days", log_keep_days, "0", 0, 36500,
		"older rows of the request log are dropped; 0 keeps all"),
	BOOL("log.requests", log_requests, "yes", "one log line per call"),
	INT("alerts.interval_ms", alerts_interval_ms, "10000", 100, HOUR_MS,
		"how often the alert rules are looked at"),
	INT("alerts.timeout_ms", alerts_timeout_ms, "15000", 100, 600000,
		"longest wait for a receiver of an alert"),
	INT("alerts.attempts", alerts_attempts, "12", 1, 1000,
		"how often a message is tried before it is given up"),
	INT("alerts.retry_ms", alerts_retry_ms, "15000", 10, HOUR_MS,
		"wait after the first try that failed; doubled each time, up "
		"to an hour"),
	TEXT("alerts.smtp_url", smtp_url, "",
		"the mail server: smtp://HOST:25 or smtps://HOST:465; empty: "
		"no alerts by e-mail"),
	TEXT("alerts.smtp_from", smtp_from, "",
		"the address that alerts come from"),
	TEXT("alerts.smtp_user", smtp_user, "",
		"whom we log in as, by TLS alone; empty: without"),
	TEXT("alerts.smtp_password_file", smtp_password_file, "",
		"file with that user's password"),
	TEXT("alerts.smtp_ca_file", smtp_ca_file, "",
		"file with the authority of the mail server's certificate; "
		"empty: the system's"),
	BOOL("alerts.smtp_require_tls", smtp_require_tls, "no",
		"send nothing without TLS and a certificate that fits; else "
		"TLS is used where it is offered"),
	CHECKED("site.url", site_url, "", is_site_url,
		"https://HOST, or http://HOST[:PORT]",
		"where people find the dashboard, as in "
		"https://gateway.example.com: for links in e-mails; empty: "
		"none are sent"),
	CHECKED("site.signup", site_signup, "invite", is_signup,
		"open, invite or closed",
		"who may make an account: everybody, with an organisation of "
		"their own; those who are invited; or nobody but by the "
		"command line"),
	INT("site.idle_ms", site_idle_ms, "28800000", 1000, MANY,
		"a login that is not used for so long ends"),
	INT("site.session_ms", site_session_ms, "2592000000", 1000, MANY,
		"and so long after it began it ends in any case"),
	INT("site.token_ms", site_token_ms, "900000", 1000, HOUR_MS,
		"how long a token of a login is valid before it is renewed"),
	INT("site.login_window_ms", site_login_window_ms, "900000", 1000,
		24 * HOUR_MS, "in which logins that fail are counted"),
	INT("site.login_failures", site_login_failures, "10", 1, 1000000,
		"of one e-mail address before it has to wait"),
	INT("site.login_failures_ip", site_login_failures_ip, "100", 1, 1000000,
		"the same of one client address"),
	TEXT("site.dir", site_dir, "",
		"folder with the dashboard's templates/ and public/; empty: "
		"what was installed with the program"),
	BOOL("site.reload", site_reload, "no",
		"read the templates anew for each page: for whoever changes "
		"them"),
	TEXT("catalog.sources", catalog_sources, "",
		"what 'models sync' reads when it is not told: files and URLs "
		"of public catalogues, separated by commas, the first counts "
		"most; empty is the list that was installed with the program"),
	INT("catalog.timeout_ms", catalog_timeout_ms, "60000", 100, HOUR_MS,
		"longest wait for one of them"),
	TEXT("catalog.ca_file", catalog_ca_file, "",
		"file with the authority of their certificates; empty: the "
		"system's"),
	TEXT("metrics.token_file", metrics_token_file, "",
		"file with the token that metrics and detailed health ask "
		"for; without one they are for this machine alone"),
};

const size_t settings_table_count = ARRAY_LEN(settings_table);

/* "*", or schemes with hosts, as browsers write them: nothing behind. */
static bool is_origins(struct str value)
{
	struct str origin;

	if (str_equal(value, S("*")))
		return true;
	while (str_next_field(&value, ',', &origin)) {
		struct str host = str_trim(origin);

		if (str_starts(host, S("https://")))
			host = str_from(host, strlen("https://"));
		else if (str_starts(host, S("http://")))
			host = str_from(host, strlen("http://"));
		else
			return false;
		if (host.n == 0)
			return false;
		for (size_t i = 0; i < host.n; i++)
			if (!islower((unsigned char)host.p[i]) &&
				!isdigit((unsigned char)host.p[i]) &&
				!memchr("-.:[]", host.p[i], 5))
				return false;
	}
	return true;
}

static bool is_mode(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '7')
			return false;
	}
	return value.n >= 3 && value.n <= 4;
}

static bool is_host_name(struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (!isalnum((unsigned char)value.p[i]) &&
			!memchr(".-_", value.p[i], 3))
			return false;
	}
	return value.n < SETTINGS_HOST_NAME_BYTES;
}

static bool is_log_level(struct str value)
{
	enum log_level level;

	return log_level_parse(value, &level);
}

static bool is_site_url(struct str value)
{
	struct str host = str_from(value, str_find(value, S("://")) + 3);

	for (size_t i = 0; i < value.n; i++) {
		if (!isgraph((unsigned char)value.p[i]) ||
			memchr("\"'<>?#", value.p[i], 6))
			return false;
	}
	if (value.n == 0)
		return true;
	return (str_starts(value, S("https://")) ||
		       str_starts(value, S("http://"))) &&
	       host.n > 0 && value.n <= 200;
}

static bool is_signup(struct str value)
{
	return str_equal(value, S("open")) || str_equal(value, S("invite")) ||
	       str_equal(value, S("closed"));
}

static bool is_limits_shared(struct str value)
{
	return str_equal(value, S("no")) || str_equal(value, S("redis")) ||
	       str_equal(value, S("mariadb"));
}

static bool is_cache_strategy(struct str value)
{
	return str_equal(value, S("memory")) || str_equal(value, S("redis")) ||
	       str_equal(value, S("hybrid"));
}

static bool is_preset(struct str value)
{
	return str_equal(value, S("cheap")) ||
	       str_equal(value, S("balanced")) ||
	       str_equal(value, S("quality"));
}

static bool is_temperature(struct str value)
{
	int64_t pico; /* it is written as an amount is */

	return money_parse_usd(value, &pico) && pico <= 2 * PICOUSD_PER_USD;
}
