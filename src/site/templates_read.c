/*
 * templates_read.c - the files of templates and texts.
 */
#include "site/templates_read.h"

#include <dirent.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "site/mustache_step.h"

#define MAX_FILE_BYTES (1 << 20)
#define ENDING ".mustache"

static bool read_folder(struct template_set *set, const char *folder,
	const char *prefix, struct error *err);
static bool read_template(struct template_set *set, const char *folder,
	const char *prefix, struct str file, struct error *err);
static bool read_languages(
	struct template_set *set, const char *folder, struct error *err);
static bool read_language(struct template_set *set, struct str path,
	struct str name, struct error *err);
static bool read_file(struct template_set *set, struct str path,
	struct str *out, struct error *err);
static int compare(const void *a, const void *b);

bool template_set_read(
	const char *folder, struct template_set **out, struct error *err)
{
	struct template_set *set = calloc(1, sizeof(*set));

	if (!set)
		abort();
	arena_init(&set->arena, 65536);
	if (!read_folder(set, folder, "", err) ||
		!read_folder(set, folder, "parts/", err) ||
		!read_languages(set, folder, err)) {
		template_set_free(set);
		return false;
	}
	qsort(set->templates, set->template_count, sizeof(*set->templates),
		compare);
	if (!template_set_check(set, err)) {
		template_set_free(set);
		return false;
	}
	*out = set;
	return true;
}

void template_set_free(struct template_set *set)
{
	for (size_t i = 0; i < set->language_count; i++)
		json_decref(set->languages[i].texts);
	arena_release(&set->arena);
	free(set);
}

const struct mustache *template_set_find(
	const struct template_set *set, struct str name)
{
	const struct mustache wanted = { .name = name };
	const struct mustache *key = &wanted;
	const struct mustache **found = bsearch(&key, set->templates,
		set->template_count, sizeof(*set->templates), compare);

	return found ? *found : NULL;
}

/* FOLDER/templates/PREFIX*.mustache */
static bool read_folder(struct template_set *set, const char *folder,
	const char *prefix, struct error *err)
{
	struct str path =
		arena_printf(&set->arena, "%s/templates/%s", folder, prefix);
	DIR *dir = opendir(path.p);
	struct dirent *entry;
	bool ok = true;

	if (!dir)
		return error_refuse(err, ERR_CONFIG, "site.dir",
			"%s: the dashboard's templates cannot be read: %s",
			path.p, strerror(errno));
	while (ok && (entry = readdir(dir))) {
		struct str file = str_of(entry->d_name);

		if (file.p[0] != '.' && str_ends(file, S(ENDING)))
			ok = read_template(set, folder, prefix, file, err);
	}
	closedir(dir);
	return ok;
}

static bool read_template(struct template_set *set, const char *folder,
	const char *prefix, struct str file, struct error *err)
{
	struct arena *arena = &set->arena;
	struct str path = arena_printf(
		arena, "%s/templates/%s%.*s", folder, prefix, STR_ARG(file));
	struct str name = arena_printf(arena, "%s%.*s", prefix,
		(int)(file.n - strlen(ENDING)), file.p);
	struct str source;

	if (set->template_count == set->template_room) {
		const struct mustache **old = set->templates;

		set->template_room =
			set->template_room ? 2 * set->template_room : 64;
		set->templates = ARENA_ARRAY(
			arena, const struct mustache *, set->template_room);
		if (old)
			memcpy(set->templates, old,
				set->template_count * sizeof(*old));
	}
	return read_file(set, path, &source, err) &&
	       mustache_parse(name, source, arena,
		       &set->templates[set->template_count++], err);
}

static bool read_languages(
	struct template_set *set, const char *folder, struct error *err)
{
	static const struct str languages[] = { STR("en"), STR("es") };

	set->languages = ARENA_ARRAY(
		&set->arena, struct template_language, ARRAY_LEN(languages));
	for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
		struct str path =
			arena_printf(&set->arena, "%s/templates/text/%.*s.json",
				folder, STR_ARG(languages[i]));

		if (!read_language(set, path, languages[i], err))
			return false;
	}
	return true;
}

static bool read_language(struct template_set *set, struct str path,
	struct str name, struct error *err)
{
	json_error_t where;
	struct str text;
	json_t *texts;

	if (!read_file(set, path, &text, err))
		return false;
	texts = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &where);
	if (!texts)
		return error_refuse(err, ERR_CONFIG, "site.dir", "%s:%d: %s",
			path.p, where.line, where.text);
	set->languages[set->language_count++] =
		(struct template_language){ name, path, texts };
	return true;
}

static bool read_file(struct template_set *set, struct str path,
	struct str *out, struct error *err)
{
	int fd = open(path.p, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	char *text;
	ssize_t n;

	if (fd < 0 || fstat(fd, &stat) != 0 || stat.st_size > MAX_FILE_BYTES) {
		error_refuse(err, ERR_CONFIG, "site.dir", "%s: %s", path.p,
			fd < 0 ? strerror(errno) : "this is no text file");
		if (fd >= 0)
			close(fd);
		return false;
	}
	text = arena_alloc(&set->arena, (size_t)stat.st_size + 1);
	n = read(fd, text, (size_t)stat.st_size);
	close(fd);
	*out = (struct str){ text, n > 0 ? (size_t)n : 0 };
	return n == stat.st_size ||
	       error_refuse(err, ERR_CONFIG, "site.dir",
		       "%s: it could not be read whole", path.p);
}

static int compare(const void *a, const void *b)
{
	struct str left = (*(const struct mustache *const *)a)->name;
	struct str right = (*(const struct mustache *const *)b)->name;
	size_t n = left.n < right.n ? left.n : right.n;
	int order = memcmp(left.p, right.p, n);

	if (order == 0)
		order = (left.n > right.n) - (left.n < right.n);
	return order;
}
