/*
 * link.c - addresses made of the settings, or of what the browser asked for.
 */
#include "site/link.h"

struct str link_of_page(struct site_request *request, const char *path,
	const struct one_time *token)
{
	struct str host = http_param(request->exchange, S("HTTP_HOST"));

	if (request->site->settings->site_url.n > 0 || host.n == 0)
		return link_by_settings(
			request->site->settings, request->arena, path, token);
	return arena_printf(request->arena, "%s://%.*s%s%s",
		request->is_tls ? "https" : "http", STR_ARG(host), path,
		token->text);
}

struct str link_by_settings(const struct settings *settings,
	struct arena *arena, const char *path, const struct one_time *token)
{
	struct str url = settings->site_url;

	while (str_ends(url, S("/")))
		url.n--;
	return arena_printf(arena, "%.*s%s%s", STR_ARG(url), path, token->text);
}
bool link_goes_by_mail(const struct settings *settings)
{
	return settings->smtp_url.n > 0 && settings->site_url.n > 0;
}
