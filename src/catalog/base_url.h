/*
 * base_url.h - where a provider is reached, and where it must not be.
 *
 * A base URL is stored without a slash at its end; a dialect appends its path
 * ("/chat/completions"). It may name the {model} in its path, and have a query
 * that goes behind that path, as Azure's deployments want it:
 * https://x.openai.azure.com/openai/deployments/{model}?api-version=2024-10-21
 *
 * An operator's typo or a hostile administrator must
 * not turn the gateway into a way to reach its own machine or network, so a
 * private host is refused unless the settings allow it. A name that is public
 * in writing may still resolve to a private address: who connects asks
 * base_url_address_is_private() about the address it is about to use.
 */
#ifndef CATALOG_BASE_URL_H
#define CATALOG_BASE_URL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#include <sys/socket.h>

#define BASE_URL_MAX_BYTES 512

/*
 * Check `text` and give it in its stored form: scheme and host in lower case,
 * no slash at the end. Only http and https; no credentials, fragment or odd
 * spelling of an address. ERR_BAD_FIELD says what to change.
 */
MUST_USE bool base_url_read(struct str text, bool allow_private,
	struct arena *arena, struct str *out, struct error *err);

/* Append the address of `path` below `base`, the model put in its place. */
void base_url_join(
	struct str base, struct str model, struct str path, struct buf *out);

/*
 * True for addresses of this machine, of private and link-local networks and
 * for what is reserved; also for a family that is neither IPv4 nor IPv6.
 */
bool base_url_address_is_private(const struct sockaddr *address);

#endif
