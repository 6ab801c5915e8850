/*
 * route_name.c - what a request asks for: an alias, a model, or that the
 * router chooses.
 *
 * An alias or a model that is called "auto" is asked for by that name. Else
 * "auto" is the router, and so is no name at all; "auto:cheap" says what it
 * is to prefer. It may be told to choose among some only: by `models` in the
 * body, or the header X-Gateway-Models. `models` without a `model` are tried
 * in their order, as OpenRouter has it:
 * https://openrouter.ai/docs/guides/routing/model-fallbacks
 */
#include "gateway/routing.h"

#define MODELS_MAX 32

static bool read_preset(struct call *call, struct str name);
static struct routing_policy default_policy(const struct call *call);
static bool read_among(struct call *call, bool has_model);
static bool read_list(struct call *call, struct json list);
static bool remove_models(struct call *call);
static struct splice_edit edit_out(struct str body, struct json_member member);
static void add_tags(
	struct str header, struct str *tags, size_t *count, size_t max);

bool route_resolve(struct call *call)
{
	const struct catalog *catalog = call->snapshot->catalog;
	struct str name = call->head.model;
	const struct model *const *models;

	call->is_auto = false;
	call->among = (struct name_list){ .count = 0 };
	call->alias = NULL;
	if (name.n > 0)
		call->alias = catalog_find_alias(
			catalog, call->key->project_id, name);
	call->policy = default_policy(call);
	if (call->alias ||
		(name.n > 0 && catalog_find_models(catalog, name, &models) > 0))
		return true;
	if (name.n > 0 && !str_equal(name, S("auto")) &&
		!str_starts(name, S("auto:")))
		return true;
	if (call->service)
		return error_refuse(&call->error, ERR_MISSING_FIELD, "model",
			"Name a model in 'model'. GET /v1/models lists those "
			"that this key may use.");
	return read_preset(call, name) && read_among(call, name.n > 0);
}

bool route_needs_class(const struct call *call)
{
	if (!call->alias)
		return call->is_auto;
	if (call->alias->strategy == ALIAS_AUTO)
		return true;
	for (const struct alias_target *t = call->alias->targets; t;
		t = t->next)
		if (t->condition && t->condition->complexities)
			return true;
	return false;
}

struct alias_facts route_facts(struct call *call)
{
	struct str header = http_param(call->x, S("HTTP_X_GATEWAY_TAGS"));
	struct name_list own = call->key->tags;
	struct str *tags = ARENA_ARRAY(call->arena, struct str, ROUTING_TAGS);
	size_t count = 0;

	for (size_t i = 0; i < own.count && count < ROUTING_TAGS; i++)
		tags[count++] = own.names[i];
	add_tags(header, tags, &count, ROUTING_TAGS);
	return (struct alias_facts){
		.complexity = call->classification.complexity,
		.prompt_tokens = route_prompt_tokens(call),
		.tags = tags,
		.tag_count = count,
		.who = call->head.user.n > 0 ? call->head.user
					     : str_of(call->request_id),
	};
}

int64_t route_prompt_tokens(struct call *call)
{
	return meter_tokens_of(call->head.prompt_bytes);
}

/* "auto", "auto:cheap", "". */
static bool read_preset(struct call *call, struct str name)
{
	struct str word = str_from(name, sizeof("auto:") - 1);
	enum routing_preset preset;

	call->is_auto = true;
	if (name.n <= sizeof("auto") - 1)
		return true;
	if (!routing_preset_find(word, &preset))
		return error_refuse(&call->error, ERR_MODEL_NOT_FOUND, "model",
			"The router is asked for as auto, auto:cheap, "
			"auto:balanced or auto:quality, not '%.*s'.",
			STR_ARG(str_head(name, 100)));
	call->policy = routing_policy_of(preset);
	return true;
}

static struct routing_policy default_policy(const struct call *call)
{
	enum routing_preset preset = ROUTING_BALANCED;

	if (call->key->routing.is_set)
		return call->key->routing;
	if (!routing_preset_find(
		    call->gateway->settings->routing_preset, &preset))
		preset = ROUTING_BALANCED;
	return routing_policy_of(preset);
}

static bool read_among(struct call *call, bool has_model)
{
	struct json list = json_find(call->head.root, S("models"));
	struct str header = http_param(call->x, S("HTTP_X_GATEWAY_MODELS"));

	/* The log and the client are told what the absence of a name means. */
	if (!has_model)
		call->head.model = S("auto");
	if (list.type == JSON_TYPE_ARRAY && !json_is_empty(list)) {
		call->is_auto = has_model;
		return read_list(call, list) && remove_models(call);
	}
	if (header.n == 0)
		return true;
	return name_list_split(header, "X-Gateway-Models", call->arena,
		&call->among, &call->error);
}

static bool read_list(struct call *call, struct json list)
{
	struct str *names = ARENA_ARRAY(call->arena, struct str, MODELS_MAX);
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	size_t count = 0;

	while (json_next(&cursor, &item)) {
		if (count == MODELS_MAX)
			return error_refuse(&call->error, ERR_BAD_FIELD,
				"models", "'models' has more than %d names.",
				MODELS_MAX);
		if (!json_text(item.value, call->arena, &names[count]) ||
			names[count].n == 0)
			return error_refuse(&call->error, ERR_BAD_FIELD,
				"models",
				"'models' must be an array of models' names.");
		names[count] = arena_copy(call->arena, names[count]);
		count++;
	}
	call->among = (struct name_list){ names, count };
	return true;
}

/* It was for us: the provider would not understand it. */
static bool remove_models(struct call *call)
{
	struct chat_head before = call->head;
	struct json_cursor cursor = json_members(before.root);
	struct splice_edit edit;
	struct json_member member;
	struct splice splice;

	while (json_next(&cursor, &member)) {
		if (!json_name_is(member, S("models")))
			continue;
		edit = edit_out(before.body, member);
		splice_make(&splice, before.body, &edit, 1);
		if (!call->dialect->read_head(splice_join(&splice, call->arena),
			    call->arena, &call->head, &call->error))
			return false;
		call->head.model = before.model;
		call->head.user = before.user;
		call->head.stream = before.stream;
		call->request = NULL; /* if it was read, it was from before */
		return json_count(call->head.root, S("models")) == 0 ||
		       remove_models(call);
	}
	return true;
}

/* The member with one of the commas beside it. */
static struct splice_edit edit_out(struct str body, struct json_member member)
{
	const char *start = member.name.p - 1;
	const char *end = member.value.text.p + member.value.text.n;
	const char *next = end;

	while (isspace((unsigned char)*next))
		next++;
	if (*next == ',') {
		end = next + 1;
	} else {
		while (start > body.p && isspace((unsigned char)start[-1]))
			start--;
		if (start[-1] == ',')
			start--;
	}
	return (struct splice_edit){
		.at = (size_t)(start - body.p),
		.remove = (size_t)(end - start),
	};
}

static void add_tags(
	struct str header, struct str *tags, size_t *count, size_t max)
{
	struct str word;

	while (*count < max && str_next_field(&header, ',', &word))
		if (str_trim(word).n > 0)
			tags[(*count)++] = str_trim(word);
}
