/*
 * layout.c - the frame's facts.
 */
#include "site/layout.h"

#include "accounts/member.h"
#include "site/access.h"
#include "site/file.h"
#include "site/pages/pages.h"
#include "site/request.h"
#include "site/session.h"

struct nav_item {
	const char *name; /* and its text: nav.NAME */
	const char *path;
	const char *icon;
};

struct nav_group {
	const char *name;
	struct nav_item items[8];
};

/* An item without a page that one may see is left out. */
static const struct nav_group nav[] = {
	{ "watch",
		{ { "overview", "/", "speedometer2" },
			{ "requests", "/requests", "list-ul" },
			{ "usage", "/usage", "bar-chart" },
			{ "playground", "/playground", "chat-square-text" } } },
	{ "connect",
		{ { "keys", "/keys", "key" }, { "models", "/models", "box" },
			{ "aliases", "/aliases", "signpost-split" },
			{ "routing", "/routing", "diagram-3" } } },
	{ "control", { { "budgets", "/budgets", "wallet2" },
			     { "alerts", "/alerts", "bell" },
			     { "cache", "/cache", "lightning-charge" },
			     { "providers", "/providers", "hdd-network" } } },
	{ "manage", { { "projects", "/projects", "folder2" },
			    { "members", "/members", "people" },
			    { "audit", "/audit", "journal-text" },
			    { "settings", "/settings", "gear" } } },
};

static struct str choose_language(const struct site_request *request);
static json_t *make_nav(
	const struct site_request *request, const json_t *texts);
static bool is_shown(
	const struct site_request *request, const struct nav_item *item);
static bool is_current(
	const struct site_request *request, const struct nav_item *item);
static json_t *make_me(const struct site_request *request, const json_t *texts);
static struct str initials(
	const struct site_session *session, struct arena *arena);
static json_t *make_here(struct site_request *request);
static json_t *make_languages(const struct site_request *request);
static json_t *make_packages(const struct site_request *request);
static void put_flash(
	struct site_request *request, json_t *out, const json_t *texts);
static struct str theme(const struct site_request *request);

void layout_set_language(struct site_request *request)
{
	request->language = choose_language(request);
	request->texts =
		template_set_texts(request->templates, request->language);
}

json_t *layout_make(struct site_request *request)
{
	const struct site_session *session = &request->session;
	const json_t *texts = request->texts;
	json_t *out = json_object();

	json_object_set(out, "t", (json_t *)(uintptr_t)texts);
	site_put(out, "lang", request->language);
	json_object_set_new(out, "languages", make_languages(request));
	site_put(out, "theme", theme(request));
	site_put(out, "path", request->exchange->path);
	site_put(out, "request_id", str_of(request->request_id));
	site_put(out, "version", request->site->version);
	site_put(out, "assets", site_files_version(request->site->files));
	json_object_set_new(out, "packages", make_packages(request));
	site_put(out, "signup", request->site->settings->site_signup);
	site_put_bool(out, "can_sign_up",
		str_equal(request->site->settings->site_signup, S("open")));
	if (request->page && request->page->title)
		site_put(out, "title",
			template_text(texts, str_of(request->page->title)));
	put_flash(request, out, texts);
	if (!session->user_id)
		return out;
	site_put(out, "csrf", session->csrf_token);
	json_object_set_new(out, "me", make_me(request, texts));
	json_object_set_new(out, "here", make_here(request));
	json_object_set_new(out, "nav", make_nav(request, texts));
	return out;
}

/* The chosen one, the user's, the browser's. */
static struct str choose_language(const struct site_request *request)
{
	const struct template_set *set = request->templates;
	struct str accepted =
		http_param(request->exchange, S("HTTP_ACCEPT_LANGUAGE"));
	struct str chosen = site_cookie(request, S(SITE_LANGUAGE_COOKIE));
	struct str part;

	if (template_set_speaks(set, chosen))
		return chosen;
	if (template_set_speaks(set, request->session.locale))
		return request->session.locale;
	/* "es-MX,es;q=0.9,en;q=0.8": in the order of preference, mostly. */
	while (str_next_field(&accepted, ',', &part)) {
		part = str_head(str_trim(part), 2);
		if (template_set_speaks(set, part))
			return part;
	}
	return S(TEMPLATES_DEFAULT_LANGUAGE);
}

static json_t *make_nav(const struct site_request *request, const json_t *texts)
{
	json_t *groups = json_array();

	for (size_t i = 0; i < ARRAY_LEN(nav); i++) {
		json_t *items = json_array();
		json_t *group;

		for (const struct nav_item *item = nav[i].items; item->name;
			item++) {
			json_t *link;

			if (!is_shown(request, item))
				continue;
			link = json_object();
			site_put(link, "name", str_of(item->name));
			site_put(link, "href", str_of(item->path));
			site_put(link, "icon", str_of(item->icon));
			site_put(link, "label",
				template_text(
					texts, arena_printf(request->arena,
						       "nav.%s", item->name)));
			site_put_bool(
				link, "is_current", is_current(request, item));
			json_array_append_new(items, link);
		}
		if (json_array_size(items) == 0) {
			json_decref(items);
			continue;
		}
		group = json_object();
		json_object_set_new(group, "items", items);
		site_put(group, "label",
			template_text(
				texts, arena_printf(request->arena,
					       "nav.groups.%s", nav[i].name)));
		json_array_append_new(groups, group);
	}
	return groups;
}

