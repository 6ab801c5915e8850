/*
 * site_link.h - links into the dashboard that are shown once.
 */
#ifndef CLI_SITE_LINK_H
#define CLI_SITE_LINK_H

#include "accounts/one_time.h"
#include "cli/session.h"

/*
 * Add the cell "link" to the output and wipe the token; after the commit, so
 * that no audit row has it. The setting site.url goes before `path`; without
 * one, standard error says what is missing.
 */
void site_link_show(
	struct session *session, const char *path, struct one_time *token);

#endif
