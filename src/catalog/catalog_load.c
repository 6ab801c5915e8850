/*
 * catalog_load.c - reads the whole catalogue into one arena.
 *
 * A change between two queries may leave a price without its model, which is
 * passed over: the version was read first, so the change is loaded next.
 */
#include "catalog/catalog.h"

#include "base/json.h"
#include "base/log.h"
#include "db/stmt.h"

#define ARENA_BLOCK_BYTES (64 * 1024)

/* Takes one row; what it cannot understand it logs. */
typedef void take_row(struct stmt *stmt, struct catalog *catalog);

static bool load(struct db *db, struct catalog *catalog, struct error *err);
static bool load_providers(
	struct db *db, struct catalog *catalog, struct error *err);
static bool load_provider_keys(
	struct db *db, struct catalog *catalog, struct error *err);
static bool load_provider_hosts(
	struct db *db, struct catalog *catalog, struct error *err);
static bool load_models(
	struct db *db, struct catalog *catalog, struct error *err);
static bool load_prices(
	struct db *db, struct catalog *catalog, struct error *err);
static bool load_aliases(
	struct db *db, struct catalog *catalog, struct error *err);
static bool take_rows(struct stmt *stmt, struct catalog *catalog,
	take_row *take, struct error *err);
static void take_provider(struct stmt *stmt, struct catalog *catalog);
static void take_provider_key(struct stmt *stmt, struct catalog *catalog);
static void take_provider_host(struct stmt *stmt, struct catalog *catalog);
static void take_model(struct stmt *stmt, struct catalog *catalog);
static unsigned read_flags(
	struct stmt *stmt, unsigned column, const struct flag_name *table);
static void take_price(struct stmt *stmt, struct catalog *catalog);
static void take_alias_target(struct stmt *stmt, struct catalog *catalog);
static void read_condition(struct str json, struct arena *arena,
	const struct alias *alias, struct alias_target *target);
static bool read_headers(struct str json, struct arena *arena,
	struct provider *provider, struct error *err);
static struct provider *find_provider(struct catalog *catalog, int64_t id);
static struct model *find_model(struct catalog *catalog, int64_t id);
static int64_t or_if_null(
	struct stmt *stmt, unsigned column, int64_t otherwise);
static void *grown(struct arena *arena, const void *array, size_t count);
static void sort_offered(struct catalog *catalog);
static int by_name(const void *a, const void *b);

bool catalog_load(struct db *db, struct catalog **out, struct error *err)
{
	struct catalog *catalog = calloc(1, sizeof(*catalog));

	if (!catalog)
		return error_set(err, ERR_INTERNAL, "no memory for models");
	arena_init(&catalog->arena, ARENA_BLOCK_BYTES);
	if (!load(db, catalog, err)) {
		catalog_free(catalog);
		return false;
	}
	*out = catalog;
	return true;
}

static bool load(struct db *db, struct catalog *catalog, struct error *err)
{
	if (!catalog_version_now(db, &catalog->version, err) ||
		!load_providers(db, catalog, err) ||
		!load_provider_keys(db, catalog, err) ||
		!load_provider_hosts(db, catalog, err) ||
		!load_models(db, catalog, err) ||
		!load_prices(db, catalog, err) ||
		!load_aliases(db, catalog, err))
		return false;
	sort_offered(catalog);
	return true;
}

static bool load_providers(
	struct db *db, struct catalog *catalog, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt,
		       "SELECT id, name, dialect, base_url, auth, quirks, "
		       "forward_headers, weight, connect_timeout_ms, "
		       "first_byte_timeout_ms, idle_timeout_ms, "
		       "total_timeout_ms, enabled, rpm, tpm, concurrent "
		       "FROM providers ORDER BY id",
		       err) &&
	       take_rows(stmt, catalog, take_provider, err);
}

/* Each goes to the front of its list: the last read is the first. */
static bool load_provider_keys(
	struct db *db, struct catalog *catalog, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt,
		       "SELECT provider_id, id, name, sealed, hint, weight "
		       "FROM provider_keys WHERE enabled = 1 AND sealed <> '' "
		       "ORDER BY id DESC",
		       err) &&
	       take_rows(stmt, catalog, take_provider_key, err);
}

