/*
 * templates.c - the set of templates that pages use.
 */
#include "site/templates_read.h"

struct templates {
	struct template_set *set;
	char *folder;
	bool reload;
};

static const struct mustache *find(void *owner, struct str name);

bool templates_open(const char *folder, bool reload, struct templates **out,
	struct error *err)
{
	struct template_set *set;
	struct templates *templates;

	if (!template_set_read(folder, &set, err))
		return false;
	templates = calloc(1, sizeof(*templates));
	if (!templates || !(templates->folder = strdup(folder)))
		abort();
	templates->set = set;
	templates->reload = reload;
	*out = templates;
	return true;
}

void templates_close(struct templates *templates)
{
	if (!templates)
		return;
	template_set_free(templates->set);
	free(templates->folder);
	free(templates);
}

bool templates_pin(struct templates *templates, struct template_set **out,
	struct error *err)
{
	*out = templates->set;
	return !templates->reload ||
	       template_set_read(templates->folder, out, err);
}

void templates_unpin(struct templates *templates, struct template_set *set)
{
	if (set != templates->set)
		template_set_free(set);
}

json_t *template_set_texts(const struct template_set *set, struct str language)
{
	json_t *texts = NULL;

	for (size_t i = 0; i < set->language_count; i++) {
		struct str name = set->languages[i].name;

		if (str_equal(name, language))
			return set->languages[i].texts;
		if (str_equal(name, S(TEMPLATES_DEFAULT_LANGUAGE)))
			texts = set->languages[i].texts;
	}
	return texts;
}

bool template_set_speaks(const struct template_set *set, struct str language)
{
	for (size_t i = 0; i < set->language_count; i++) {
		if (str_equal(set->languages[i].name, language))
			return true;
	}
	return false;
}

struct str template_text(const json_t *texts, struct str key)
{
	const json_t *value = texts;
	struct str rest = key;
	struct str part;

	while (value && str_next_field(&rest, '.', &part))
		value = json_object_getn(value, part.p, part.n);
	if (!json_is_string(value))
		return key;
	return (struct str){ json_string_value(value),
		json_string_length(value) };
}

bool template_set_render(const struct template_set *set, struct str name,
	json_t *const *contexts, size_t count, struct buf *out,
	struct error *err)
{
	const struct mustache *template = template_set_find(set, name);

	if (!template)
		return error_set(err, ERR_INTERNAL, "there is no template %.*s",
			STR_ARG(name));
	return mustache_render(template, find, (void *)(uintptr_t)set, contexts,
		count, out, err);
}

bool template_set_has(const struct template_set *set, struct str name)
{
	return template_set_find(set, name) != NULL;
}

static const struct mustache *find(void *owner, struct str name)
{
	return template_set_find(owner, name);
}
