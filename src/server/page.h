/*
 * page.h - what the pages for operators share: who may see them, where they
 * run, how they answer.
 */
#ifndef SERVER_PAGE_H
#define SERVER_PAGE_H

#include "base/json.h"
#include "gateway/gateway.h"

enum page_access {
	PAGE_OPEN, /* to everybody */
	/* With the token of metrics.token_file; without one, to clients on
	 * this machine. */
	PAGE_FOR_OPERATORS,
	PAGE_WITH_TOKEN, /* never without it */
};

/* Read metrics.token_file into the gateway. ERR_CONFIG. */
MUST_USE bool page_load_token(struct gateway *gateway, struct error *err);

/* Run `work` on a worker for who may; it answers. x->app is the gateway. */
void page_serve(
	struct http_exchange *x, enum page_access access, http_work *work);

/* Answer, and end the exchange. */
void page_answer(
	struct http_exchange *x, int status, const char *type, struct str body);
void page_answer_json(struct http_exchange *x, int status, struct str body);
void page_refuse(struct http_exchange *x, const struct error *err);

#endif
