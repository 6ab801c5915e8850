/*
 * sync_plan.c - compares the models of this installation with what the
 * catalogues say of them.
 */
#include "catalog/sync_plan_own.h"

#include "base/clock.h"
#include "catalog/family.h"
#include "catalog/own.h"

/* So few models may vanish at once whatever their share. */
#define FEW_MODELS 3

static const char *const kind_names[SYNC_CHANGE_KINDS] = {
	[SYNC_ADDED] = "model_added",
	[SYNC_CHANGED] = "model_changed",
	[SYNC_DEPRECATED] = "model_deprecated",
	[SYNC_PRICE] = "price_changed",
};

static bool check_adds_to(const struct sync_plan *plan, struct error *err);
static bool was_read(
	const struct sync_source *sources, size_t count, struct str format);
static bool plan_provider(struct sync_plan *plan,
	const struct provider *provider, const struct sync_source *sources,
	size_t source_count, struct error *err);
static bool plan_models(struct sync_plan *plan, const struct provider *provider,
	struct str family, const struct sync_source *sources,
	size_t source_count, struct error *err);
static bool plan_model(struct sync_plan *plan, const struct model *model,
	const struct catalog_entry *entry, struct error *err);
static void plan_gone(struct sync_plan *plan, const struct model *model);
static void plan_facts(struct sync_plan *plan, const struct model *model,
	const struct catalog_entry *entry);
static bool wants_models(
	const struct sync_plan *plan, const struct provider *provider);
static void plan_additions(struct sync_plan *plan,
	const struct provider *provider, struct str family);
static bool is_addable(const struct sync_plan *plan,
	const struct provider *provider, const struct catalog_entry *entry);
static void plan_addition(struct sync_plan *plan,
	const struct provider *provider, const struct catalog_entry *entry);
static struct model_facts facts_of_model(const struct model *model);
static struct model_facts facts_wanted(const struct sync_plan *plan,
	const struct model_facts *now, const struct catalog_entry *entry,
	bool same_source);
static bool facts_equal(
	const struct model_facts *a, const struct model_facts *b);
static struct str facts_json(struct sync_plan *plan,
	const struct model_facts *facts, const struct model_facts *other);
static void write_date(
	struct json_writer *w, const char *name, int64_t unix_ms);

const char *sync_change_kind_name(enum sync_change_kind kind)
{
	assert(kind < SYNC_CHANGE_KINDS);
	return kind_names[kind];
}

size_t sync_plan_news(const struct sync_plan *plan)
{
	return plan->count - plan->counts[SYNC_SOURCE];
}

bool sync_plan_make(struct sync_plan *plan, struct arena *arena,
	const struct catalog *catalog, const struct catalog_entries *entries,
	const struct sync_source *sources, size_t source_count,
	const struct sync_request *request, struct error *err)
{
	*plan = (struct sync_plan){ .arena = arena,
		.catalog = catalog,
		.entries = entries,
		.request = request };
	if (!check_adds_to(plan, err))
		return false;
	for (size_t i = 0; i < catalog->provider_count; i++) {
		if (!plan_provider(plan, catalog->providers[i], sources,
			    source_count, err))
			return false;
	}
	return true;
}

static bool check_adds_to(const struct sync_plan *plan, struct error *err)
{
	struct str name = plan->request->adds_to;
	const struct provider *provider;

	if (name.n == 0)
		return true;
	provider = catalog_find_provider(plan->catalog, name);
	if (!provider)
		return error_refuse(err, ERR_NOT_FOUND, "add",
			"There is no provider '%.*s'.", STR_ARG(name));
	if (family_of_provider(provider->name, provider->base_url).n == 0)
		return error_refuse(err, ERR_NOT_FOUND, "add",
			"The catalogues know nothing about '%.*s', neither by "
			"its address nor by its name: add its models with "
			"'model add'.",
			STR_ARG(name));
	return true;
}

static bool was_read(
	const struct sync_source *sources, size_t count, struct str format)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(sources[i].format->name, format))
			return true;
	}
	return false;
}

static bool plan_provider(struct sync_plan *plan,
	const struct provider *provider, const struct sync_source *sources,
	size_t source_count, struct error *err)
{
	struct str family =
		family_of_provider(provider->name, provider->base_url);

	if (family.n == 0)
		return true;
	if (!plan->request->only_adds && !plan_models(plan, provider, family,
						 sources, source_count, err))
		return false;
	if (wants_models(plan, provider))
		plan_additions(plan, provider, family);
	return true;
}

static bool plan_models(struct sync_plan *plan, const struct provider *provider,
	struct str family, const struct sync_source *sources,
	size_t source_count, struct error *err)
{
	size_t kept = 0, gone = 0;

	for (size_t i = 0; i < plan->catalog->model_count; i++) {
		const struct model *model = plan->catalog->models[i];
		const struct catalog_entry *entry;

		if (model->provider != provider ||
			str_equal(model->source, S("manual")))
			continue;
		entry = catalog_entries_find_like(
			plan->entries, family, model->upstream_name);
		if (entry) {
			kept++;
			if (!plan_model(plan, model, entry, err))
				return false;
		} else if (was_read(sources, source_count, model->source) &&
			   model->deprecated_ms == 0) {
			gone++;
			plan_gone(plan, model);
		}
	}
	if (gone > FEW_MODELS && gone > kept &&
		!plan->request->allow_large_changes)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"%zu of the %zu models of '%.*s' are gone from the "
			"catalogue, which is not plausible; "
			"--allow-large-changes believes it.",
			gone, gone + kept, STR_ARG(provider->name));
	return true;
}

