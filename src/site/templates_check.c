/*
 * templates_check.c - finding names that lead nowhere before a page does.
 */
#include "site/mustache_step.h"
#include "site/templates_read.h"

static bool check_template(const struct template_set *set,
	const struct mustache *template, struct error *err);
static bool check_text(const struct template_set *set,
	const struct mustache *template, const struct mustache_step *step,
	struct error *err);
static bool check_same(const struct template_language *a,
	const struct template_language *b, struct error *err);
static const char *missing_in(const json_t *a, const json_t *b);

bool template_set_check(const struct template_set *set, struct error *err)
{
	for (size_t i = 0; i < set->template_count; i++) {
		if (!check_template(set, set->templates[i], err))
			return false;
	}
	for (size_t i = 0; i < set->language_count; i++) {
		for (size_t k = 0; k < set->language_count; k++) {
			if (!check_same(&set->languages[i], &set->languages[k],
				    err))
				return false;
		}
	}
	return true;
}

static bool check_template(const struct template_set *set,
	const struct mustache *template, struct error *err)
{
	for (size_t i = 0; i < template->count; i++) {
		const struct mustache_step *step = &template->steps[i];

		if ((step->kind == MUSTACHE_PARTIAL ||
			    step->kind == MUSTACHE_PARENT) &&
			!step->is_dynamic &&
			!template_set_find(set, step->text))
			return error_refuse(err, ERR_CONFIG, "site.dir",
				"%.*s"
				".mustache:%u: there is no template %.*s",
				STR_ARG(template->name), step->line,
				STR_ARG(step->text));
		if (step->path_length > 1 && str_equal(step->path[0], S("t")) &&
			!check_text(set, template, step, err))
			return false;
	}
	return true;
}

/* {{t.x.y}} is a text, or what holds texts, in every language. */
static bool check_text(const struct template_set *set,
	const struct mustache *template, const struct mustache_step *step,
	struct error *err)
{
	for (size_t i = 0; i < set->language_count; i++) {
		const json_t *value = set->languages[i].texts;

		for (size_t k = 1; k < step->path_length; k++)
			value = json_object_getn(
				value, step->path[k].p, step->path[k].n);
		if (!value)
			return error_refuse(err, ERR_CONFIG, "site.dir",
				"%.*s.mustache:%u: %.*s is not in %.*s",
				STR_ARG(template->name), step->line,
				STR_ARG(step->text),
				STR_ARG(set->languages[i].path));
	}
	return true;
}

static bool check_same(const struct template_language *a,
	const struct template_language *b, struct error *err)
{
	const char *missing = missing_in(a->texts, b->texts);

	return !missing || error_refuse(err, ERR_CONFIG, "site.dir",
				   "%.*s: the text \"%s\" of %.*s is missing",
				   STR_ARG(b->path), missing, STR_ARG(a->path));
}

/* The name of the first text of `a` that `b` has not; NULL: none. */
static const char *missing_in(const json_t *a, const json_t *b)
{
	const char *missing = NULL;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)a, name, value)
	{
		json_t *other = json_object_get(b, name);

		if (!other || json_typeof(other) != json_typeof(value))
			return name;
		if (json_is_object(value))
			missing = missing_in(value, other);
		if (missing)
			return missing;
	}
	return NULL;
}
