/*
 * providers.c - /providers: who answers, how they do, and with which keys.
 *
 * Providers are the whole installation's: everybody sees how they do, the
 * operator changes them. A key is tried at its provider before it is kept,
 * and never shown again.
 */
#include "catalog/known_provider.h"
#include "catalog/provider_check.h"
#include "site/change.h"
#include "site/form.h"
#include "site/pages/pages.h"
#include "site/pages/provider_json.h"

#define MAX_WEIGHT 1000000
#define MAX_RATE INT64_C(4000000000)

static bool list(struct site_request *request, json_t *out, struct error *err);
static bool show_new(
	struct site_request *request, json_t *out, struct error *err);
static bool put_one(struct site_request *request,
	const struct provider_facts *facts, json_t *out, struct error *err);
static bool create(
	struct site_request *request, json_t *out, struct error *err);
static void read_form(
	const struct site_request *request, struct provider *provider);
static bool enable(
	struct site_request *request, json_t *out, struct error *err);
static bool disable(
	struct site_request *request, json_t *out, struct error *err);
static bool set_enabled(struct site_request *request, bool enabled, json_t *out,
	struct error *err);
static bool remove_provider(
	struct site_request *request, json_t *out, struct error *err);
static bool add_key(
	struct site_request *request, json_t *out, struct error *err);
static bool try_key(struct site_request *request,
	const struct provider *provider, struct provider_answer *answer,
	struct error *err);
static bool save_key(struct site_request *request, int64_t provider_id,
	const struct provider_answer *answer, struct error *err);
static void put_answer(json_t *out, const struct provider_answer *answer);
static bool change_key(
	struct site_request *request, json_t *out, struct error *err);
static bool remove_key(
	struct site_request *request, json_t *out, struct error *err);
static bool finish(struct site_request *request, const char *action,
	const struct provider *provider, json_t *after, json_t *out,
	struct error *err);

#define KEY_FIELDS                                                           \
	{ .name = "key",                                                     \
		.type = SITE_SECRET,                                         \
		.max_bytes = PROVIDER_KEY_MAX_BYTES },                       \
		{ .name = "key_name", .type = SITE_TEXT, .max_bytes = 191 }, \
		{ .name = "key_weight",                                      \
			.type = SITE_INT,                                    \
			.min = 1,                                            \
			.max = MAX_WEIGHT },                                 \
	{                                                                    \
		.name = "insist", .type = SITE_BOOL                          \
	}

static const struct site_field create_fields[] = {
	{ .name = "name",
		.type = SITE_TEXT,
		.required = true,
		.max_bytes = PROVIDER_NAME_MAX_BYTES },
	{ .name = "dialect", .type = SITE_TEXT, .max_bytes = 120 },
	{ .name = "base_url", .type = SITE_TEXT, .max_bytes = 512 },
	{ .name = "auth", .type = SITE_TEXT, .max_bytes = 64 },
	{ .name = "weight", .type = SITE_INT, .min = 1, .max = MAX_WEIGHT },
	{ .name = "rpm", .type = SITE_INT, .max = MAX_RATE },
	{ .name = "tpm", .type = SITE_INT, .max = MAX_RATE },
	{ .name = "concurrent", .type = SITE_INT, .max = MAX_RATE },
	KEY_FIELDS,
	{ .name = NULL },
};

static const struct site_field key_fields[] = {
	KEY_FIELDS,
	{ .name = NULL },
};

static const struct site_field change_key_fields[] = {
	{ .name = "id",
		.type = SITE_INT,
		.required = true,
		.min = 1,
		.max = INT64_MAX },
	{ .name = "weight", .type = SITE_INT, .min = 1, .max = MAX_WEIGHT },
	{ .name = "enabled", .type = SITE_BOOL },
	{ .name = NULL },
};

