/*
 * models.c - /models: the catalogue, filtered and sorted, and models of it
 * side by side. One model is in model.c, the updater in models_sync.c.
 */
#include "base/clock.h"
#include "base/money.h"
#include "site/form.h"
#include "site/pages/model_json.h"
#include "site/pages/pages.h"

#define PAGE_MODELS 50
#define MAX_PAGE 100000
#define MAX_COMPARED 4

enum sort { BY_NAME, BY_INPUT, BY_OUTPUT, BY_CONTEXT, BY_QUALITY, BY_SPEED };

static const struct str sorts[] = {
	[BY_NAME] = STR("name"),
	[BY_INPUT] = STR("input"),
	[BY_OUTPUT] = STR("output"),
	[BY_CONTEXT] = STR("context"),
	[BY_QUALITY] = STR("quality"),
	[BY_SPEED] = STR("speed"),
};

struct choice {
	struct str text;
	struct str provider;
	struct str kind;
	struct str state;
	unsigned modality;
	unsigned capability;
	int64_t max_picousd; /* of a token of prompt; -1: any */
};

/* A model beside what it is sorted by. */
struct ranked {
	const struct model *model;
	int64_t rank;
};

static bool list(struct site_request *request, json_t *out, struct error *err);
static bool read_choice(const struct site_request *request,
	struct choice *choice, struct error *err);
static bool fits(const struct choice *choice, const struct model *model);
static bool has_text(struct str text, struct str part);
static int64_t rank_of(const struct model *model, enum sort sort);
static int compare_ranked(const void *a, const void *b);
static enum sort sort_of(const struct site_request *request);
static void put_page(const struct site_request *request,
	const struct ranked *found, size_t count, json_t *out);
static void put_options(const struct site_request *request,
	const struct catalog *catalog, json_t *out);
static size_t flag_names(
	const struct flag_name *table, struct str names[static 8]);
static struct str address(const struct site_request *request, int64_t page);
static bool compare(
	struct site_request *request, json_t *out, struct error *err);
static const struct model *find(const struct catalog *catalog, int64_t id);

#define SORTS "name|input|output|context|quality|speed"

static const struct site_field list_fields[] = {
	{ .name = "text", .type = SITE_TEXT, .max_bytes = 191 },
	{ .name = "provider", .type = SITE_TEXT, .max_bytes = 64 },
	{ .name = "kind",
		.type = SITE_CHOICE,
		.choices = "chat|completion|embedding|moderation|rerank|image|"
			   "audio" },
	{ .name = "input",
		.type = SITE_CHOICE,
		.choices = "text|image|audio|video|file" },
	{ .name = "can",
		.type = SITE_CHOICE,
		.choices = "tools|parallel_tools|json_schema|reasoning|"
			   "streaming" },
	{ .name = "max_price", .type = SITE_TEXT, .max_bytes = 24 },
	{ .name = "state",
		.type = SITE_CHOICE,
		.choices = "offered|disabled|deprecated|all" },
	{ .name = "sort", .type = SITE_CHOICE, .choices = SORTS },
	{ .name = "page", .type = SITE_INT, .min = 1, .max = MAX_PAGE },
	{ .name = NULL },
};

