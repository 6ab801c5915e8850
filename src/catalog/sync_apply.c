/*
 * sync_apply.c - writes a plan: models, prices, history, in one transaction
 * of the caller's.
 */
#include "catalog/sync.h"

#include "catalog/price_rows.h"
#include "catalog/sync_record.h"
#include "db/stmt.h"

#define MAX_LIST_BYTES 256
#define MAX_SOURCES_BYTES 255

/* The three lists of a model as JSON, until a statement has run. */
struct lists {
	struct buf input;
	struct buf output;
	struct buf capabilities;
};

static bool apply_change(struct db *db, const struct sync_plan *plan,
	const struct sync_change *change, struct error *err);
static bool insert_model(struct db *db, const struct sync_change *change,
	int64_t now_ms, int64_t *id, struct error *err);
static bool update_model(
	struct db *db, const struct sync_change *change, struct error *err);
static bool update_source(
	struct db *db, const struct sync_change *change, struct error *err);
static void bind_facts(struct stmt *stmt, const struct model_facts *facts,
	struct lists *lists);
static void lists_init(struct lists *lists, const struct model_facts *facts);
static void write_list(
	struct buf *out, const struct flag_name *table, unsigned flags);
static void lists_release(struct lists *lists);
static bool add_prices(struct db *db, int64_t model_id,
	const struct sync_change *change, int64_t now_ms, struct error *err);

bool sync_check_sizes(struct db *db, const struct sync_source *sources,
	size_t source_count, const struct sync_request *request,
	struct error *err)
{
	for (size_t i = 0; i < source_count; i++) {
		const struct sync_source *source = &sources[i];
		int64_t had;

		if (!sync_known_models(db, source->format->name, &had, err))
			return false;
		if (request->allow_large_changes ||
			2 * (int64_t)source->models >= had)
			continue;
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"%.*s has %zu models where the %s list had %" PRId64
			" when it was last applied, which is not plausible; "
			"--allow-large-changes believes it.",
			STR_ARG(source->text.source), source->models,
			source->format->name.p, had);
	}
	return true;
}

bool sync_plan_apply(struct db *db, const struct sync_plan *plan,
	const struct sync_source *sources, size_t source_count,
	int64_t started_ms, int64_t *sync_id, struct error *err)
{
	struct buf names = BUF_INIT(MAX_SOURCES_BYTES);
	bool ok;

	for (size_t i = 0; i < source_count; i++) {
		struct str rest = sources[i].text.source;

		buf_append(&names, i ? S(", ") : S(""));
		buf_append(&names, str_head(rest, names.max - names.n));
	}
	ok = sync_record_add(db, buf_str(&names),
		source_count == 1 ? sources[0].text.sha256 : NULL,
		sync_plan_news(plan) ? "applied" : "unchanged", S(""), plan,
		started_ms, sync_id, err);
	buf_release(&names);
	for (size_t i = 0; ok && i < plan->count; i++)
		ok = apply_change(db, plan, &plan->changes[i], err) &&
		     sync_record_change(db, *sync_id, &plan->changes[i], err);
	if (ok && sync_plan_news(plan))
		ok = catalog_changed(db, err);
	for (size_t i = 0; ok && i < source_count; i++)
		ok = sync_known_save(
			db, &sources[i], plan->request->now_ms, err);
	return ok;
}

static bool apply_change(struct db *db, const struct sync_plan *plan,
	const struct sync_change *change, struct error *err)
{
	int64_t now_ms = plan->request->now_ms, id;

	switch (change->kind) {
	case SYNC_ADDED:
		return insert_model(db, change, now_ms, &id, err) &&
		       add_prices(db, id, change, now_ms, err);
	case SYNC_CHANGED:
	case SYNC_DEPRECATED: return update_model(db, change, err);
	case SYNC_PRICE:
		return add_prices(db, change->model->id, change, now_ms, err);
	case SYNC_SOURCE: return update_source(db, change, err);
	case SYNC_CHANGE_KINDS: break;
	}
	abort();
}