static bool load_provider_hosts(
	struct db *db, struct catalog *catalog, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt,
		       "SELECT provider_id, base_url, weight "
		       "FROM provider_hosts WHERE enabled = 1 ORDER BY id DESC",
		       err) &&
	       take_rows(stmt, catalog, take_provider_host, err);
}

static bool load_models(
	struct db *db, struct catalog *catalog, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt,
		       "SELECT id, provider_id, name, upstream_name, "
		       "context_tokens, max_output_tokens, quality, "
		       "created_ms, enabled, equivalence, speed, kind, "
		       "input_modalities, output_modalities, capabilities, "
		       "COALESCE(deprecated_ms, 0), source, quality_source "
		       "FROM models "
		       "ORDER BY id",
		       err) &&
	       take_rows(stmt, catalog, take_model, err);
}

static bool load_prices(
	struct db *db, struct catalog *catalog, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt,
		       "SELECT model_id, valid_from_ms, above_prompt_tokens, "
		       "input_picousd, output_picousd, cached_picousd, "
		       "cache_write_picousd, reasoning_picousd, "
		       "request_picousd, service_tier, "
		       "cache_write_1h_picousd, audio_input_picousd, "
		       "audio_output_picousd, image_input_picousd_per_image, "
		       "image_output_picousd_per_image FROM prices "
		       "ORDER BY valid_from_ms, id",
		       err) &&
	       take_rows(stmt, catalog, take_price, err);
}

static bool load_aliases(
	struct db *db, struct catalog *catalog, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt,
		       "SELECT a.id, a.name, a.project_id, t.model, "
		       "t.position, t.weight, a.strategy, t.conditions "
		       "FROM aliases a "
		       "JOIN alias_targets t ON t.alias_id = a.id "
		       "ORDER BY a.name, a.project_id, t.position DESC, "
		       "t.id DESC",
		       err) &&
	       take_rows(stmt, catalog, take_alias_target, err);
}

static bool take_rows(struct stmt *stmt, struct catalog *catalog,
	take_row *take, struct error *err)
{
	bool more = true;

	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		take(stmt, catalog);
	}
	return false;
}

static void take_provider(struct stmt *stmt, struct catalog *catalog)
{
	struct arena *arena = &catalog->arena;
	struct provider *provider = ARENA_NEW(arena, struct provider);
	struct error err;

	provider->id = stmt_int(stmt, 0);
	provider->name = arena_copy(arena, stmt_str(stmt, 1));
	provider->dialect = arena_copy(arena, stmt_str(stmt, 2));
	provider->base_url = arena_copy(arena, stmt_str(stmt, 3));
	provider->auth = arena_copy(arena, stmt_str(stmt, 4));
	provider->weight = stmt_int(stmt, 7);
	provider->timeouts.connect_ms = stmt_int(stmt, 8);
	provider->timeouts.first_byte_ms = stmt_int(stmt, 9);
	provider->timeouts.idle_ms = stmt_int(stmt, 10);
	provider->timeouts.total_ms = stmt_int(stmt, 11);
	provider->enabled = stmt_int(stmt, 12) != 0;
	provider->requests_per_minute = stmt_int(stmt, 13);
	provider->tokens_per_minute = stmt_int(stmt, 14);
	provider->concurrent = stmt_int(stmt, 15);
	if (!provider_read_dialects(provider, &err) ||
		!quirks_read(stmt_str(stmt, 5), &provider->quirks, &err) ||
		!read_headers(stmt_str(stmt, 6), arena, provider, &err)) {
		log_error("provider %.*s is not used: its row cannot be "
			  "understood: %s",
			STR_ARG(provider->name), error_detail(&err));
		provider->enabled = false;
	}
	catalog->providers =
		grown(arena, catalog->providers, catalog->provider_count);
	catalog->providers[catalog->provider_count++] = provider;
}

static void take_provider_key(struct stmt *stmt, struct catalog *catalog)
{
	struct provider *provider = find_provider(catalog, stmt_int(stmt, 0));
	struct arena *arena = &catalog->arena;
	struct provider_key *key;

	if (!provider)
		return;
	key = ARENA_NEW(arena, struct provider_key);
	key->id = stmt_int(stmt, 1);
	key->name = arena_copy(arena, stmt_str(stmt, 2));
	key->sealed = arena_copy(arena, stmt_str(stmt, 3));
	key->hint = arena_copy(arena, stmt_str(stmt, 4));
	key->weight = stmt_int(stmt, 5);
	key->next = provider->keys;
	provider->keys = key;
	provider->key_count++;
}