const struct site_page pages_models[] = {
	{ .path = STR("/models"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = list_fields,
		.load = list,
		.template = "models",
		.title = "models.title",
		.nav = "models" },
	{ .path = STR("/models/compare"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = compare,
		.template = "models_compare",
		.title = "models.compare",
		.nav = "models" },
	{ .path = STR("") },
};

static bool list(struct site_request *request, json_t *out, struct error *err)
{
	const struct catalog *catalog;
	enum sort sort = sort_of(request);
	struct choice choice;
	struct ranked *found;
	size_t count = 0;

	if (!read_choice(request, &choice, err) ||
		!model_json_catalog(request, &catalog, err))
		return false;
	found = ARENA_ARRAY(
		request->arena, struct ranked, catalog->model_count + 1);
	for (size_t i = 0; i < catalog->model_count; i++) {
		const struct model *model = catalog->models[i];

		if (fits(&choice, model))
			found[count++] =
				(struct ranked){ model, rank_of(model, sort) };
	}
	qsort(found, count, sizeof(*found), compare_ranked);
	put_page(request, found, count, out);
	put_options(request, catalog, out);
	site_put_bool(out, "is_empty", catalog->model_count == 0);
	site_put_bool(out, "may_change", request->session.is_operator);
	return true;
}

static bool read_choice(const struct site_request *request,
	struct choice *choice, struct error *err)
{
	*choice = (struct choice){
		.text = site_text(request, "text"),
		.provider = site_text(request, "provider"),
		.kind = site_text(request, "kind"),
		.state = site_text(request, "state"),
		.modality =
			flag_find(modality_names, site_text(request, "input")),
		.capability =
			flag_find(capability_names, site_text(request, "can")),
		.max_picousd = -1,
	};
	return !site_has(request, "max_price") ||
	       money_parse_usd_per_million(
		       site_text(request, "max_price"), &choice->max_picousd) ||
	       error_refuse(err, ERR_BAD_FIELD, "max_price",
		       "A price is in US dollars for a million tokens, as in "
		       "2.50.");
}

static bool fits(const struct choice *choice, const struct model *model)
{
	const struct price *price = model_price_at(model, clock_unix_ms());
	bool is_gone = model->deprecated_ms > 0;

	if (str_equal(choice->state, S("disabled")) && model->enabled)
		return false;
	if (str_equal(choice->state, S("deprecated")) && !is_gone)
		return false;
	if (choice->state.n == 0 || str_equal(choice->state, S("offered")))
		if (!model_is_offered(model))
			return false;
	if (choice->max_picousd >= 0 &&
		(!price || price->input_picousd > choice->max_picousd))
		return false;
	return (choice->provider.n == 0 ||
		       str_equal(choice->provider, model->provider->name)) &&
	       (choice->kind.n == 0 ||
		       str_equal(choice->kind,
			       str_of(model_kind_name(model->kind)))) &&
	       (choice->modality & ~model->input_modalities) == 0 &&
	       (choice->capability & ~model->capabilities) == 0 &&
	       (has_text(model->name, choice->text) ||
		       has_text(model->upstream_name, choice->text));
}

/* In any case; every text has the empty one. */
static bool has_text(struct str text, struct str part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (str_equal_nocase(str_head(str_from(text, i), part.n), part))
			return true;
	return part.n == 0;
}

static enum sort sort_of(const struct site_request *request)
{
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++)
		if (str_equal(sorts[i], site_text(request, "sort")))
			return (enum sort)i;
	return BY_NAME;
}

/* The least comes first: what is cheap, or large, or good. */
static int64_t rank_of(const struct model *model, enum sort sort)
{
	const struct price *price = model_price_at(model, clock_unix_ms());

	switch (sort) {
	case BY_NAME: return 0;
	case BY_INPUT: return price ? price->input_picousd : INT64_MAX;
	case BY_OUTPUT: return price ? price->output_picousd : INT64_MAX;
	case BY_CONTEXT: return -model->context_tokens;
	case BY_QUALITY: return -model->quality;
	case BY_SPEED: return -model->speed_tps;
	}
	abort();
}

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;
	int order;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	order = str_compare(left->model->name, right->model->name);
	return order ? order
		     : str_compare(left->model->provider->name,
			       right->model->provider->name);
}

static void put_page(const struct site_request *request,
	const struct ranked *found, size_t count, json_t *out)
{
	int64_t page =
		site_int(request, "page") ? site_int(request, "page") : 1;
	size_t from = (size_t)(page - 1) * PAGE_MODELS;
	struct format format = format_of(request);
	json_t *models = json_array();

	for (size_t i = from; i < count && i < from + PAGE_MODELS; i++)
		json_array_append_new(
			models, model_json(&format, found[i].model));
	json_object_set_new(out, "models", models);
	format_put_count(&format, out, "found", (int64_t)count);
	if (page > 1)
		site_put(out, "newer", address(request, page - 1));
	if (from + PAGE_MODELS < count)
		site_put(out, "older", address(request, page + 1));
}

