/*
 * folder.h - where the dashboard's templates and files are: site.dir, else
 * what was built in (LLM_GATEWAY_SITE_DIR).
 */
#ifndef SITE_FOLDER_H
#define SITE_FOLDER_H

#include "base/settings.h"

/* As long as the settings. */
const char *site_folder(const struct settings *settings);

/* Is there one? Without site.dir the gateway runs without a dashboard. */
bool site_is_installed(const struct settings *settings);

#endif
