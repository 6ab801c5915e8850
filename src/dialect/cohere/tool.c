/*
 * tool.c - tools, and which of them to call, to and from the neutral
 * form.
 *
 * The format can ask for any tool or for none, not for one by its name; then
 * that one alone is sent. And it is strict with all tools or with none.
 */
#include "dialect/cohere/cohere.h"

#include "dialect/function_tool.h"

static const struct {
	struct str word;
	enum chat_tool_choice choice;
} choice_words[] = {
	{ STR("REQUIRED"), CHAT_CHOICE_REQUIRED },
	{ STR("NONE"), CHAT_CHOICE_NONE },
	{ STR("REQUIRED"), CHAT_CHOICE_NAMED },
};

static bool is_sent(
	const struct chat_request *request, const struct chat_tool *tool);
static bool all_strict(const struct chat_request *request);
static bool has_required(struct str parameters);
static void lose_strict(
	const struct chat_request *request, const struct shape_out *out);

void cohere_write_tools(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_count == 0)
		return;
	json_name(out->w, "tools");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->tool_count; i++)
		if (out->own_words || is_sent(request, &request->tools[i]))
			function_tool_write(&request->tools[i], out);
	json_end_array(out->w);
}

static bool is_sent(
	const struct chat_request *request, const struct chat_tool *tool)
{
	return request->tool_choice != CHAT_CHOICE_NAMED ||
	       str_equal(tool->name, request->tool_choice_name);
}

/* After `tools`: it is a property of each of them. */
bool cohere_read_strict(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	bool strict;

	(void)arena;
	if (request->tool_count == 0 || !json_bool(value, &strict))
		return false;
	for (size_t i = 0; i < request->tool_count; i++)
		request->tools[i].strict = strict ? CHAT_YES : CHAT_NO;
	return true;
}

void cohere_write_strict(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_count == 0)
		return;
	if (out->own_words) {
		if (request->tools[0].strict != CHAT_UNSET)
			json_member_bool(out->w, "strict_tools",
				request->tools[0].strict == CHAT_YES);
	} else if (all_strict(request)) {
		json_member_bool(out->w, "strict_tools", true);
	} else {
		lose_strict(request, out);
	}
}

/* "You must specify at least one required parameter", in each tool:
 * https://docs.cohere.com/docs/structured-outputs */
static bool all_strict(const struct chat_request *request)
{
	for (size_t i = 0; i < request->tool_count; i++) {
		const struct chat_tool *tool = &request->tools[i];

		if (is_sent(request, tool) &&
			(tool->strict != CHAT_YES ||
				!has_required(tool->parameters)))
			return false;
	}
	return true;
}

static bool has_required(struct str parameters)
{
	const struct json schema = { JSON_TYPE_OBJECT, parameters };

	return parameters.p && !json_is_empty(json_find(schema, S("required")));
}

static void lose_strict(
	const struct chat_request *request, const struct shape_out *out)
{
	struct chat_losses *losses =
		CONTAINER_OF(out, struct cohere_out, to)->losses;

	for (size_t i = 0; losses && i < request->tool_count; i++)
		if (request->tools[i].strict == CHAT_YES)
			chat_losses_add(losses, "tools[%zu].strict", i);
}

bool cohere_read_choice(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	(void)arena;
	for (size_t i = 0; i < ARRAY_LEN(choice_words); i++) {
		if (!json_text_is(value, choice_words[i].word))
			continue;
		request->tool_choice = choice_words[i].choice;
		request->tool_choice_word = choice_words[i].word;
		return true;
	}
	return false;
}

/* Without a word the model chooses. */
void cohere_write_choice(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (!out->own_words && request->tool_count == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(choice_words); i++)
		if (choice_words[i].choice == request->tool_choice)
			json_member_str(
				out->w, "tool_choice", choice_words[i].word);
}