static bool plan_model(struct sync_plan *plan, const struct model *model,
	const struct catalog_entry *entry, struct error *err)
{
	if (!str_equal(model->source, entry->source))
		sync_plan_change(plan, SYNC_SOURCE, model->provider, model)
			->source = entry->source;
	plan_facts(plan, model, entry);
	return !entry->prices || sync_plan_prices(plan, model, entry, err);
}

static void plan_gone(struct sync_plan *plan, const struct model *model)
{
	struct model_facts now = facts_of_model(model), next = now;
	struct sync_change *change;

	next.deprecated_ms = plan->request->now_ms;
	change =
		sync_plan_change(plan, SYNC_DEPRECATED, model->provider, model);
	change->source = model->source;
	change->facts = next;
	change->before_json = facts_json(plan, &now, &next);
	change->after_json = facts_json(plan, &next, &now);
}

static void plan_facts(struct sync_plan *plan, const struct model *model,
	const struct catalog_entry *entry)
{
	struct model_facts now = facts_of_model(model), next;
	struct sync_change *change;

	next = facts_wanted(
		plan, &now, entry, str_equal(model->source, entry->source));
	if (facts_equal(&now, &next))
		return;
	change = sync_plan_change(plan,
		next.deprecated_ms && !now.deprecated_ms ? SYNC_DEPRECATED
							 : SYNC_CHANGED,
		model->provider, model);
	change->source = entry->source;
	change->facts = next;
	change->before_json = facts_json(plan, &now, &next);
	change->after_json = facts_json(plan, &next, &now);
}

/* A provider whose models were all added by hand keeps these. */
static bool wants_models(
	const struct sync_plan *plan, const struct provider *provider)
{
	const struct catalog *catalog = plan->catalog;

	if (plan->request->adds_all ||
		str_equal(plan->request->adds_to, provider->name))
		return true;
	if (plan->request->only_adds)
		return false;
	for (size_t i = 0; i < catalog->model_count; i++) {
		if (catalog->models[i]->provider == provider &&
			!str_equal(catalog->models[i]->source, S("manual")))
			return true;
	}
	return false;
}

static void plan_additions(struct sync_plan *plan,
	const struct provider *provider, struct str family)
{
	for (size_t i = 0; i < plan->entries->count; i++) {
		const struct catalog_entry *entry = plan->entries->items[i];

		if (str_equal(entry->family, family) &&
			is_addable(plan, provider, entry))
			plan_addition(plan, provider, entry);
	}
}

/* Only what can be called and billed. */
static bool is_addable(const struct sync_plan *plan,
	const struct provider *provider, const struct catalog_entry *entry)
{
	if (!entry->kind_known || !entry->prices ||
		entry->prices->tier != PRICE_ORDINARY ||
		(entry->deprecated &&
			entry->deprecated_ms <= plan->request->now_ms))
		return false;
	for (size_t i = 0; i < plan->catalog->model_count; i++) {
		const struct model *model = plan->catalog->models[i];

		if (model->provider == provider &&
			(str_equal(model->name, entry->id) ||
				str_equal(model->upstream_name, entry->id)))
			return false;
	}
	return true;
}

static void plan_addition(struct sync_plan *plan,
	const struct provider *provider, const struct catalog_entry *entry)
{
	const struct model_facts unknown = {
		.kind = entry->kind,
		.input_modalities = MODALITY_TEXT,
		.output_modalities = MODALITY_TEXT,
		.capabilities = entry->kind == MODEL_CHAT ||
						entry->kind == MODEL_COMPLETION
					? MODEL_CAN_STREAM
					: 0,
		.quality = QUALITY_UNKNOWN,
		.quality_source = S(""),
	};
	struct model_facts facts = facts_wanted(plan, &unknown, entry, true);
	struct sync_change *change =
		sync_plan_change(plan, SYNC_ADDED, provider, NULL);

	change->name = entry->id;
	change->source = entry->source;
	change->facts = facts;
	change->prices = entry->prices;
	change->after_json = facts_json(plan, &facts, NULL);
}

static struct model_facts facts_of_model(const struct model *model)
{
	return (struct model_facts){ .kind = model->kind,
		.context_tokens = model->context_tokens,
		.max_output_tokens = model->max_output_tokens,
		.input_modalities = model->input_modalities,
		.output_modalities = model->output_modalities,
		.capabilities = model->capabilities,
		.quality = model->quality,
		.quality_source = model->quality_source,
		.speed_tps = model->speed_tps,
		.deprecated_ms = model->deprecated_ms };
}