static void take_provider_host(struct stmt *stmt, struct catalog *catalog)
{
	struct provider *provider = find_provider(catalog, stmt_int(stmt, 0));
	struct provider_host *host;

	if (!provider || provider->host_count == PROVIDER_HOSTS)
		return;
	host = ARENA_NEW(&catalog->arena, struct provider_host);
	host->base_url = arena_copy(&catalog->arena, stmt_str(stmt, 1));
	host->weight = stmt_int(stmt, 2);
	host->next = provider->hosts;
	provider->hosts = host;
	provider->host_count++;
}

static void take_model(struct stmt *stmt, struct catalog *catalog)
{
	struct provider *provider = find_provider(catalog, stmt_int(stmt, 1));
	struct arena *arena = &catalog->arena;
	struct model *model;
	struct error err;

	if (!provider)
		return;
	model = ARENA_NEW(arena, struct model);
	model->id = stmt_int(stmt, 0);
	model->provider = provider;
	model->name = arena_copy(arena, stmt_str(stmt, 2));
	model->upstream_name = arena_copy(arena, stmt_str(stmt, 3));
	model->context_tokens = stmt_int(stmt, 4);
	model->max_output_tokens = stmt_int(stmt, 5);
	model->quality = or_if_null(stmt, 6, QUALITY_UNKNOWN);
	model->created_ms = stmt_int(stmt, 7);
	model->enabled = stmt_int(stmt, 8) != 0;
	model->equivalence = arena_copy(arena, stmt_str(stmt, 9));
	model->speed_tps = stmt_int(stmt, 10);
	if (!model_kind_read(stmt_str(stmt, 11), &model->kind, &err))
		model->enabled = false; /* a newer program's */
	model->input_modalities = read_flags(stmt, 12, modality_names);
	model->output_modalities = read_flags(stmt, 13, modality_names);
	model->capabilities = read_flags(stmt, 14, capability_names);
	model->deprecated_ms = stmt_int(stmt, 15);
	model->source = arena_copy(arena, stmt_str(stmt, 16));
	model->quality_source = arena_copy(arena, stmt_str(stmt, 17));
	catalog->models = grown(arena, catalog->models, catalog->model_count);
	catalog->models[catalog->model_count++] = model;
}

static unsigned read_flags(
	struct stmt *stmt, unsigned column, const struct flag_name *table)
{
	struct json list;
	struct error err;

	if (!json_check(stmt_str(stmt, column), 2, &list, &err))
		return 0;
	return flags_read_json(table, list);
}

static void take_price(struct stmt *stmt, struct catalog *catalog)
{
	struct model *model = find_model(catalog, stmt_int(stmt, 0));
	struct price *price;

	if (!model)
		return;
	price = ARENA_NEW(&catalog->arena, struct price);
	price->valid_from_ms = stmt_int(stmt, 1);
	price->above_prompt_tokens = stmt_int(stmt, 2);
	price->input_picousd = stmt_int(stmt, 3);
	price->output_picousd = stmt_int(stmt, 4);
	price->cached_picousd = or_if_null(stmt, 5, PRICE_NONE);
	price->cache_write_picousd = or_if_null(stmt, 6, PRICE_NONE);
	price->reasoning_picousd = or_if_null(stmt, 7, PRICE_NONE);
	price->request_picousd = stmt_int(stmt, 8);
	price->tier = price_tier_of(stmt_str(stmt, 9));
	price->cache_write_1h_picousd = or_if_null(stmt, 10, PRICE_NONE);
	price->audio_input_picousd = or_if_null(stmt, 11, PRICE_NONE);
	price->audio_output_picousd = or_if_null(stmt, 12, PRICE_NONE);
	price->image_input_picousd = or_if_null(stmt, 13, PRICE_NONE);
	price->image_output_picousd = or_if_null(stmt, 14, PRICE_NONE);
	price->older = model->prices;
	model->prices = price;
}

