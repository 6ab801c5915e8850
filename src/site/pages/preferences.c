/*
 * preferences.c - /preferences: language and theme of this browser, also
 * before anybody has logged in.
 */
#include "site/pages/pages.h"
#include "site/request.h"

#define YEAR_SECONDS (365 * 24 * 60 * 60)

static bool choose(
	struct site_request *request, json_t *out, struct error *err);

static const struct site_field fields[] = {
	{ .name = "language", .type = SITE_CHOICE, .choices = "en|es" },
	{ .name = "theme", .type = SITE_CHOICE, .choices = "light|dark|auto" },
	{ .name = "next", .type = SITE_TEXT, .max_bytes = 1000 },
	{ .name = NULL },
};

const struct site_page pages_preferences[] = {
	{ .path = STR("/preferences"),
		.method = SITE_POST,
		.who = SITE_PUBLIC,
		.fields = fields,
		.load = choose },
	{ .path = STR("") },
};

static bool choose(struct site_request *request, json_t *out, struct error *err)
{
	(void)err;
	if (site_has(request, "language"))
		site_set_cookie(request, SITE_LANGUAGE_COOKIE,
			site_text(request, "language"), YEAR_SECONDS);
	if (site_has(request, "theme"))
		site_set_cookie(request, SITE_THEME_COOKIE,
			site_text(request, "theme"), YEAR_SECONDS);
	site_put(out, "language", site_text(request, "language"));
	site_put(out, "theme", site_text(request, "theme"));
	site_redirect(request, site_text(request, "next"), NULL);
	return true;
}
