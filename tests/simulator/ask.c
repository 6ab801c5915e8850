/*
 * ask.c - what a request asks for, in any dialect.
 */
#include "ask.h"

bool ask_read_object(struct ask *ask, struct error *err)
{
	if (!json_check(ask->body, JSON_MAX_DEPTH, &ask->root, err))
		return false;
	if (ask->root.type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The body must be an object.");
	return true;
}

bool ask_read_model(struct ask *ask, struct error *err)
{
	struct json model = json_find(ask->root, S("model"));

	if (model.type == JSON_TYPE_NONE)
		return error_refuse(err, ERR_MISSING_FIELD, "model",
			"The request names no model.");
	if (!json_text(model, ask->arena, &ask->model) ||
		ask->model.n > ASK_MAX_MODEL_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, "model",
			"'model' must be a string of up to %d bytes.",
			ASK_MAX_MODEL_BYTES);
	if (ask->model.n == 0)
		return error_refuse(err, ERR_MISSING_FIELD, "model",
			"The request names no model.");
	return true;
}

bool ask_read_flag(
	const struct ask *ask, struct str name, bool *out, struct error *err)
{
	struct json flag = json_find(ask->root, name);

	if (flag.type == JSON_TYPE_NONE || flag.type == JSON_TYPE_NULL ||
		json_bool(flag, out))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, name.p,
		"'%s' must be true or false.", name.p);
}

void ask_read_tools(
	struct ask *ask, struct json tools, struct str inner, struct str name)
{
	struct json_cursor items = json_members(tools);
	struct json_member item;
	int count = 0;

	while (count < ASK_TOOLS && json_next(&items, &item)) {
		struct json tool =
			inner.n > 0 ? json_find(item.value, inner) : item.value;

		ask->tools[count] = ask_text(ask, json_find(tool, name));
		count += ask->tools[count].n > 0;
	}
}

struct str ask_text(const struct ask *ask, struct json value)
{
	struct str text;

	return json_text(value, ask->arena, &text) ? text : S("");
}

struct str ask_quoted(struct arena *arena, struct str text)
{
	struct buf json = BUF_INIT(ASK_MAX_MODEL_BYTES * 6 + 2);
	struct str copy;

	json_append_quoted(&json, str_head(text, ASK_MAX_MODEL_BYTES));
	copy = arena_copy(arena, buf_str(&json));
	buf_release(&json);
	return copy;
}

struct str ask_model_name(const struct ask *ask)
{
	struct str name;
	struct str behaviour;

	behaviour_split_model(ask->model, &name, &behaviour);
	return name;
}

int ask_prompt_tokens(const struct ask *ask, const struct behaviour *behaviour)
{
	if (behaviour->prompt_tokens >= 0)
		return behaviour->prompt_tokens;
	return (int)(ask->body.n / 4);
}