/* The rows of one alias follow each other, its last target first. */
static void take_alias_target(struct stmt *stmt, struct catalog *catalog)
{
	struct arena *arena = &catalog->arena;
	struct alias_target *target = ARENA_NEW(arena, struct alias_target);
	struct alias *alias = NULL;
	struct error ignored;

	if (catalog->alias_count > 0)
		alias = (struct alias *)
				catalog->aliases[catalog->alias_count - 1];
	if (!alias || alias->id != stmt_int(stmt, 0)) {
		alias = ARENA_NEW(arena, struct alias);
		alias->id = stmt_int(stmt, 0);
		alias->name = arena_copy(arena, stmt_str(stmt, 1));
		alias->project_id = stmt_int(stmt, 2);
		if (!alias_strategy_read(
			    stmt_str(stmt, 6), &alias->strategy, &ignored))
			alias->strategy = ALIAS_ORDERED;
		catalog->aliases =
			grown(arena, catalog->aliases, catalog->alias_count);
		catalog->aliases[catalog->alias_count++] = alias;
	}
	target->model = arena_copy(arena, stmt_str(stmt, 3));
	target->position = stmt_int(stmt, 4);
	target->weight = stmt_int(stmt, 5);
	if (!stmt_is_null(stmt, 7))
		read_condition(stmt_str(stmt, 7), arena, alias, target);
	target->next = alias->targets;
	alias->targets = target;
	alias->target_count++;
}

/* One that is not understood must not hold for everybody. */
static void read_condition(struct str json, struct arena *arena,
	const struct alias *alias, struct alias_target *target)
{
	struct alias_condition *condition =
		ARENA_NEW(arena, struct alias_condition);
	struct error err;

	target->condition = condition;
	target->is_off = !alias_condition_read(json, arena, condition, &err);
	if (target->is_off)
		log_error("alias %.*s does not use its model %.*s: %s",
			STR_ARG(alias->name), STR_ARG(target->model),
			error_detail(&err));
}

static bool read_headers(struct str text, struct arena *arena,
	struct provider *provider, struct error *err)
{
	struct json_cursor cursor;
	struct json_member item;
	struct json list;
	struct str *names;

	if (!json_check(text, 2, &list, err))
		return false;
	names = ARENA_ARRAY(arena, struct str, json_length(list) + 1);
	cursor = json_members(list);
	while (json_next(&cursor, &item)) {
		struct str name;

		if (!json_text(item.value, arena, &name))
			return error_set(err, ERR_BAD_FIELD,
				"forward_headers holds a JSON %s",
				json_type_name(item.value.type));
		names[provider->forward_header_count++] =
			arena_copy(arena, name);
	}
	provider->forward_headers = names;
	return true;
}

/* While loading, what the arrays point at is still ours to change. */
static struct provider *find_provider(struct catalog *catalog, int64_t id)
{
	for (size_t i = 0; i < catalog->provider_count; i++) {
		if (catalog->providers[i]->id == id)
			return (struct provider *)catalog->providers[i];
	}
	return NULL;
}

static struct model *find_model(struct catalog *catalog, int64_t id)
{
	size_t low = 0, high = catalog->model_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (catalog->models[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == catalog->model_count || catalog->models[low]->id != id)
		return NULL;
	return (struct model *)catalog->models[low];
}

static int64_t or_if_null(struct stmt *stmt, unsigned column, int64_t otherwise)
{
	return stmt_is_null(stmt, column) ? otherwise : stmt_int(stmt, column);
}

/*
 * Room for one pointer more behind `count` of them: an array is full when
 * its count is a power of two, and then moves to one of twice its size.
 */
static void *grown(struct arena *arena, const void *array, size_t count)
{
	void **larger;

	if (count > 0 && (count & (count - 1)) != 0)
		return (void *)array;
	larger = ARENA_ARRAY(arena, void *, count ? 2 * count : 1);
	if (count > 0)
		memcpy(larger, array, count * sizeof(*larger));
	return larger;
}

static void sort_offered(struct catalog *catalog)
{
	catalog->offered = ARENA_ARRAY(&catalog->arena, const struct model *,
		catalog->model_count + 1);
	for (size_t i = 0; i < catalog->model_count; i++) {
		if (model_is_offered(catalog->models[i]))
			catalog->offered[catalog->offered_count++] =
				catalog->models[i];
	}
	qsort(catalog->offered, catalog->offered_count,
		sizeof(catalog->offered[0]), by_name);
}

static int by_name(const void *a, const void *b)
{
	const struct model *const *first = a;
	const struct model *const *second = b;
	int order = str_compare((*first)->name, (*second)->name);

	if (order != 0)
		return order;
	return ((*first)->provider->id > (*second)->provider->id) -
	       ((*first)->provider->id < (*second)->provider->id);
}
