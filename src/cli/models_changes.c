/*
 * models_changes.c - what the updater changed, the newest first.
 */
#include "catalog/sync_record.h"
#include "cli/command.h"

#define DEFAULT_ROWS 100
#define MAX_ROWS 10000

static const struct option_row options[] = {
	{ "model", "NAME", "of this model alone; PROVIDER/NAME is exact" },
	{ "since", "DATE", "not older than that, as in 2026-11-01" },
	{ "limit", "N", "at most so many (default: 100)" },
	{ NULL, NULL, NULL },
};

static bool run(struct session *session, struct error *err)
{
	const struct arguments *arguments = &session->arguments;
	struct output *output = &session->output;
	int64_t limit = DEFAULT_ROWS, since_ms = 0;
	struct sync_history_row *rows;
	size_t count;

	if (!arguments_int(arguments, "limit", 1, MAX_ROWS, &limit, err) ||
		!arguments_time(arguments, "since", &since_ms, err) ||
		!sync_history_load(session->db,
			&(struct sync_history_filter){
				.model = arguments_text(arguments, "model"),
				.since_ms = since_ms,
				.limit = limit },
			&session->arena, &rows, &count, err))
		return false;
	output_list(output);
	for (size_t i = 0; i < count; i++) {
		const struct sync_history_row *row = &rows[i];

		output_row(output);
		output_time(output, "time", row->time_ms);
		output_str(output, "provider", row->provider);
		output_str(output, "model", row->model);
		output_str(output, "kind", row->kind);
		output_json(output, "before",
			row->before_json.n ? row->before_json : S("null"));
		output_json(output, "after",
			row->after_json.n ? row->after_json : S("null"));
		output_str(output, "source", row->source);
	}
	return true;
}

const struct command command_models_changes = {
	.words = "models changes",
	.operands = "",
	.help = "list what 'models sync' changed, the newest first",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
