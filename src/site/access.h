/*
 * access.h - which page an address means, and who may see it.
 */
#ifndef SITE_ACCESS_H
#define SITE_ACCESS_H

#include "site/page.h"

/* The row; NULL: none. What stands for {id} goes to *id unless it is NULL. */
const struct site_page *site_page_find(
	enum site_method method, struct str path, struct str *id);

/* The same for a request: ".json" and "/api/v1" are no part of a page's name,
 * and HEAD is GET. ERR_NOT_FOUND, ERR_METHOD. */
MUST_USE bool site_page_of(struct site_request *request, struct error *err);
/* Is there any page at that path? */
bool site_page_exists(struct str path);

bool site_may_see(
	const struct site_session *session, const struct site_page *page);

/* Has the person that role in the organisation as a whole, whatever project
 * they look at? ERR_FORBIDDEN. */
MUST_USE bool site_check_organisation(
	struct site_request *request, enum role needed, struct error *err);

/* ERR_NOT_LOGGED_IN, ERR_FORBIDDEN, ERR_CSRF. */
MUST_USE bool site_check_access(
	struct site_request *request, struct error *err);

#endif
