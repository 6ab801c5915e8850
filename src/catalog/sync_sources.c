/*
 * sync_sources.c - fetches, reads and merges.
 */
#include "catalog/sync_sources.h"

#include "base/data_directory.h"
#include "catalog/sync_record.h"

#define SHIPPED "models.json"

static bool fetch_news(struct sync_sources *sources,
	const struct settings *settings, struct db *db, struct arena *arena,
	struct error *err);
static bool known_etag(struct db *db, struct str source, int64_t version,
	char etag[GET_ETAG_BYTES], struct error *err);
static bool fetch(struct sync_source *source, const struct settings *settings,
	const char *etag, struct arena *arena, struct error *err);
static bool read_source(struct sync_source *source, int64_t now_ms,
	struct catalog_entries *list, struct error *err);

bool sync_sources_add(
	struct sync_sources *sources, struct str name, struct error *err)
{
	if (sources->count == SYNC_SOURCES_MAX)
		return error_refuse(err, ERR_BAD_REQUEST, "from",
			"At most %d catalogues can be read at once.",
			SYNC_SOURCES_MAX);
	sources->items[sources->count].text.source = name;
	buf_init(&sources->items[sources->count].text.bytes, 0);
	sources->count++;
	return true;
}

bool sync_sources_add_shipped(struct sync_sources *sources,
	const struct settings *settings, struct arena *arena, struct error *err)
{
	char path[PATH_MAX];

	return data_directory_path(settings->data_dir, SHIPPED, path, err) &&
	       sync_sources_add(sources, arena_copy(arena, str_of(path)), err);
}

bool sync_sources_add_usual(struct sync_sources *sources,
	const struct settings *settings, struct arena *arena, struct error *err)
{
	struct str list = settings->catalog_sources, name;

	while (str_next_field(&list, ',', &name)) {
		name = str_trim(name);
		if (name.n && !sync_sources_add(sources, name, err))
			return false;
	}
	return sources->count > 0 ||
	       sync_sources_add_shipped(sources, settings, arena, err);
}

bool sync_sources_read(struct sync_sources *sources,
	const struct settings *settings, const struct catalog_format *format,
	struct db *db, int64_t now_ms, struct arena *arena, struct error *err)
{
	catalog_entries_init(&sources->entries, arena);
	if (!fetch_news(sources, settings, db, arena, err))
		return false;
	if (sources->unchanged)
		return true;
	for (size_t i = 0; i < sources->count; i++) {
		struct sync_source *source = &sources->items[i];
		struct catalog_entries list;

		if (source->text.is_same &&
			!fetch(source, settings, "", arena, err))
			return false;
		catalog_entries_init(&list, arena);
		source->format = format;
		if (!read_source(source, now_ms, &list, err))
			return false;
		catalog_entries_merge(&sources->entries, &list);
	}
	return true;
}

void sync_sources_release(struct sync_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		buf_release(&sources->items[i].text.bytes);
	sources->count = 0;
}

struct str sync_sources_names(
	const struct sync_sources *sources, struct arena *arena)
{
	struct str names = S("");

	for (size_t i = 0; i < sources->count; i++)
		names = arena_printf(arena, "%.*s%s%.*s", STR_ARG(names),
			i ? ", " : "", STR_ARG(sources->items[i].text.source));
	return str_head(names, CATALOG_SOURCE_MAX_BYTES);
}

static bool fetch_news(struct sync_sources *sources,
	const struct settings *settings, struct db *db, struct arena *arena,
	struct error *err)
{
	int64_t version = 0;
	size_t same = 0;

	if (db && !catalog_version_now(db, &version, err))
		return false;
	for (size_t i = 0; i < sources->count; i++) {
		struct sync_source *source = &sources->items[i];
		char etag[GET_ETAG_BYTES] = "";

		if (db && !known_etag(
				  db, source->text.source, version, etag, err))
			return false;
		if (!fetch(source, settings, etag, arena, err))
			return false;
		same += source->text.is_same;
	}
	sources->unchanged = same == sources->count;
	return true;
}

static bool known_etag(struct db *db, struct str source, int64_t version,
	char etag[GET_ETAG_BYTES], struct error *err)
{
	struct sync_known known;

	if (!sync_known_load(db, source, &known, err))
		return false;
	if (known.found && known.catalog_version == version)
		memcpy(etag, known.etag, GET_ETAG_BYTES);
	return true;
}

static bool fetch(struct sync_source *source, const struct settings *settings,
	const char *etag, struct arena *arena, struct error *err)
{
	struct str name = source->text.source;

	buf_release(&source->text.bytes);
	return catalog_fetch(settings, name, etag, arena, &source->text, err);
}

static bool read_source(struct sync_source *source, int64_t now_ms,
	struct catalog_entries *list, struct error *err)
{
	struct error why = ERROR_INIT;

	if (catalog_read(buf_str(&source->text.bytes), now_ms, &source->format,
		    list, &why)) {
		source->models = list->count;
		return true;
	}
	return error_refuse(err, why.kind, "from", "%.*s: %s",
		STR_ARG(source->text.source), error_message(&why));
}
