/*
 * site_link.c - links into the dashboard.
 */
#include "cli/site_link.h"

#include "site/link.h"

void site_link_show(
	struct session *session, const char *path, struct one_time *token)
{
	struct str link = link_by_settings(
		&session->settings, &session->arena, path, token);

	explicit_bzero(token, sizeof(*token));
	output_str(&session->output, "link", link);
	if (session->settings.site_url.n == 0)
		fprintf(stderr, "llm-gateway: put the dashboard's address "
				"before the link; with the setting site.url "
				"it is there\n");
}
