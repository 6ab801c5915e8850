/*
 * pages.h - the pages there are; one file each, and a row in pages.c.
 *
 * A file defines an array that ends with a row without a path:
 *
 *	const struct site_page pages_login[] = { { ... }, { .path = STR("") } };
 */
#ifndef SITE_PAGES_PAGES_H
#define SITE_PAGES_PAGES_H

#include "site/page.h"

extern const struct site_page *const site_pages[];
extern const size_t site_pages_count;

#endif