const struct site_page pages_providers[] = {
	{ .path = STR("/providers"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = list,
		.template = "providers",
		.title = "providers.title",
		.nav = "providers" },
	{ .path = STR("/providers/new"),
		.method = SITE_GET,
		.who = SITE_OPERATOR,
		.load = show_new,
		.template = "provider_new",
		.title = "providers.new",
		.nav = "providers" },
	{ .path = STR("/providers/new"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = create_fields,
		.load = create },
	{ .path = STR("/providers"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = create_fields,
		.load = create },
	{ .path = STR("/providers/{id}"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = provider_show,
		.template = "provider",
		.title = "providers.one",
		.nav = "providers" },
	{ .path = STR("/providers/{id}"),
		.method = SITE_DELETE,
		.who = SITE_OPERATOR,
		.load = remove_provider },
	{ .path = STR("/providers/{id}/remove"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.load = remove_provider },
	{ .path = STR("/providers/{id}/enable"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.load = enable },
	{ .path = STR("/providers/{id}/disable"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.load = disable },
	{ .path = STR("/providers/{id}/keys"),
		.method = SITE_GET,
		.who = SITE_OPERATOR,
		.load = provider_show,
		.template = "provider",
		.title = "providers.one",
		.nav = "providers" },
	{ .path = STR("/providers/{id}/keys"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = key_fields,
		.load = add_key },
	{ .path = STR("/providers/{id}/key"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = change_key_fields,
		.load = change_key },
	{ .path = STR("/providers/{id}/key-remove"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = change_key_fields,
		.load = remove_key },
	{ .path = STR("") },
};

static bool list(struct site_request *request, json_t *out, struct error *err)
{
	json_t *providers = json_array();
	struct provider_facts facts;
	bool ok = provider_facts_load(request, &facts, err);

	json_object_set_new(out, "providers", providers);
	for (size_t i = 0; ok && i < facts.catalog->provider_count; i++)
		json_array_append_new(
			providers, provider_json(request, &facts,
					   facts.catalog->providers[i]));
	provider_facts_release(&facts);
	return ok;
}

/* Whose address is known needs no more than a name and a key. */
static bool show_new(
	struct site_request *request, json_t *out, struct error *err)
{
	json_t *list = json_array();
	const struct known_provider *known;

	(void)request;
	(void)err;
	json_object_set_new(out, "known", list);
	for (size_t i = 0; (known = known_provider_at(i)); i++) {
		json_t *item = json_object();

		site_put(item, "name", known->name);
		site_put(item, "dialect", known->dialect);
		site_put(item, "base_url", known->base_url);
		json_array_append_new(list, item);
	}
	return true;
}

bool provider_show(struct site_request *request, json_t *out, struct error *err)
{
	struct provider_facts facts;
	bool ok = provider_facts_load(request, &facts, err) &&
		  put_one(request, &facts, out, err);

	provider_facts_release(&facts);
	return ok;
}

static bool put_one(struct site_request *request,
	const struct provider_facts *facts, json_t *out, struct error *err)
{
	int64_t id = 0;

	(void)!str_to_int64_in(request->id, 1, INT64_MAX, &id);
	for (size_t i = 0; i < facts->catalog->provider_count; i++) {
		const struct provider *provider = facts->catalog->providers[i];
		json_t *json;

		if (provider->id != id)
			continue;
		json = provider_json(request, facts, provider);
		json_object_set_new(out, "provider", json);
		return !request->session.is_operator ||
		       provider_put_keys(request, json, provider, err);
	}
	return error_refuse(
		err, ERR_NOT_FOUND, "id", "There is no such provider.");
}

static bool create(struct site_request *request, json_t *out, struct error *err)
{
	bool allow_private = request->site->settings->allow_private_upstreams;
	bool with_key = site_has(request, "key"), created;
	struct provider_answer answer = { .verdict = PROVIDER_UNCLEAR };
	struct provider provider;
	size_t models = 0;

	if (!provider_prefill(request->db, site_text(request, "name"),
		    request->arena, &provider, err))
		return false;
	if (provider.id)
		return error_refuse(err, ERR_DUPLICATE, "name",
			"There is a provider of this name already.");
	read_form(request, &provider);
	if (!provider_check_form(
		    &provider, allow_private, request->arena, err) ||
		(with_key && !try_key(request, &provider, &answer, err)) ||
		!db_begin(request->db, err) ||
		!provider_save(
			request->db, &provider, &provider.id, &created, err) ||
		!provider_add_models(request->db, request->site->settings,
			&provider, request->arena, &models, err) ||
		(with_key && !save_key(request, provider.id, &answer, err)))
		return false;
	site_put_int(out, "models_added", (int64_t)models);
	if (with_key)
		put_answer(out, &answer);
	return finish(request, "provider.create", &provider,
		json_pack("{s:s%,s:s%,s:b}", "dialect", provider.dialect.p,
			provider.dialect.n, "base_url", provider.base_url.p,
			provider.base_url.n, "with_key", with_key),
		out, err);
}

static void read_form(
	const struct site_request *request, struct provider *provider)
{
	if (site_has(request, "dialect"))
		provider->dialect = site_text(request, "dialect");
	if (site_has(request, "base_url"))
		provider->base_url = site_text(request, "base_url");
	if (site_has(request, "auth"))
		provider->auth = site_text(request, "auth");
	if (site_has(request, "weight"))
		provider->weight = site_int(request, "weight");
	provider->requests_per_minute = site_int(request, "rpm");
	provider->tokens_per_minute = site_int(request, "tpm");
	provider->concurrent = site_int(request, "concurrent");
}

static bool enable(struct site_request *request, json_t *out, struct error *err)
{
	return set_enabled(request, true, out, err);
}

static bool disable(
	struct site_request *request, json_t *out, struct error *err)
{
	return set_enabled(request, false, out, err);
}

static bool set_enabled(struct site_request *request, bool enabled, json_t *out,
	struct error *err)
{
	struct provider provider;

	return db_begin(request->db, err) &&
	       provider_find_by_id(request, &provider, err) &&
	       provider_set_enabled(request->db, provider.id, enabled, err) &&
	       finish(request, enabled ? "provider.enable" : "provider.disable",
		       &provider, NULL, out, err);
}

static bool remove_provider(
	struct site_request *request, json_t *out, struct error *err)
{
	struct provider provider;
	int64_t id;

	if (!db_begin(request->db, err) ||
		!provider_find_by_id(request, &provider, err) ||
		!provider_remove(request->db, provider.name, &id, err) ||
		!finish(request, "provider.remove", &provider, NULL, out, err))
		return false;
	site_redirect(request, S("/providers"), "flash.provider_removed");
	return true;
}

/* --- its keys */

static bool add_key(
	struct site_request *request, json_t *out, struct error *err)
{
	struct provider_answer answer;
	struct provider provider;

	if (!site_has(request, "key"))
		return error_refuse(
			err, ERR_MISSING_FIELD, "key", "Fill in 'key'.");
	if (!provider_find_by_id(request, &provider, err) ||
		!provider_check_form(&provider,
			request->site->settings->allow_private_upstreams,
			request->arena, err) ||
		!try_key(request, &provider, &answer, err) ||
		!db_begin(request->db, err) ||
		!save_key(request, provider.id, &answer, err))
		return false;
	put_answer(out, &answer);
	return finish(request, "provider.key_set", &provider,
		json_pack("{s:s,s:s}", "verdict",
			provider_verdict_name(answer.verdict), "name",
			arena_cstr(request->arena,
				site_text(request, "key_name"))),
		out, err);
}

/* Outside of a transaction, since it waits for the provider. */
static bool try_key(struct site_request *request,
	const struct provider *provider, struct provider_answer *answer,
	struct error *err)
{
	struct str key = str_trim(site_text(request, "key"));

	if (!provider_key_check_form(provider->auth, key, err))
		return false;
	provider_check(provider, key,
		request->site->settings->allow_private_upstreams,
		request->arena, answer);
	if (site_bool(request, "insist"))
		return true;
	if (answer->verdict == PROVIDER_REFUSES)
		return error_refuse(err, ERR_BAD_FIELD, "key",
			"The provider refuses this key (status %d)%s%.*s It "
			"was not saved; insist to save it nevertheless.",
			answer->status, answer->said.n ? ": " : ".",
			STR_ARG(answer->said));
	return answer->verdict != PROVIDER_UNREACHED ||
	       error_refuse(err, ERR_BAD_FIELD, "key",
		       "The provider cannot be reached to try this key: "
		       "%.*s. It was not saved; insist to save it "
		       "nevertheless.",
		       STR_ARG(answer->said));
}

static bool save_key(struct site_request *request, int64_t provider_id,
	const struct provider_answer *answer, struct error *err)
{
	struct str key = str_trim(site_text(request, "key"));
	struct str name = site_has(request, "key_name")
				  ? site_text(request, "key_name")
				  : S("default");
	int64_t weight = site_has(request, "key_weight")
				 ? site_int(request, "key_weight")
				 : 1;

	return provider_key_save(request->db, request->site->vault, provider_id,
		       name, key, weight, err) &&
	       (answer->verdict != PROVIDER_ACCEPTS ||
		       provider_key_note_valid(
			       request->db, provider_id, name, err));
}

static void put_answer(json_t *out, const struct provider_answer *answer)
{
	json_t *json = json_object();

	site_put(json, "verdict",
		str_of(provider_verdict_name(answer->verdict)));
	site_put_int(json, "status", answer->status);
	site_put(json, "said", answer->said);
	json_object_set_new(out, "check", json);
}

static bool change_key(
	struct site_request *request, json_t *out, struct error *err)
{
	int64_t id = site_int(request, "id"), weight = 1;
	bool enabled = site_bool(request, "enabled");
	struct provider provider;

	if (site_has(request, "weight"))
		weight = site_int(request, "weight");
	return db_begin(request->db, err) &&
	       provider_find_by_id(request, &provider, err) &&
	       provider_key_change(
		       request->db, provider.id, id, weight, enabled, err) &&
	       finish(request, "provider.key_change", &provider,
		       json_pack("{s:I,s:I,s:b}", "key_id", (json_int_t)id,
			       "weight", (json_int_t)weight, "enabled",
			       enabled),
		       out, err);
}

static bool remove_key(
	struct site_request *request, json_t *out, struct error *err)
{
	int64_t id = site_int(request, "id");
	struct provider provider;

	return db_begin(request->db, err) &&
	       provider_find_by_id(request, &provider, err) &&
	       provider_key_remove(request->db, provider.id, id, err) &&
	       finish(request, "provider.key_remove", &provider,
		       json_pack("{s:I}", "key_id", (json_int_t)id), out, err);
}

bool provider_find_by_id(
	struct site_request *request, struct provider *out, struct error *err)
{
	struct str name = S("");
	struct catalog *catalog;
	int64_t id = 0;

	(void)!str_to_int64_in(request->id, 1, INT64_MAX, &id);
	if (!catalog_load(request->db, &catalog, err))
		return false;
	for (size_t i = 0; i < catalog->provider_count; i++)
		if (catalog->providers[i]->id == id)
			name = arena_copy(
				request->arena, catalog->providers[i]->name);
	catalog_free(catalog);
	if (name.n == 0)
		return error_refuse(
			err, ERR_NOT_FOUND, "id", "There is no such provider.");
	return provider_prefill(request->db, name, request->arena, out, err);
}

static bool finish(struct site_request *request, const char *action,
	const struct provider *provider, json_t *after, json_t *out,
	struct error *err)
{
	return provider_finish(
		request, action, provider, NULL, after, out, err);
}

bool provider_finish(struct site_request *request, const char *action,
	const struct provider *provider, json_t *before, json_t *after,
	json_t *out, struct error *err)
{
	const struct site_change note = {
		.action = action,
		.object_id = provider->id,
		.object_name = provider->name,
		.before = before,
		.after = after,
	};

	if (!site_change_note(request, &note, err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", provider->id);
	site_put(out, "name", provider->name);
	site_redirect(request,
		arena_printf(
			request->arena, "/providers/%" PRId64, provider->id),
		"flash.saved");
	return true;
}
