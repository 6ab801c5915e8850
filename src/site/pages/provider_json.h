/*
 * provider_json.h - a provider as its pages show it: what it is, and how it
 * did in the last hour.
 */
#ifndef SITE_PAGES_PROVIDER_JSON_H
#define SITE_PAGES_PROVIDER_JSON_H

#include "catalog/catalog.h"
#include "site/format.h"

/* What is known of all of them; in the request's arena. */
struct provider_facts {
	struct catalog *catalog;
	struct provider_total *totals;
	size_t total_count;
	struct breaker_status *breakers;
	size_t breaker_count;
	size_t breaker_room;
};

/* ERR_DATABASE, ERR_IO. The caller releases them, whatever this says. */
MUST_USE bool provider_facts_load(struct site_request *request,
	struct provider_facts *out, struct error *err);
void provider_facts_release(struct provider_facts *facts);

/* Addresses are left out for who is no operator. */
json_t *provider_json(const struct site_request *request,
	const struct provider_facts *facts, const struct provider *provider);

/* Add its keys: never more of one than its last characters. */
MUST_USE bool provider_put_keys(struct site_request *request, json_t *json,
	const struct provider *provider, struct error *err);

/* Time-outs (0: as the settings say) and "on_disconnect". */
void provider_put_ways(json_t *json, const struct provider *provider);

/* --- providers.c --- */

/* The page of one provider. */
bool provider_show(
	struct site_request *request, json_t *out, struct error *err);
/* The provider that stands for {id}, as it is stored. ERR_NOT_FOUND. */
MUST_USE bool provider_find_by_id(
	struct site_request *request, struct provider *out, struct error *err);
/* Its change is done: note it, commit, and go to its page. */
MUST_USE bool provider_finish(struct site_request *request, const char *action,
	const struct provider *provider, json_t *before, json_t *after,
	json_t *out, struct error *err);

#endif
