/*
 * folder.c - the setting site.dir.
 */
#include "site/folder.h"

#include <unistd.h>

#ifndef LLM_GATEWAY_SITE_DIR
#define LLM_GATEWAY_SITE_DIR "."
#endif

const char *site_folder(const struct settings *settings)
{
	return settings->site_dir.n ? settings->site_dir.p
				    : LLM_GATEWAY_SITE_DIR;
}

bool site_is_installed(const struct settings *settings)
{
	return settings->site_dir.n > 0 ||
	       access(LLM_GATEWAY_SITE_DIR "/templates", X_OK) == 0;
}
