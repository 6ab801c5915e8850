/*
 * models.c - what this key may use, aliases first, in the shape of the
 * asking dialect.
 */
#include "gateway/stages.h"

#include "base/clock.h"

#define MAX_LIST_BYTES (16 << 20)

/* One line of the list. */
struct entry {
	struct str id;
	struct str owner;
	int64_t created_ms;
	int64_t context_tokens;    /* 0: not known */
	int64_t max_output_tokens; /* 0: not known */
};

/* How a dialect shows a model, and a list of them. */
struct list_form {
	const char *dialect;
	const char *list; /* the member that holds them */
	void (*write_entry)(const struct entry *entry, struct json_writer *w);
	/* The list's other members; first and last are empty of no models. */
	void (*write_rest)(
		struct str first, struct str last, struct json_writer *w);
};

static void write_openai(const struct entry *entry, struct json_writer *w);
static void write_openai_rest(
	struct str first, struct str last, struct json_writer *w);
static void write_anthropic(const struct entry *entry, struct json_writer *w);
static void write_anthropic_rest(
	struct str first, struct str last, struct json_writer *w);
static void write_gemini(const struct entry *entry, struct json_writer *w);
static void write_no_rest(
	struct str first, struct str last, struct json_writer *w);

/* The first one is for every other dialect. */
static const struct list_form forms[] = {
	{ "openai_chat", "data", write_openai, write_openai_rest },
	{ "anthropic", "data", write_anthropic, write_anthropic_rest },
	{ "gemini", "models", write_gemini, write_no_rest },
};

static const struct list_form *form_of(const struct dialect *dialect);
static void write_list(
	struct call *call, const struct list_form *form, struct json_writer *w);
static bool write_named(
	struct call *call, const struct list_form *form, struct json_writer *w);
static bool sees_alias(const struct call *call, const struct alias *alias);
static bool sees_model(const struct call *call, const struct model *model);
static struct entry entry_of_alias(const struct alias *alias);
static struct entry entry_of_model(const struct model *model, struct str name);
static void member_count(
	struct json_writer *w, const char *name, int64_t count);

enum verdict list_models(struct call *call)
{
	const struct list_form *form = form_of(call->dialect);
	struct buf body = BUF_INIT(MAX_LIST_BYTES);
	struct json_writer w;

	json_writer_init(&w, &body);
	if (call->listed_id.n == 0) {
		write_list(call, form, &w);
	} else if (!write_named(call, form, &w)) {
		if (!call->refreshed)
			return NEEDS_DATABASE;
		error_refuse(&call->error, ERR_MODEL_NOT_FOUND, "model",
			"The model '%.*s' does not exist here, or this key "
			"may not use it.",
			STR_ARG(str_head(call->listed_id, 200)));
		return FAILED;
	}
	call->status = 200;
	http_begin(call->x, call->status, "application/json");
	answer_headers(call);
	http_header_int(call->x, "Content-Length", (int64_t)body.n);
	http_body(call->x, buf_str(&body));
	buf_release(&body);
	call_end(call);
	return ANSWERED;
}

static const struct list_form *form_of(const struct dialect *dialect)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (strcmp(forms[i].dialect, dialect->name) == 0)
			return &forms[i];
	return &forms[0];
}

static void write_list(
	struct call *call, const struct list_form *form, struct json_writer *w)
{
	const struct catalog *catalog = call->snapshot->catalog;
	struct str first = S(""), last = S("");

	json_begin_object(w);
	json_name(w, form->list);
	json_begin_array(w);
	for (size_t i = 0; i < catalog->alias_count; i++) {
		struct entry entry = entry_of_alias(catalog->aliases[i]);

		if (!sees_alias(call, catalog->aliases[i]))
			continue;
		form->write_entry(&entry, w);
		first = first.n ? first : entry.id;
		last = entry.id;
	}
	/* Sorted by name: what several providers offer is listed once. */
	for (size_t i = 0; i < catalog->offered_count; i++) {
		const struct model *model = catalog->offered[i];
		struct entry entry = entry_of_model(model, model->name);

		if (!sees_model(call, model) || str_equal(entry.id, last))
			continue;
		form->write_entry(&entry, w);
		first = first.n ? first : entry.id;
		last = entry.id;
	}
	json_end_array(w);
	form->write_rest(first, last, w);
	json_end_object(w);
}

