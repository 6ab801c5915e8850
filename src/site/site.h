/*
 * site.h - the dashboard, as the server sees it.
 */
#ifndef SITE_SITE_H
#define SITE_SITE_H

#include <jansson.h>

#include "accounts/gateway_key.h"
#include "base/settings.h"
#include "crypto/seal.h"
#include "db/pool.h"
#include "hot/cache_fleet.h"
#include "hot/limit.h"
#include "http/exchange.h"

struct site_files;
struct templates;

/*
 * Which model a chat of that body would get in a call of that key, and why:
 * the answer of POST /api/llm/route, given by the floor above. On a worker, in
 * the exchange of who asks.
 */
typedef bool site_explain_route(struct http_exchange *x,
	const struct gateway_key *key, struct str body, struct buf *answer,
	int *status, struct error *err);

/* What the pages of a process share. Made once, then only read. */
struct site {
	const struct settings *settings;
	struct db_pool *db;
	struct vault *vault;
	struct hot *hot;
	struct limits *limits; /* this machine's */
	struct cache *cache;   /* this machine's; NULL: there is none */
	struct cache_fleet *cache_fleet; /* NULL: answers stay here */
	struct templates *templates;
	struct site_files *files;
	site_explain_route *explain_route;
	struct str version; /* of the program */
	/* The document of all addresses; NULL: none. All workers read it, so
	 * that nobody takes a reference to any of it. */
	const json_t *openapi;
};

/* What the server has opened already, and outlives the site. */
struct site_setup {
	const struct settings *settings;
	struct db_pool *db;
	struct vault *vault;
	struct hot *hot;
	struct limits *limits;
	struct cache *cache;
	struct cache_fleet *cache_fleet;
	site_explain_route *explain_route;
	struct str version;  /* of the program */
	const char *openapi; /* the document of all addresses; NULL: none */
};

/* Reads templates and files. ERR_CONFIG, with file and line. */
MUST_USE bool site_open(
	const struct site_setup *setup, struct site **out, struct error *err);
/* Safe with NULL. */
void site_close(struct site *site);

/* Is there a page, or a file, at that path? */
bool site_has_path(const struct site *site, struct str path);

/* Answer the exchange with a page, a file, or the page that says that there
 * is none; on a worker, to which it goes by itself. */
void site_serve(struct site *site, struct http_exchange *x);

#endif
