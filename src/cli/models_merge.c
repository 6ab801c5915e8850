/*
 * models_merge.c - make one catalogue of several, in our own form: how
 * conf/models.json is made, and how a list for a machine without a network is.
 */
#include "base/clock.h"
#include "catalog/own.h"
#include "catalog/sync_sources.h"
#include "cli/command.h"

#define MAX_BYTES (64u * 1024 * 1024)

static const struct option_row options[] = {
	{ "from", "FILE|URL",
		"a catalogue; may be repeated, the first counts most" },
	{ "label", "TEXT",
		"what the list says that it is made of, once for each "
		"catalogue (default: its format)" },
	{ NULL, NULL, NULL },
};

static void guess_qualities(struct catalog_entries *list);
static void keep_what_can_be_added(struct catalog_entries *list);
static bool print_list(struct session *session, struct sync_sources *sources,
	struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct sync_sources sources = { .count = 0 };
	struct str name;
	size_t at = 0;
	bool ok = true;

	while (ok && arguments_next(&session->arguments, "from", &at, &name))
		ok = sync_sources_add(&sources, name, err);
	if (ok && sources.count == 0)
		ok = error_refuse(err, ERR_BAD_REQUEST, "from",
			"Give --from: a catalogue to read.");
	ok = ok && sync_sources_read(&sources, &session->settings, NULL, NULL,
			   clock_unix_ms(), &session->arena, err);
	if (ok) {
		guess_qualities(&sources.entries);
		keep_what_can_be_added(&sources.entries);
		ok = print_list(session, &sources, err);
	}
	sync_sources_release(&sources);
	return ok;
}

static void guess_qualities(struct catalog_entries *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct catalog_entry *entry = list->items[i];

		if (entry->quality >= 0 || price_prior(entry) < 0)
			continue;
		entry->quality = price_prior(entry);
		entry->quality_source = S(QUALITY_PRICE_PRIOR);
	}
}

/* A catalogue of prices alone names patterns of models, too. */
static void keep_what_can_be_added(struct catalog_entries *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i]->kind_known && list->items[i]->prices)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

static bool print_list(struct session *session, struct sync_sources *sources,
	struct error *err)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct str names[SYNC_SOURCES_MAX];
	size_t at = 0;

	for (size_t i = 0; i < sources->count; i++) {
		names[i] = sources->items[i].format->name;
		(void)arguments_next(
			&session->arguments, "label", &at, &names[i]);
	}
	catalog_entries_write(&sources->entries, names, sources->count, &out);
	if (!out.failed)
		fwrite(out.p, 1, out.n, stdout);
	output_none(&session->output);
	buf_release(&out);
	return !out.failed || error_set(err, ERR_TOO_LARGE,
				      "the list does not fit into memory");
}

const struct command command_models_merge = {
	.words = "models merge",
	.operands = "",
	.help = "make one catalogue of several and print it",
	.options = options,
	.needs = NEEDS_SETTINGS,
	.run = run,
};