static void put_options(const struct site_request *request,
	const struct catalog *catalog, json_t *out)
{
	static const struct str states[] = { STR("offered"), STR("disabled"),
		STR("deprecated"), STR("all") };
	struct str *names = ARENA_ARRAY(
		request->arena, struct str, catalog->provider_count + 1);
	struct str kinds[MODEL_KINDS], flags[8];
	json_t *options = json_object();

	for (size_t i = 0; i < catalog->provider_count; i++)
		names[i] = catalog->providers[i]->name;
	for (unsigned i = 0; i < MODEL_KINDS; i++)
		kinds[i] = str_of(model_kind_name((enum model_kind)i));
	json_object_set_new(out, "options", options);
	json_object_set_new(options, "providers",
		model_json_options(request, NULL, names,
			catalog->provider_count,
			site_text(request, "provider")));
	json_object_set_new(options, "kinds",
		model_json_options(request, "model_kinds", kinds, MODEL_KINDS,
			site_text(request, "kind")));
	json_object_set_new(options, "inputs",
		model_json_options(request, "modalities", flags,
			flag_names(modality_names, flags),
			site_text(request, "input")));
	json_object_set_new(options, "abilities",
		model_json_options(request, "capabilities", flags,
			flag_names(capability_names, flags),
			site_text(request, "can")));
	json_object_set_new(options, "states",
		model_json_options(request, "model_states", states,
			ARRAY_LEN(states), site_text(request, "state")));
	json_object_set_new(options, "sorts",
		model_json_options(request, "model_sorts", sorts,
			ARRAY_LEN(sorts), site_text(request, "sort")));
}

static size_t flag_names(
	const struct flag_name *table, struct str names[static 8])
{
	size_t count = 0;

	for (; table->name.n > 0 && count < 8; table++)
		names[count++] = table->name;
	return count;
}

/* The same list, another page of it. */
static struct str address(const struct site_request *request, int64_t page)
{
	struct buf text = BUF_INIT(8192);
	struct str copy;

	buf_printf(&text, "/models?page=%" PRId64, page);
	for (const struct site_field *field = list_fields; field->name;
		field++) {
		if (!site_has(request, field->name) ||
			strcmp(field->name, "page") == 0)
			continue;
		buf_printf(&text, "&%s=", field->name);
		form_encode(&text, site_text(request, field->name));
	}
	copy = arena_copy(request->arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

/* /models/compare?id=3&id=7: the first four of them. */
static bool compare(
	struct site_request *request, json_t *out, struct error *err)
{
	struct str rest = request->exchange->query, pair;
	struct format format = format_of(request);
	json_t *models = json_array();
	const struct catalog *catalog;

	json_object_set_new(out, "models", models);
	if (!model_json_catalog(request, &catalog, err))
		return false;
	while (str_next_field(&rest, '&', &pair)) {
		const struct model *model;
		int64_t id;

		if (!str_starts(pair, S("id=")) ||
			!str_to_int64_in(str_from(pair, 3), 1, INT64_MAX, &id))
			continue;
		model = find(catalog, id);
		if (!model)
			return error_refuse(err, ERR_NOT_FOUND, "id",
				"There is no model %" PRId64 ".", id);
		if (json_array_size(models) < MAX_COMPARED)
			json_array_append_new(
				models, model_json(&format, model));
	}
	site_put_bool(out, "are_enough", json_array_size(models) > 1);
	return true;
}

static const struct model *find(const struct catalog *catalog, int64_t id)
{
	for (size_t i = 0; i < catalog->model_count; i++)
		if (catalog->models[i]->id == id)
			return catalog->models[i];
	return NULL;
}