/* What the entry does not know stays as it is. */
static struct model_facts facts_wanted(const struct sync_plan *plan,
	const struct model_facts *now, const struct catalog_entry *entry,
	bool same_source)
{
	struct model_facts next = *now;
	bool is_guess =
		str_equal(entry->quality_source, S(QUALITY_PRICE_PRIOR));

	if (entry->kind_known)
		next.kind = entry->kind;
	if (entry->context_tokens)
		next.context_tokens = entry->context_tokens;
	if (entry->max_output_tokens)
		next.max_output_tokens = entry->max_output_tokens;
	if (entry->input_modalities)
		next.input_modalities = entry->input_modalities;
	if (entry->output_modalities)
		next.output_modalities = entry->output_modalities;
	next.capabilities = (now->capabilities & ~entry->capabilities_known) |
			    entry->capabilities;
	if (entry->speed_tps)
		next.speed_tps = entry->speed_tps;
	/* A guess is made once: a model does not get worse when it gets
	 * cheaper. */
	if (entry->quality >= 0 &&
		(now->quality == QUALITY_UNKNOWN || !is_guess)) {
		next.quality = entry->quality;
		next.quality_source = entry->quality_source;
	} else if (now->quality == QUALITY_UNKNOWN && price_prior(entry) >= 0) {
		next.quality = price_prior(entry);
		next.quality_source = S(QUALITY_PRICE_PRIOR);
	}
	if (entry->deprecated_ms)
		next.deprecated_ms = entry->deprecated_ms;
	else if (entry->deprecated && !now->deprecated_ms)
		next.deprecated_ms = plan->request->now_ms;
	else if (!entry->deprecated && same_source)
		next.deprecated_ms = 0;
	return next;
}

static bool facts_equal(
	const struct model_facts *a, const struct model_facts *b)
{
	return a->kind == b->kind && a->context_tokens == b->context_tokens &&
	       a->max_output_tokens == b->max_output_tokens &&
	       a->input_modalities == b->input_modalities &&
	       a->output_modalities == b->output_modalities &&
	       a->capabilities == b->capabilities && a->quality == b->quality &&
	       str_equal(a->quality_source, b->quality_source) &&
	       a->speed_tps == b->speed_tps &&
	       a->deprecated_ms == b->deprecated_ms;
}

/* An object of what differs from `other`; NULL: of all. */
static struct str facts_json(struct sync_plan *plan,
	const struct model_facts *facts, const struct model_facts *other)
{
	struct buf out = BUF_INIT(SYNC_MAX_JSON_BYTES);
	struct json_writer w;
	struct str text;

	json_writer_init(&w, &out);
	json_begin_object(&w);
	if (!other || facts->kind != other->kind)
		json_member_str(
			&w, "kind", str_of(model_kind_name(facts->kind)));
	if (!other || facts->context_tokens != other->context_tokens)
		json_member_int(&w, "context", facts->context_tokens);
	if (!other || facts->max_output_tokens != other->max_output_tokens)
		json_member_int(&w, "max_output", facts->max_output_tokens);
	if (!other || facts->input_modalities != other->input_modalities) {
		json_name(&w, "input");
		flags_write_json(modality_names, facts->input_modalities, &w);
	}
	if (!other || facts->output_modalities != other->output_modalities) {
		json_name(&w, "output");
		flags_write_json(modality_names, facts->output_modalities, &w);
	}
	if (!other || facts->capabilities != other->capabilities) {
		json_name(&w, "capabilities");
		flags_write_json(capability_names, facts->capabilities, &w);
	}
	if (facts->quality != QUALITY_UNKNOWN &&
		(!other || facts->quality != other->quality)) {
		json_member_int(&w, "quality", facts->quality);
		json_member_str(&w, "quality_source", facts->quality_source);
	}
	if (other ? facts->speed_tps != other->speed_tps : facts->speed_tps)
		json_member_int(&w, "speed", facts->speed_tps);
	if (other ? facts->deprecated_ms != other->deprecated_ms
		  : facts->deprecated_ms)
		write_date(&w, "deprecated", facts->deprecated_ms);
	json_end_object(&w);
	text = arena_copy(plan->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

static void write_date(struct json_writer *w, const char *name, int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (unix_ms == 0) {
		json_member_null(w, name);
		return;
	}
	clock_format(unix_ms, text);
	json_member_str(w, name, str_of(text));
}

struct sync_change *sync_plan_change(struct sync_plan *plan,
	enum sync_change_kind kind, const struct provider *provider,
	const struct model *model)
{
	struct sync_change *change;

	if (plan->count == plan->capacity) {
		size_t capacity = plan->capacity ? 2 * plan->capacity : 64;
		struct sync_change *larger =
			ARENA_ARRAY(plan->arena, struct sync_change, capacity);

		if (plan->count)
			memcpy(larger, plan->changes,
				plan->count * sizeof(larger[0]));
		plan->changes = larger;
		plan->capacity = capacity;
	}
	change = &plan->changes[plan->count++];
	change->kind = kind;
	change->provider = provider;
	change->model = model;
	change->name = model ? model->name : S("");
	plan->counts[kind]++;
	return change;
}
