/*
 * translate.c - another dialect's request as ours.
 *
 * What this format has no words for, losses.c has named or refused already;
 * here are the values that Anthropic's API does not take as they are, and
 * settings that it does not take together.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/head.h"

#define MAX_USER_BYTES 512 /* of metadata.user_id, says the schema */
#define MAX_TOOL_NAME 128

static void lose(struct anthropic_translation *t, enum chat_field field);
static void write_sampling(struct anthropic_translation *t);
static void write_cooler(struct anthropic_translation *t);
static void write_number(struct anthropic_translation *t, enum chat_field field,
	const char *name, struct str number, bool takes);
static bool asks(struct str number);
static double number_of(struct str number);
static bool write_tools(struct anthropic_translation *t);
static bool write_tool(struct anthropic_translation *t,
	const struct chat_tool *tool, size_t index);
static bool is_tool_name(struct str name);
static void write_input_schema(struct anthropic_translation *t,
	const struct chat_tool *tool, const char *path);
static void write_tool_choice(struct anthropic_translation *t);
static void write_thinking(struct anthropic_translation *t);
static bool write_output_config(struct anthropic_translation *t);
static bool write_format(struct anthropic_translation *t);
static void write_stop(struct anthropic_translation *t);
static void write_user(struct anthropic_translation *t);
static void write_service_tier(struct anthropic_translation *t);

bool anthropic_translate(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	struct json_writer w;
	struct anthropic_translation t = {
		.request = request,
		.traits = traits,
		.losses = losses,
		.w = &w,
		.err = err,
		.model = anthropic_model_get(request->model),
	};

	json_writer_init(&w, out);
	anthropic_plan_thinking(&t);
	json_begin_object(&w);
	if (request->model.p)
		json_member_str(&w, "model", request->model);
	json_member_int(&w, "max_tokens", t.max_tokens);
	if (request->stream != CHAT_UNSET)
		json_member_bool(&w, "stream", request->stream == CHAT_YES);
	if (!anthropic_write_conversation(&t) || !write_tools(&t))
		return false;
	write_tool_choice(&t);
	write_thinking(&t);
	if (!write_output_config(&t))
		return false;
	write_sampling(&t);
	write_stop(&t);
	write_user(&t);
	write_service_tier(&t);
	if (request->cache_control.p &&
		anthropic_carries(&t, FIELD_CACHE_CONTROL))
		json_member_raw(&w, "cache_control", request->cache_control);
	json_end_object(&w);
	return true;
}

bool anthropic_carries(
	const struct anthropic_translation *t, enum chat_field field)
{
	return !t->traits || !(t->traits->unsupported & UINT64_C(1) << field);
}

static void lose(struct anthropic_translation *t, enum chat_field field)
{
	chat_losses_add_field(t->losses, NULL, field);
}

/*
 * The newest models are not told how to sample. Others take a temperature up
 * to 1, from version 4.1 on not together with top_p, and while they think
 * none of it but a temperature of 1. What is 1 asks for nothing.
 */
static void write_sampling(struct anthropic_translation *t)
{
	const struct chat_request *r = t->request;
	bool thinks = t->thinking == ANTHROPIC_THINKS_BY_BUDGET ||
		      t->thinking == ANTHROPIC_THINKS_ADAPTIVELY;
	bool takes = t->model.takes_sampling && !thinks;
	bool both = t->model.takes_both || !r->top_p.p || !takes;
	bool is_cold = asks(r->temperature);

	if (takes && number_of(r->temperature) > 1)
		write_cooler(t);
	else if (both || is_cold)
		write_number(t, FIELD_TEMPERATURE, "temperature",
			r->temperature,
			takes || (t->model.takes_sampling && !is_cold));
	write_number(t, FIELD_TOP_P, "top_p", r->top_p,
		takes && (t->model.takes_both || !is_cold));
	write_number(t, FIELD_TOP_K, "top_k", r->top_k, takes);
}

