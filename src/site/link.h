/*
 * link.h - addresses of our pages as others see them.
 */
#ifndef SITE_LINK_H
#define SITE_LINK_H

#include "accounts/one_time.h"
#include "site/page.h"

/*
 * The page's whole address, with the token behind it, in the arena: for whoever
 * asks, who knows the host that they ask; the setting site.url goes before it.
 * Never for an e-mail, since anybody may name any host.
 */
struct str link_of_page(struct site_request *request, const char *path,
	const struct one_time *token);

/* The same by the setting alone; only the path where that is empty. */
struct str link_by_settings(const struct settings *settings,
	struct arena *arena, const char *path, const struct one_time *token);

/* Can this installation send links by e-mail? It needs a mail server, and an
 * address of its own. */
bool link_goes_by_mail(const struct settings *settings);

#endif
