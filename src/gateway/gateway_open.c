/*
 * gateway_open.c - all that the calls of a process share, from its first part
 * to its last, and back.
 */
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/data_directory.h"
#include "base/log.h"
#include "gateway/grants.h"
#include "gateway/settler.h"

static bool open_classifier(struct gateway *gateway, struct error *err);
static void open_tokenizer(struct gateway *gateway);
static bool open_limits(struct gateway *gateway, struct error *err);
static void close_limits(struct gateway *gateway);

bool gateway_open(struct gateway *gateway, const struct settings *settings,
	struct error *err)
{
	struct error unreached;

	*gateway = (struct gateway){ .settings = settings, .grants_file = -1 };
	gateway->host_name =
		settings_host_name(settings, gateway->host_name_text);
	if (!vault_load(settings, &gateway->vault, err) ||
		!db_pool_new(settings, &gateway->db, err) ||
		!hot_open(settings, true, &gateway->hot, err) ||
		!cache_open(settings, true, &gateway->cache, err) ||
		!cache_fleet_open(settings, &gateway->cache_fleet, err) ||
		!metrics_open(settings, &gateway->metrics, err) ||
		!in_flight_open(settings, &gateway->in_flight, err) ||
		!journal_open(settings, &gateway->journal, err) ||
		!open_limits(gateway, err)) {
		gateway_close(gateway);
		return false;
	}
	gateway->snapshots = snapshots_new(gateway->db, gateway->hot);
	gateway->pool = pool_new();
	gateway->latencies = latencies_new();
	gateway->retry_budgets =
		retry_budgets_new(settings->retry_budget_percent);
	gateway->breaker_rules = breaker_rules_of(settings);
	open_tokenizer(gateway);
	if (!open_classifier(gateway, err)) {
		gateway_close(gateway);
		return false;
	}
	if (!snapshot_refresh(
		    gateway->snapshots, clock_monotonic_ns(), &unreached))
		log_warn("starting without the database, calls answer 503 "
			 "until it can be reached: %s",
			error_detail(&unreached));
	return true;
}

/* The weights that somebody named must be there; without those that are
 * shipped every request counts as medium. */
static bool open_classifier(struct gateway *gateway, struct error *err)
{
	struct str own = gateway->settings->routing_classifier;
	char path[PATH_MAX];
	struct error why;

	if (own.n > 0 && own.n < sizeof(path)) {
		snprintf(path, sizeof(path), "%.*s", STR_ARG(own));
		return classifier_open(path, &gateway->classifier, err);
	}
	if (!data_directory_path(gateway->settings->data_dir,
		    "classifier/weights", path, &why) ||
		!classifier_open(path, &gateway->classifier, &why))
		log_warn("requests are not classified, each counts as "
			 "medium: %s",
			error_detail(&why));
	return true;
}

/* Without the vocabularies a token is so many bytes. */
static void open_tokenizer(struct gateway *gateway)
{
	char path[PATH_MAX];
	struct error why;

	if (!data_directory_path(
		    gateway->settings->data_dir, "tokens", path, &why) ||
		!tokenizer_open(path, &gateway->tokenizer, &why))
		log_warn("tokens are estimated by the bytes of texts: %s",
			error_detail(&why));
}

/* Where several machines share the counters, this one has some of its own. */
static bool open_limits(struct gateway *gateway, struct error *err)
{
	struct settings alone = *gateway->settings;

	if (!limits_open(
		    gateway->settings, gateway->hot, &gateway->limits, err))
		return false;
	gateway->local_limits = gateway->limits;
	alone.limits_shared = S("no");
	if (limits_may_wait(gateway->limits)) {
		gateway->local_limits = NULL;
		if (!limits_open(
			    &alone, gateway->hot, &gateway->local_limits, err))
			return false;
	}
	grants_open(gateway);
	return settler_start(gateway, &gateway->settler, err);
}

static void close_limits(struct gateway *gateway)
{
	settler_stop(gateway->settler);
	grants_close(gateway);
	if (gateway->local_limits != gateway->limits)
		limits_close(gateway->local_limits);
	limits_close(gateway->limits);
}

void gateway_close(struct gateway *gateway)
{
	close_limits(gateway);
	journal_close(gateway->journal);
	pool_free(gateway->pool);
	retry_budgets_free(gateway->retry_budgets);
	latencies_free(gateway->latencies);
	classifier_close(gateway->classifier);
	tokenizer_close(gateway->tokenizer);
	if (gateway->snapshots)
		snapshots_free(gateway->snapshots);
	in_flight_close(gateway->in_flight);
	metrics_close(gateway->metrics);
	cache_fleet_close(gateway->cache_fleet);
	cache_close(gateway->cache);
	hot_close(gateway->hot);
	if (gateway->db)
		db_pool_free(gateway->db);
	vault_free(gateway->vault);
	/* Who failed to open it may close it once more. */
	*gateway = (struct gateway){ .settings = gateway->settings,
		.grants_file = -1 };
}