/* OpenAI's scale goes to 2. */
static void write_cooler(struct anthropic_translation *t)
{
	lose(t, FIELD_TEMPERATURE);
	write_number(t, FIELD_TEMPERATURE, "temperature", S("1"), true);
}

static void write_number(struct anthropic_translation *t, enum chat_field field,
	const char *name, struct str number, bool takes)
{
	if (!number.p || !anthropic_carries(t, field))
		return;
	if (takes)
		json_member_raw(t->w, name, number);
	else if (asks(number) || field == FIELD_TOP_K)
		lose(t, field);
}

static bool asks(struct str number)
{
	return number_of(number) < 1 || number_of(number) > 1;
}

/* 1 when it is absent. */
static double number_of(struct str number)
{
	struct json json = { JSON_TYPE_NUMBER, number };
	double value;

	return number.p && json_double(json, &value) ? value : 1;
}

static bool write_tools(struct anthropic_translation *t)
{
	const struct chat_request *request = t->request;

	if (request->tool_count == 0)
		return true;
	json_name(t->w, "tools");
	json_begin_array(t->w);
	for (size_t i = 0; i < request->tool_count; i++)
		if (!write_tool(t, &request->tools[i], i))
			return false;
	json_end_array(t->w);
	return true;
}

static bool write_tool(struct anthropic_translation *t,
	const struct chat_tool *tool, size_t index)
{
	struct head_path path = head_path("tools[%zu]", index);

	if (tool->json.p || str_equal(tool->type, S("custom")))
		return error_refuse(t->err, ERR_UNSUPPORTED, path.text,
			"'%s': the provider of the chosen model has no tool "
			"of this type: it takes functions.",
			path.text);
	if (!is_tool_name(tool->name))
		return error_refuse(t->err, ERR_UNSUPPORTED, path.text,
			"'%s' has a name that the provider of the chosen "
			"model does not take: send 1 to %d letters, digits, "
			"underscores and hyphens.",
			path.text, MAX_TOOL_NAME);
	json_begin_object(t->w);
	json_member_str(t->w, "name", tool->name);
	if (tool->description.p)
		json_member_str(t->w, "description", tool->description);
	write_input_schema(t, tool, path.text);
	if (tool->cache_control.p && anthropic_carries(t, FIELD_CACHE_CONTROL))
		json_member_raw(t->w, "cache_control", tool->cache_control);
	json_end_object(t->w);
	return true;
}

static bool is_tool_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_' &&
			name.p[i] != '-')
			return false;
	return name.n >= 1 && name.n <= MAX_TOOL_NAME;
}

static void write_input_schema(struct anthropic_translation *t,
	const struct chat_tool *tool, const char *path)
{
	bool wants = tool->strict == CHAT_YES && tool->parameters.p &&
		     anthropic_carries(t, FIELD_TOOL_STRICT);
	bool is_strict = wants && t->model.takes_strict;
	struct head_path schema = head_path("%s.parameters", path);

	if (is_strict)
		json_member_bool(t->w, "strict", true);
	else if (wants)
		chat_losses_add(t->losses, "%s.strict", path);
	json_name(t->w, "input_schema");
	if (is_strict)
		anthropic_write_strict_schema(t, tool->parameters, schema.text);
	else
		anthropic_write_input_schema(t, tool->parameters, schema.text);
}

/* One call at most is said together with a choice; without tools there is
 * nothing to choose. */
static void write_tool_choice(struct anthropic_translation *t)
{
	struct chat_request ours = *t->request;
	struct shape_out out = { .w = t->w };

	if (ours.parallel_tool_calls == CHAT_YES ||
		!anthropic_carries(t, FIELD_PARALLEL_TOOL_CALLS) ||
		ours.tool_choice == CHAT_CHOICE_NONE)
		ours.parallel_tool_calls = CHAT_UNSET;
	if (ours.tool_choice == CHAT_CHOICE_UNSET &&
		ours.parallel_tool_calls == CHAT_NO)
		ours.tool_choice = CHAT_CHOICE_AUTO;
	if (ours.tool_count > 0 && anthropic_carries(t, FIELD_TOOL_CHOICE))
		anthropic_write_tool_choice(&ours, &out);
}

