/*
 * catalog.c - looking things up in the snapshot.
 */
#include "catalog/catalog.h"

#include "base/clock.h"
#include "db/stmt.h"

/* A name that is more than a third wrong was not meant. */
#define NEAR_PART 3
/* How far a name counts that only goes on where the other ends. */
#define PREFIX_DISTANCE 1

struct near_names {
	struct str wanted;
	struct str *out;
	unsigned distances[CATALOG_NEAR_NAMES];
	size_t count;
};

static const struct model *const *find_at_provider(
	const struct catalog *catalog, struct str name);
static size_t first_not_below(const struct catalog *catalog, struct str name);
static const struct alias *find_alias_in(
	const struct catalog *catalog, int64_t project_id, struct str name);
static void offer_name(struct near_names *near, struct str name);
static unsigned name_distance(struct str a, struct str b);

void catalog_free(struct catalog *catalog)
{
	if (!catalog)
		return;
	arena_release(&catalog->arena);
	free(catalog);
}

size_t catalog_find_models(const struct catalog *catalog, struct str name,
	const struct model *const **out)
{
	size_t first = first_not_below(catalog, name), count = 0;

	*out = find_at_provider(catalog, name);
	if (*out)
		return 1;
	while (first + count < catalog->offered_count &&
		str_equal(catalog->offered[first + count]->name, name))
		count++;
	if (count > 0)
		*out = &catalog->offered[first];
	return count;
}

/* "provider/model"; NULL when the name means none. */
static const struct model *const *find_at_provider(
	const struct catalog *catalog, struct str name)
{
	size_t slash = str_index(name, '/');
	struct str provider = str_head(name, slash);
	struct str rest = str_from(name, slash + 1);

	if (slash == name.n)
		return NULL;
	for (size_t i = first_not_below(catalog, rest);
		i < catalog->offered_count &&
		str_equal(catalog->offered[i]->name, rest);
		i++) {
		if (str_equal(catalog->offered[i]->provider->name, provider))
			return &catalog->offered[i];
	}
	return NULL;
}

const struct alias *catalog_find_alias(
	const struct catalog *catalog, int64_t project_id, struct str name)
{
	const struct alias *own = find_alias_in(catalog, project_id, name);

	return own || project_id == 0 ? own : find_alias_in(catalog, 0, name);
}

const struct provider *catalog_find_provider(
	const struct catalog *catalog, struct str name)
{
	for (size_t i = 0; i < catalog->provider_count; i++) {
		if (str_equal(catalog->providers[i]->name, name))
			return catalog->providers[i];
	}
	return NULL;
}

size_t catalog_near_names(const struct catalog *catalog, int64_t project_id,
	struct str name, bool (*allows)(const void *context, struct str name),
	const void *context, struct str out[CATALOG_NEAR_NAMES])
{
	struct near_names near = { .wanted = name, .out = out };

	for (size_t i = 0; i < catalog->alias_count; i++) {
		const struct alias *alias = catalog->aliases[i];

		if ((alias->project_id == 0 ||
			    alias->project_id == project_id) &&
			(!allows || allows(context, alias->name)))
			offer_name(&near, alias->name);
	}
	for (size_t i = 0; i < catalog->offered_count; i++) {
		if (!allows || allows(context, catalog->offered[i]->name))
			offer_name(&near, catalog->offered[i]->name);
	}
	return near.count;
}

bool catalog_version_now(struct db *db, int64_t *version, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT version FROM snapshot_version "
		    "WHERE topic = 'catalog'",
		    err) ||
		!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	*version = found ? stmt_int(stmt, 0) : 0;
	return true;
}

bool catalog_changed(struct db *db, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO snapshot_version (topic, version, changed_ms) "
		    "VALUES ('catalog', 1, ?) ON DUPLICATE KEY UPDATE "
		    "version = version + 1, changed_ms = VALUES(changed_ms)",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	return stmt_run(stmt, err);
}

/* Index of the first offered model whose name is not below `name`. */
static size_t first_not_below(const struct catalog *catalog, struct str name)
{
	size_t low = 0, high = catalog->offered_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_compare(catalog->offered[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct alias *find_alias_in(
	const struct catalog *catalog, int64_t project_id, struct str name)
{
	size_t low = 0, high = catalog->alias_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct alias *alias = catalog->aliases[middle];
		int order = str_compare(alias->name, name);

		if (order == 0 && alias->project_id == project_id)
			return alias;
		if (order < 0 || (order == 0 && alias->project_id < project_id))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Keep it when it is near enough and nearer than one that is kept. */
static void offer_name(struct near_names *near, struct str name)
{
	size_t longer = name.n > near->wanted.n ? name.n : near->wanted.n;
	unsigned distance = name_distance(near->wanted, name);
	size_t at = near->count;

	if (distance > longer / NEAR_PART + 1 || distance >= longer)
		return;
	for (size_t i = 0; i < near->count; i++) {
		if (str_equal(near->out[i], name))
			return;
	}
	while (at > 0 && near->distances[at - 1] > distance)
		at--;
	if (at == CATALOG_NEAR_NAMES)
		return;
	if (near->count < CATALOG_NEAR_NAMES)
		near->count++;
	for (size_t i = near->count - 1; i > at; i--) {
		near->out[i] = near->out[i - 1];
		near->distances[i] = near->distances[i - 1];
	}
	near->out[at] = name;
	near->distances[at] = distance;
}

/* "gpt-4o" is near "gpt-4o-2024-08-06", and "GPT-4o" is nearest. */
static unsigned name_distance(struct str a, struct str b)
{
	if (str_equal_nocase(a, b))
		return 0;
	if (a.n >= 4 && b.n >= 4 && (str_starts(a, b) || str_starts(b, a)))
		return PREFIX_DISTANCE;
	return str_distance(a, b);
}
