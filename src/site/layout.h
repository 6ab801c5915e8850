/*
 * layout.h - what is around every page: who is logged in, the navigation, the
 * language, the theme.
 */
#ifndef SITE_LAYOUT_H
#define SITE_LAYOUT_H

#include "site/page.h"
#include "site/templates.h"

/*
 * The object that templates see beneath the page's own, which may use other
 * names than these:
 *
 *	t           the texts of the language
 *	title path lang theme version request_id
 *	assets      goes behind "?v=" of addresses under /_/
 *	csrf        for each form: <input type="hidden" name="csrf" ...>
 *	flash       a text that is shown once
 *	me          id email name initials role ends_in_ms is_operator is_member
 *	            is_admin is_owner; missing when nobody is logged in
 *	here        organisation project projects[id name is_current]
 *	            are_several
 *	nav         [label items[name href icon label is_current]]
 *	languages   [code name is_current]
 *	can_sign_up
 *	problem     message kind field is_in{FIELD}; of a form that is shown
 *again form        what was filled in
 *
 * A database that is away leaves out projects.
 */
json_t *layout_make(struct site_request *request);

/* Fill language and texts of the request: as chosen here, as the user has it,
 * as the browser asks. */
void layout_set_language(struct site_request *request);

#endif