static bool write_named(
	struct call *call, const struct list_form *form, struct json_writer *w)
{
	const struct catalog *catalog = call->snapshot->catalog;
	const struct alias *alias = catalog_find_alias(
		catalog, call->key->project_id, call->listed_id);
	const struct model *const *models;
	size_t count = catalog_find_models(catalog, call->listed_id, &models);
	struct entry entry;

	if (alias && sees_alias(call, alias)) {
		entry = entry_of_alias(alias);
		form->write_entry(&entry, w);
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		if (!sees_model(call, models[i]))
			continue;
		entry = entry_of_model(models[i], call->listed_id);
		form->write_entry(&entry, w);
		return true;
	}
	return false;
}

static bool sees_alias(const struct call *call, const struct alias *alias)
{
	return (alias->project_id == 0 ||
		       alias->project_id == call->key->project_id) &&
	       gateway_key_allows_name(call->key, alias->name);
}

static bool sees_model(const struct call *call, const struct model *model)
{
	return gateway_key_allows(
		call->key, model->provider->name, model->name);
}

static struct entry entry_of_alias(const struct alias *alias)
{
	return (struct entry){ .id = alias->name, .owner = S("llm-gateway") };
}

static struct entry entry_of_model(const struct model *model, struct str name)
{
	return (struct entry){ name, model->provider->name, model->created_ms,
		model->context_tokens, model->max_output_tokens };
}

/* Source: OpenAI's API reference, "The model object"; seconds. */
static void write_openai(const struct entry *entry, struct json_writer *w)
{
	json_begin_object(w);
	json_member_str(w, "id", entry->id);
	json_member_str(w, "object", S("model"));
	json_member_int(w, "created", entry->created_ms / 1000);
	json_member_str(w, "owned_by", entry->owner);
	json_end_object(w);
}

static void write_openai_rest(
	struct str first, struct str last, struct json_writer *w)
{
	(void)first;
	(void)last;
	json_member_str(w, "object", S("list"));
}

/* Source: Anthropic's specification, ModelInfo; an unknown time may be the
 * epoch. */
static void write_anthropic(const struct entry *entry, struct json_writer *w)
{
	char created[CLOCK_TEXT_BYTES];

	clock_format(entry->created_ms, created);
	json_begin_object(w);
	json_member_str(w, "type", S("model"));
	json_member_str(w, "id", entry->id);
	json_member_str(w, "display_name", entry->id);
	json_member_str(w, "created_at", str_of(created));
	member_count(w, "max_input_tokens", entry->context_tokens);
	member_count(w, "max_tokens", entry->max_output_tokens);
	json_member_null(w, "capabilities");
	json_end_object(w);
}

static void member_count(struct json_writer *w, const char *name, int64_t count)
{
	if (count > 0)
		json_member_int(w, name, count);
	else
		json_member_null(w, name);
}

static void write_anthropic_rest(
	struct str first, struct str last, struct json_writer *w)
{
	json_member_bool(w, "has_more", false);
	if (first.n == 0) {
		json_member_null(w, "first_id");
		json_member_null(w, "last_id");
		return;
	}
	json_member_str(w, "first_id", first);
	json_member_str(w, "last_id", last);
}

/* Source: Google's discovery document of v1beta, Model. */
static void write_gemini(const struct entry *entry, struct json_writer *w)
{
	struct buf name = BUF_INIT(4096);

	buf_append(&name, S("models/"));
	buf_append(&name, entry->id);
	json_begin_object(w);
	json_member_str(w, "name", buf_str(&name));
	json_member_str(w, "baseModelId", entry->id);
	json_member_str(w, "version", S("001"));
	json_member_str(w, "displayName", entry->id);
	if (entry->context_tokens > 0)
		json_member_int(w, "inputTokenLimit", entry->context_tokens);
	if (entry->max_output_tokens > 0)
		json_member_int(
			w, "outputTokenLimit", entry->max_output_tokens);
	json_member_raw(w, "supportedGenerationMethods",
		S("[\"generateContent\",\"countTokens\"]"));
	json_end_object(w);
	buf_release(&name);
}

static void write_no_rest(
	struct str first, struct str last, struct json_writer *w)
{
	(void)first;
	(void)last;
	(void)w;
}
