/*
 * project_choice.h - which project a page is about that needs one, where the
 * session may look at all of them.
 */
#ifndef SITE_PAGES_PROJECT_CHOICE_H
#define SITE_PAGES_PROJECT_CHOICE_H

#include "site/page.h"

/*
 * The one that the field `project` names, else the session's, else the first;
 * *id is 0 where there is none. Puts `projects` ([{"id","name","is_current"}]),
 * `project` ({"id","name"}) and `has_projects` (there is a choice).
 * ERR_NOT_FOUND: it is none of theirs.
 */
MUST_USE bool project_choice(struct site_request *request, json_t *out,
	int64_t *id, struct error *err);

#endif