static bool insert_model(struct db *db, const struct sync_change *change,
	int64_t now_ms, int64_t *id, struct error *err)
{
	struct lists lists;
	struct stmt *stmt;
	bool ok;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO models (kind, context_tokens, "
		    "max_output_tokens, input_modalities, output_modalities, "
		    "capabilities, quality, quality_source, speed, "
		    "deprecated_ms, source, provider_id, name, upstream_name, "
		    "created_ms) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	lists_init(&lists, &change->facts);
	bind_facts(stmt, &change->facts, &lists);
	stmt_bind_str(stmt, change->source);
	stmt_bind_int(stmt, change->provider->id);
	stmt_bind_str(stmt, change->name);
	stmt_bind_str(stmt, change->name);
	stmt_bind_int(stmt, now_ms);
	ok = stmt_run(stmt, err);
	lists_release(&lists);
	if (ok)
		*id = stmt_insert_id(stmt);
	return ok;
}

/* Somebody may have made it his own since the plan was made. */
static bool update_model(
	struct db *db, const struct sync_change *change, struct error *err)
{
	struct lists lists;
	struct stmt *stmt;
	bool ok;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE models SET kind = ?, context_tokens = ?, "
		    "max_output_tokens = ?, input_modalities = ?, "
		    "output_modalities = ?, capabilities = ?, quality = ?, "
		    "quality_source = ?, speed = ?, deprecated_ms = ?, "
		    "source = ? WHERE id = ? AND source <> 'manual'",
		    err))
		return false;
	lists_init(&lists, &change->facts);
	bind_facts(stmt, &change->facts, &lists);
	stmt_bind_str(stmt, change->source);
	stmt_bind_int(stmt, change->model->id);
	ok = stmt_run(stmt, err);
	lists_release(&lists);
	return ok;
}

static bool update_source(
	struct db *db, const struct sync_change *change, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE models SET source = ? "
		    "WHERE id = ? AND source <> 'manual'",
		    err))
		return false;
	stmt_bind_str(stmt, change->source);
	stmt_bind_int(stmt, change->model->id);
	return stmt_run(stmt, err);
}

static void bind_facts(
	struct stmt *stmt, const struct model_facts *facts, struct lists *lists)
{
	stmt_bind_str(stmt, str_of(model_kind_name(facts->kind)));
	stmt_bind_int(stmt, facts->context_tokens);
	stmt_bind_int(stmt, facts->max_output_tokens);
	stmt_bind_str(stmt, buf_str(&lists->input));
	stmt_bind_str(stmt, buf_str(&lists->output));
	stmt_bind_str(stmt, buf_str(&lists->capabilities));
	if (facts->quality == QUALITY_UNKNOWN)
		stmt_bind_null(stmt);
	else
		stmt_bind_int(stmt, facts->quality);
	stmt_bind_str(stmt, facts->quality_source);
	stmt_bind_int_or_null(stmt, facts->speed_tps);
	stmt_bind_int_or_null(stmt, facts->deprecated_ms);
}

static void lists_init(struct lists *lists, const struct model_facts *facts)
{
	write_list(&lists->input, modality_names, facts->input_modalities);
	write_list(&lists->output, modality_names, facts->output_modalities);
	write_list(&lists->capabilities, capability_names, facts->capabilities);
}

static void write_list(
	struct buf *out, const struct flag_name *table, unsigned flags)
{
	struct json_writer w;

	buf_init(out, MAX_LIST_BYTES);
	json_writer_init(&w, out);
	flags_write_json(table, flags, &w);
}

static void lists_release(struct lists *lists)
{
	buf_release(&lists->input);
	buf_release(&lists->output);
	buf_release(&lists->capabilities);
}

static bool add_prices(struct db *db, int64_t model_id,
	const struct sync_change *change, int64_t now_ms, struct error *err)
{
	for (const struct price *p = change->prices; p; p = p->older) {
		if (!price_rows_add(
			    db, model_id, p, now_ms, change->source, err))
			return false;
	}
	return true;
}
