/*
 * chat.c - the neutral form's small change: empty values, parts, extras.
 */
#include "dialect/chat.h"

static void name_dropped(const struct chat_extra *extra, const char *where,
	size_t index, struct buf *out);
static bool is_worth_a_word(struct json value);

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
	*message = (struct chat_message){ .role = CHAT_ROLE_UNSET };
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

struct str chat_request_dropped(
	const struct chat_request *request, struct arena *arena)
{
	struct buf names = BUF_INIT(4096);
	struct str copy;

	name_dropped(&request->extra, "", 0, &names);
	for (size_t i = 0; i < request->message_count; i++)
		name_dropped(
			&request->messages[i].extra, "messages", i, &names);
	copy = arena_copy(arena, buf_str(&names));
	buf_release(&names);
	return copy;
}

static void name_dropped(const struct chat_extra *extra, const char *where,
	size_t index, struct buf *out)
{
	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next) {
		if (!is_worth_a_word(kept->member.value))
			continue;
		if (out->n > 0)
			buf_append(out, S(", "));
		if (*where)
			buf_printf(out, "%s[%zu].", where, index);
		buf_append(out, kept->member.name);
	}
}

static bool is_worth_a_word(struct json value)
{
	if (value.type == JSON_TYPE_NULL)
		return false;
	return value.type != JSON_TYPE_ARRAY || json_length(value) > 0;
}
