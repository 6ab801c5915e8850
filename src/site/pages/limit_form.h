/*
 * limit_form.h - what the pages of budgets and of quotas share: whose a limit
 * is, and who may change it.
 *
 * The field `owner` says it in one word: "organisation:1", "project:3",
 * "key:17", or "user:3" for the users of that project: the one that the field
 * `user` names, or each of them alone.
 */
#ifndef SITE_PAGES_LIMIT_FORM_H
#define SITE_PAGES_LIMIT_FORM_H

#include "accounts/limit_owner.h"
#include "site/page.h"

/* For a page's fields. */
#define LIMIT_FORM_FIELDS                        \
	{ .name = "owner", .max_bytes = 32 },    \
	{                                        \
		.name = "user", .max_bytes = 255 \
	}

/*
 * Whose it shall be, with its names in the request's arena. The person is an
 * admin there. ERR_BAD_FIELD, ERR_NOT_FOUND, ERR_FORBIDDEN.
 */
MUST_USE bool limit_form_read_owner(struct site_request *request,
	struct limit_owner *out, struct limit_owner_row *row,
	struct error *err);

/* Is the person an admin of what has the limit? ERR_FORBIDDEN. */
MUST_USE bool limit_form_check(struct site_request *request,
	const struct limit_owner *owner, const struct limit_owner_row *row,
	struct error *err);

/* {"owner", "user", "owners": [{"label", "options": [{"owner", "name",
 * "is_chosen"}]}]}: what a form for a new limit offers. */
MUST_USE bool limit_form_put_owners(
	struct site_request *request, json_t *out, struct error *err);

/* "scope", "scope_id", "owner", "name", "project" and "user". */
void limit_form_put_owner(struct arena *arena, const struct limit_owner *owner,
	const struct limit_owner_row *row, json_t *out);

/* The same for people: "scope_text", "period_text" and "is" ({"key": true}).
 */
void limit_form_put_scope_text(const struct site_request *request,
	enum limit_scope scope, json_t *out);
void limit_form_put_period_text(const struct site_request *request,
	enum limit_period period, json_t *out);
/* "slides_text": any 60 seconds or minutes. */
void limit_form_put_slides_text(const struct site_request *request,
	enum limit_period period, json_t *out);

#endif
