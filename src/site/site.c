/*
 * site.c - opening and closing the dashboard.
 */
#include "site/site.h"

#include "base/log.h"
#include "site/access.h"
#include "site/file.h"
#include "site/folder.h"
#include "site/templates.h"

bool site_open(
	const struct site_setup *setup, struct site **out, struct error *err)
{
	const struct settings *settings = setup->settings;
	const char *folder = site_folder(settings);
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		abort();
	*site = (struct site){
		.settings = settings,
		.db = setup->db,
		.vault = setup->vault,
		.hot = setup->hot,
		.limits = setup->limits,
		.cache = setup->cache,
		.cache_fleet = setup->cache_fleet,
		.explain_route = setup->explain_route,
		.version = setup->version,
		.openapi = setup->openapi ? json_loads(setup->openapi, 0, NULL)
					  : NULL,
	};
	if (!templates_open(
		    folder, settings->site_reload, &site->templates, err) ||
		!site_files_open(folder, &site->files, err)) {
		site_close(site);
		return false;
	}
	*out = site;
	return true;
}

void site_close(struct site *site)
{
	if (!site)
		return;
	site_files_close(site->files);
	templates_close(site->templates);
	json_decref((json_t *)(uintptr_t)site->openapi);
	free(site);
}

bool site_has_path(const struct site *site, struct str path)
{
	return site_page_exists(path) || site_files_has(site->files, path);
}
