/*
 * route_refuse.c - why a call has nobody to go to, in words that help.
 */
#include "gateway/routing.h"

#define REASONS_MAX 24

/* What rules models out, and how many of them. */
struct reasons {
	const char *words[REASONS_MAX];
	size_t models[REASONS_MAX];
	size_t count;
};

static void count_reason(struct reasons *reasons, const char *word);
static bool key_allows(const void *context, struct str name);

void route_refuse_all(
	struct call *call, const struct strategy_candidate *all, size_t total)
{
	struct reasons reasons = { .count = 0 };
	enum error_kind kind = ERR_UNSUPPORTED;
	struct buf text = BUF_INIT(400);

	for (size_t i = 0; i < total; i++)
		if (!all[i].is_hidden)
			count_reason(&reasons, all[i].dropped);
	for (size_t i = 0; i < reasons.count; i++) {
		buf_printf(&text, "%s%s (%zu)", i ? ", " : "", reasons.words[i],
			reasons.models[i]);
		/* Another time one of these may do. */
		if (strcmp(reasons.words[i], "breaker_open") == 0)
			kind = ERR_NO_TARGET;
	}
	if (reasons.count == 0)
		error_refuse(&call->error, ERR_MODEL_FORBIDDEN, "model",
			"There is no model that this key may use for chats.");
	else
		error_refuse(&call->error, kind, "model",
			"No model can serve this request. What rules them out, "
			"and how many: %s.",
			buf_cstr(&text));
	buf_release(&text);
}

static void count_reason(struct reasons *reasons, const char *word)
{
	size_t i = 0;

	while (i < reasons->count && strcmp(reasons->words[i], word) != 0)
		i++;
	if (i == REASONS_MAX)
		return;
	if (i == reasons->count)
		reasons->words[reasons->count++] = word;
	reasons->models[i]++;
}

void route_refuse(struct call *call, bool is_known, bool is_allowed)
{
	struct str name = str_head(call->head.model, 200);

	if (is_allowed)
		error_refuse(&call->error, ERR_NO_TARGET, "model",
			"None of the provider's hosts has the model '%.*s' at "
			"the moment.",
			STR_ARG(name));
	else if (is_known)
		error_refuse(&call->error, ERR_MODEL_FORBIDDEN, "model",
			"This key may not use the model '%.*s'. GET /v1/models "
			"lists those that it may use.",
			STR_ARG(name));
	else
		route_refuse_unknown(call, name);
}

void route_refuse_unknown(struct call *call, struct str asked)
{
	struct str name = str_head(asked, 200);
	struct str near[CATALOG_NEAR_NAMES];
	size_t count = catalog_near_names(call->snapshot->catalog,
		call->key->project_id, name, key_allows, call->key, near);
	struct buf text = BUF_INIT(512);

	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s'%.*s'", i ? ", " : " Did you mean ",
			STR_ARG(near[i]));
	if (count > 0)
		buf_append_char(&text, '?');
	error_refuse(&call->error, ERR_MODEL_NOT_FOUND, "model",
		"The model '%.*s' does not exist here.%s", STR_ARG(name),
		text.n ? buf_cstr(&text) : "");
	buf_release(&text);
}

static bool key_allows(const void *context, struct str name)
{
	return gateway_key_allows_name(context, name);
}