static bool is_shown(
	const struct site_request *request, const struct nav_item *item)
{
	const struct site_page *page =
		site_page_find(SITE_GET, str_of(item->path), NULL);

	return page && site_may_see(&request->session, page);
}

static bool is_current(
	const struct site_request *request, const struct nav_item *item)
{
	const struct site_page *page = request->page;

	return page && page->nav && strcmp(page->nav, item->name) == 0;
}

static json_t *make_me(const struct site_request *request, const json_t *texts)
{
	const struct site_session *session = &request->session;
	json_t *user = json_object();

	site_put_int(user, "id", session->user_id);
	site_put(user, "email", session->email);
	site_put(
		user, "name", session->name.n ? session->name : session->email);
	site_put(user, "initials", initials(session, request->arena));
	site_put_bool(user, "is_operator", session->is_operator);
	site_put_int(user, "ends_in_ms", site_session_rest_ms(request));
	site_put_bool(user, "is_member", session->role >= ROLE_MEMBER);
	site_put_bool(user, "is_admin", session->role >= ROLE_ADMIN);
	site_put_bool(user, "is_owner", session->role >= ROLE_OWNER);
	if (session->role != ROLE_NONE)
		site_put(user, "role",
			template_text(texts,
				arena_printf(request->arena, "roles.%.*s",
					STR_ARG(role_name(session->role)))));
	return user;
}

/* Of the name's first two words, else the first letter of the address. */
static struct str initials(
	const struct site_session *session, struct arena *arena)
{
	struct str rest = session->name.n ? session->name : session->email;
	struct str words[2] = { S(""), S("") };
	size_t count = 0;
	struct str word;

	while (count < 2 && str_next_field(&rest, ' ', &word)) {
		size_t n = 1;

		/* A whole character. */
		while (n < word.n && ((unsigned char)word.p[n] & 0xc0) == 0x80)
			n++;
		if (word.n > 0)
			words[count++] = str_head(word, n);
	}
	return arena_printf(
		arena, "%.*s%.*s", STR_ARG(words[0]), STR_ARG(words[1]));
}

static json_t *make_here(struct site_request *request)
{
	const struct site_session *session = &request->session;
	struct member_project *projects;
	json_t *list = json_array();
	json_t *out = json_object();
	struct error err;
	size_t count = 0;

	if (!session->organisation_id || !request->db ||
		!member_projects(request->db, session->user_id,
			session->organisation_id, request->arena, &projects,
			&count, &err))
		count = 0;
	for (size_t i = 0; i < count; i++) {
		json_t *item = json_object();
		bool is_current = projects[i].id == session->project_id;

		site_put_int(item, "id", projects[i].id);
		site_put(item, "name", projects[i].name);
		site_put_bool(item, "is_current", is_current);
		if (is_current)
			site_put(out, "project", projects[i].name);
		json_array_append_new(list, item);
	}
	site_put(out, "organisation", session->organisation);
	json_object_set_new(out, "projects", list);
	site_put_bool(out, "are_several", count > 1);
	return out;
}

static json_t *make_languages(const struct site_request *request)
{
	static const struct str names[] = { STR("en"), STR("es") };
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const json_t *texts =
			template_set_texts(request->templates, names[i]);
		json_t *item = json_object();

		site_put(item, "code", names[i]);
		site_put(item, "name",
			template_text(texts, S("language.own_name")));
		site_put_bool(item, "is_current",
			str_equal(names[i], request->language));
		json_array_append_new(list, item);
	}
	return list;
}

/* What others wrote, as far as the build has found it. */
static json_t *make_packages(const struct site_request *request)
{
	static const struct {
		const char *name;
		struct str path;
	} packages[] = {
		{ "uplot", STR("/_/uplot/uPlot.iife.min.js") },
		{ "swagger_ui", STR("/_/swagger-ui/swagger-ui-bundle.js") },
	};
	json_t *out = json_object();

	for (size_t i = 0; i < ARRAY_LEN(packages); i++)
		site_put_bool(out, packages[i].name,
			site_files_has(request->site->files, packages[i].path));
	return out;
}

/* The cookie only names a text of ours: nobody can put words into it. */
static void put_flash(
	struct site_request *request, json_t *out, const json_t *texts)
{
	struct str key = site_cookie(request, S(SITE_FLASH_COOKIE));
	struct str text = template_text(texts, key);

	if (key.n == 0)
		return;
	site_set_cookie(request, SITE_FLASH_COOKIE, S(""), 0);
	if (str_starts(key, S("flash.")) && !str_equal(text, key))
		site_put(out, "flash", text);
}

static struct str theme(const struct site_request *request)
{
	struct str theme = site_cookie(request, S(SITE_THEME_COOKIE));

	if (theme.n == 0)
		theme = request->session.theme;
	if (str_equal(theme, S("light")) || str_equal(theme, S("dark")))
		return theme;
	return S("");
}