static void write_thinking(struct anthropic_translation *t)
{
	static const struct str types[] = {
		[ANTHROPIC_THINKS_NOT] = STR("disabled"),
		[ANTHROPIC_THINKS_BY_BUDGET] = STR("enabled"),
		[ANTHROPIC_THINKS_ADAPTIVELY] = STR("adaptive"),
	};

	if (t->thinking == ANTHROPIC_THINKS_UNTOLD)
		return;
	json_name(t->w, "thinking");
	json_begin_object(t->w);
	json_member_str(t->w, "type", types[t->thinking]);
	if (t->thinking == ANTHROPIC_THINKS_BY_BUDGET)
		json_member_int(t->w, "budget_tokens", t->thinking_budget);
	if (t->thinking_display)
		json_member_str(t->w, "display", str_of(t->thinking_display));
	json_end_object(t->w);
}

static bool write_output_config(struct anthropic_translation *t)
{
	bool has_schema = t->request->format.kind == CHAT_FORMAT_SCHEMA;

	if (!t->effort && !has_schema)
		return true;
	json_name(t->w, "output_config");
	json_begin_object(t->w);
	if (t->effort)
		json_member_str(t->w, "effort", str_of(t->effort));
	if (has_schema && !write_format(t))
		return false;
	json_end_object(t->w);
	return true;
}

/* The name is a label, and every schema here is strict. */
static bool write_format(struct anthropic_translation *t)
{
	const struct chat_format *format = &t->request->format;
	const char *path = t->losses->from->words[FIELD_FORMAT_SCHEMA];

	if (!format->schema.p)
		return error_refuse(t->err, ERR_UNSUPPORTED, path,
			"'%s' has no schema: the provider of the chosen model "
			"needs one.",
			path);
	if (format->description.n > 0)
		chat_losses_add(t->losses, "%s.description", path);
	json_name(t->w, "format");
	json_begin_object(t->w);
	json_member_str(t->w, "type", S("json_schema"));
	json_name(t->w, "schema");
	anthropic_write_strict_schema(t, format->schema, path);
	json_end_object(t->w);
	return true;
}

/* One of white space alone is refused by the API. */
static void write_stop(struct anthropic_translation *t)
{
	bool is_first = true;

	for (const struct chat_stop *stop = t->request->stop; stop;
		stop = stop->next) {
		if (str_trim(stop->text).n == 0 ||
			!anthropic_carries(t, FIELD_STOP)) {
			lose(t, FIELD_STOP);
			continue;
		}
		if (is_first) {
			json_name(t->w, "stop_sequences");
			json_begin_array(t->w);
		}
		is_first = false;
		json_write_str(t->w, stop->text);
	}
	if (!is_first)
		json_end_array(t->w);
}

static void write_user(struct anthropic_translation *t)
{
	struct str user = t->request->user;

	if (user.n == 0 || !anthropic_carries(t, FIELD_USER))
		return;
	if (user.n > MAX_USER_BYTES) {
		lose(t, FIELD_USER);
		return;
	}
	json_name(t->w, "metadata");
	json_begin_object(t->w);
	json_member_str(t->w, "user_id", user);
	json_end_object(t->w);
}

static void write_service_tier(struct anthropic_translation *t)
{
	struct str tier = t->request->service_tier;
	struct str word = anthropic_tier(tier);

	if (!tier.p || !anthropic_carries(t, FIELD_SERVICE_TIER))
		return;
	if (word.p)
		json_member_str(t->w, "service_tier", word);
	else
		lose(t, FIELD_SERVICE_TIER);
}
