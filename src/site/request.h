/*
 * request.h - what serve.c and the answers know of a request besides what a
 * page sees.
 */
#ifndef SITE_REQUEST_H
#define SITE_REQUEST_H

#include "site/page.h"

/* A cookie to be sent. */
struct site_cookie {
	const char *name;
	struct str value;
	int64_t max_age_seconds;
	struct site_cookie *next;
};

#define SITE_FLASH_COOKIE "flash"
/* Chosen by who is not logged in, or on this browser alone. */
#define SITE_LANGUAGE_COOKIE "language"
#define SITE_THEME_COOKIE "theme"

/* What the address and the headers say. */
void site_request_init(struct site_request *request, struct site *site,
	struct http_exchange *x);

/* Write the Set-Cookie headers. */
void site_write_cookies(const struct site_request *request);

#endif
