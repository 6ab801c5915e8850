/*
 * key_json.h - a gateway key as its pages show it, and who may do what to it.
 */
#ifndef SITE_PAGES_KEY_JSON_H
#define SITE_PAGES_KEY_JSON_H

#include "accounts/gateway_key.h"
#include "site/format.h"

/* A key, and what the session's person may do to it. */
struct key_seen {
	struct gateway_key_row row;
	bool may_change; /* an admin, or the member who made it */
};

/* The key that stands for {id}. ERR_NOT_FOUND, also for who has no role where
 * it is. */
MUST_USE bool key_load(
	struct site_request *request, struct key_seen *out, struct error *err);
/* The same for who may change it. ERR_FORBIDDEN. */
MUST_USE bool key_load_to_change(
	struct site_request *request, struct key_seen *out, struct error *err);

/* What it is and may do. Nothing of it is secret. */
json_t *key_json(
	const struct site_request *request, const struct gateway_key_row *row);
/* Add what each spent today and this month, in its project's days. */
MUST_USE bool key_put_spend(struct site_request *request, json_t *const *json,
	const struct gateway_key_row *rows, size_t count, struct error *err);

/* What is shown once: the key's text, and programs that call with it. */
void key_put_secret(struct site_request *request, json_t *out,
	const struct gateway_key *key, struct str text);

/* What is filled into the programs (key_snippets.c). */
struct key_shown {
	enum gateway_key_kind kind;
	struct str base_url;
	struct str text;
	struct str model;
};
void key_put_snippets(json_t *out, const struct key_shown *shown);

/* For the audit log. */
json_t *key_audit_json(const struct gateway_key *key);

#endif
