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

#endif
