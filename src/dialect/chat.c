/*
 * chat.c - the neutral form's small change: empty values, parts, extras.
 */
#include "dialect/chat.h"

static bool has_no_value(struct str arguments);
static void merge(int64_t *into, int64_t from);

void chat_request_init(struct chat_request *request, struct str dialect)
{
	*request = (struct chat_request){
		.dialect = dialect,
		.reasoning.budget_tokens = -1,
		.max_tokens = -1,
		.n = -1,
		.top_logprobs = -1,
	};
}

void chat_response_init(struct chat_response *response, struct str dialect)
{
	*response = (struct chat_response){
		.dialect = dialect,
		.created_unix_s = -1,
	};
	chat_usage_init(&response->usage);
}

void chat_message_init(struct chat_message *message)
{
	*message = (struct chat_message){
		.role = CHAT_ROLE_UNSET,
		.wire_index = -1,
	};
}

void chat_usage_init(struct chat_usage *usage)
{
	*usage = (struct chat_usage){ -1, -1, -1, -1, -1, -1, -1, -1 };
}

struct chat_part *chat_message_add(struct chat_message *message,
	enum chat_part_kind kind, struct arena *arena)
{
	struct chat_part *part = ARENA_NEW(arena, struct chat_part);

	part->kind = kind;
	part->call.index = -1;
	if (message->last_part)
		message->last_part->next = part;
	else
		message->parts = part;
	message->last_part = part;
	return part;
}

void chat_extra_add(struct chat_extra *extra, const struct json_member *member,
	struct arena *arena)
{
	struct chat_member *kept = ARENA_NEW(arena, struct chat_member);

	kept->member = *member;
	if (extra->last)
		extra->last->next = kept;
	else
		extra->first = kept;
	extra->last = kept;
}

void chat_extra_write(const struct chat_extra *extra, struct json_writer *w)
{
	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next) {
		/* Name and value stand together in the text they are from. */
		const char *begin = kept->member.name.p - 1;
		struct str value = kept->member.value.text;

		json_write_raw(
			w, (struct str){ begin,
				   (size_t)(value.p + value.n - begin) });
	}
}

void chat_extra_path(const struct chat_extra *extra,
	const struct chat_member *kept, const char *of, char *out, size_t size)
{
	const char *within = extra->within ? extra->within : "";

	snprintf(out, size, "%s%s%s%s%.*s", of, *of ? "." : "", within,
		*within ? "." : "", STR_ARG(kept->member.name));
}

bool chat_read_stops(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct chat_stop *first = NULL, **end = &first;
	struct json_member item;
	struct str text;

	if (value.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item)) {
		if (!json_text(item.value, arena, &text))
			return false;
		*end = ARENA_NEW(arena, struct chat_stop);
		(*end)->text = text;
		end = &(*end)->next;
	}
	request->stop = first;
	request->stop_is_list = first != NULL;
	return first != NULL;
}

void chat_write_stops(const char *name, const struct chat_request *request,
	struct json_writer *w)
{
	if (!request->stop)
		return;
	json_name(w, name);
	json_begin_array(w);
	for (const struct chat_stop *stop = request->stop; stop;
		stop = stop->next)
		json_write_str(w, stop->text);
	json_end_array(w);
}

void chat_number_calls(struct chat_message *message)
{
	int64_t index = 0;

	for (struct chat_part *part = message->parts; part; part = part->next)
		if (part->kind == CHAT_TOOL_CALL)
			part->call.index = index++;
}

const struct chat_call *chat_find_call(const struct chat_request *request,
	size_t before_message, struct str id)
{
	for (size_t i = before_message; i-- > 0;)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next)
			if (part->kind == CHAT_TOOL_CALL &&
				str_equal(part->call.id, id))
				return &part->call;
	return NULL;
}

void chat_write_arguments(const struct chat_call *call, struct json_writer *w)
{
	bool is_custom = str_equal(call->type, S("custom"));
	struct str text = str_trim(call->arguments);

	if (!is_custom && has_no_value(text)) {
		json_write_raw(w, S("{}"));
	} else if (!is_custom && chat_arguments_are_object(call)) {
		json_write_raw(w, text);
	} else {
		json_begin_object(w);
		json_member_str(
			w, is_custom ? "input" : "arguments", call->arguments);
		json_end_object(w);
	}
}

bool chat_arguments_are_object(const struct chat_call *call)
{
	struct str text = str_trim(call->arguments);
	struct error ignored = ERROR_INIT;
	struct json value;

	if (has_no_value(text))
		return true;
	return json_check(text, JSON_MAX_DEPTH, &value, &ignored) &&
	       value.type == JSON_TYPE_OBJECT;
}

/* Some models write a null where there is nothing to say. */
static bool has_no_value(struct str arguments)
{
	return arguments.n == 0 || str_equal(arguments, S("null"));
}

void chat_usage_merge(struct chat_usage *into, const struct chat_usage *from)
{
	merge(&into->prompt, from->prompt);
	merge(&into->completion, from->completion);
	merge(&into->cached, from->cached);
	merge(&into->cache_write, from->cache_write);
	merge(&into->cache_write_1h, from->cache_write_1h);
	merge(&into->reasoning, from->reasoning);
	merge(&into->audio_prompt, from->audio_prompt);
	merge(&into->audio_completion, from->audio_completion);
}

static void merge(int64_t *into, int64_t from)
{
	if (from >= 0)
		*into = from;
}
