/*
 * hear.c - what of a provider's stream is new.
 */
#include "dialect/openai_responses/event.h"

#include "dialect/signature.h"

static const enum chat_part_kind kinds[] = {
	[THREAD_TEXT] = CHAT_TEXT,
	[THREAD_REFUSAL] = CHAT_REFUSAL,
	[THREAD_SUMMARY] = CHAT_THINKING,
	[THREAD_THOUGHT] = CHAT_THINKING,
	[THREAD_CALL] = CHAT_TOOL_CALL,
};

static const struct json none = { JSON_TYPE_NONE, { NULL, 0 } };

static struct entry *find_entry(
	const struct event *e, enum thread thread, int64_t part);
static struct entry *new_entry(
	struct event *e, enum thread thread, int64_t part);
static bool has_other_thread(const struct event *e, enum thread thread);
static void add_text(struct event *e, struct entry *entry, struct str text,
	struct json logprobs);
static void hear_message(struct event *e, struct json item, bool is_done);
static void hear_citations(
	struct event *e, struct json content_part, int64_t part);
static void hear_reasoning(struct event *e, struct json item, bool is_done);
static void hear_texts(struct event *e, enum thread thread, struct json list);
static void hear_call(struct event *e, struct json item, const char *type,
	const char *arguments);
static void begin_call(struct event *e, struct json item, const char *type,
	struct json arguments);
static void hear_other(struct event *e, struct json item, bool is_done);

struct entry *openai_responses_entry(
	struct event *e, enum thread thread, int64_t part)
{
	struct entry *entry = find_entry(e, thread, part);

	return entry || thread == THREAD_CALL ? entry
					      : new_entry(e, thread, part);
}

static struct entry *find_entry(
	const struct event *e, enum thread thread, int64_t part)
{
	const struct buf *all = &e->reader->entries;
	struct entry *entries = (struct entry *)(void *)all->p;
	size_t count = all->n / sizeof(struct entry);

	/* The last one is the likeliest. */
	while (count-- > 0)
		if (entries[count].thread == thread &&
			entries[count].output == e->output &&
			entries[count].part == part)
			return &entries[count];
	return NULL;
}

static struct entry *new_entry(
	struct event *e, enum thread thread, int64_t part)
{
	struct buf *entries = &e->reader->entries;
	struct entry *entry = (struct entry *)(void *)buf_reserve(
		entries, sizeof(struct entry));

	if (!entry)
		return NULL;
	*entry = (struct entry){ thread, e->output, part, 0, 0, -1 };
	buf_advance(entries, sizeof(struct entry));
	return entry;
}

struct chat_choice *openai_responses_choice(struct event *e)
{
	struct chat_response *delta = &e->out->delta;

	e->out->kind = CHAT_EVENT_DELTA;
	if (delta->choice_count == 0) {
		delta->choices = ARENA_NEW(e->arena, struct chat_choice);
		delta->choice_count = 1;
		chat_message_init(&delta->choices[0].message);
	}
	return &delta->choices[0];
}

struct chat_part *openai_responses_tell(
	struct event *e, enum chat_part_kind kind)
{
	return chat_message_add(
		&openai_responses_choice(e)->message, kind, e->arena);
}

void openai_responses_hear(struct event *e, enum thread thread, int64_t part,
	struct json piece, struct json logprobs)
{
	struct entry *entry;
	struct str text;

	if (!json_text(piece, e->arena, &text) || text.n == 0 ||
		has_other_thread(e, thread))
		return;
	entry = openai_responses_entry(e, thread, part);
	if (entry)
		add_text(e, entry, text, logprobs);
}

void openai_responses_hear_rest(struct event *e, enum thread thread,
	int64_t part, struct json whole, struct json logprobs)
{
	struct entry *entry;
	struct str text;

	if (!json_text(whole, e->arena, &text) || text.n == 0 ||
		has_other_thread(e, thread))
		return;
	entry = openai_responses_entry(e, thread, part);
	if (entry && text.n > entry->heard)
		add_text(e, entry, str_from(text, entry->heard),
			entry->heard == 0 ? logprobs : none);
}

/* Of an item that tells its reasoning and a summary, what came first is
 * told. */
static bool has_other_thread(const struct event *e, enum thread thread)
{
	if (thread == THREAD_SUMMARY)
		return find_entry(e, THREAD_THOUGHT, 0);
	return thread == THREAD_THOUGHT && find_entry(e, THREAD_SUMMARY, 0);
}

static void add_text(struct event *e, struct entry *entry, struct str text,
	struct json logprobs)
{
	enum chat_part_kind kind = kinds[entry->thread];
	bool begins_paragraph =
		kind == CHAT_THINKING && entry->heard == 0 && entry->part > 0;
	struct chat_part *part = openai_responses_tell(e, kind);

	entry->heard += text.n;
	if (kind == CHAT_TOOL_CALL) {
		part->call.index = entry->call;
		part->call.arguments = text;
		return;
	}
	part->text = text;
	if (begins_paragraph)
		part->text = arena_printf(e->arena,
			OPENAI_RESPONSES_PARAGRAPH "%.*s", STR_ARG(text));
	if (logprobs.type == JSON_TYPE_ARRAY && !json_is_empty(logprobs))
		openai_responses_choice(e)->logprobs = arena_printf(e->arena,
			"{\"content\":%.*s,\"refusal\":null}",
			STR_ARG(logprobs.text));
}

void openai_responses_hear_item(struct event *e, struct json item, bool is_done)
{
	switch (openai_responses_kind_of(item)) {
	case OPENAI_RESPONSES_MESSAGE: hear_message(e, item, is_done); break;
	case OPENAI_RESPONSES_REASONING:
		hear_reasoning(e, item, is_done);
		break;
	case OPENAI_RESPONSES_FUNCTION:
		hear_call(e, item, "function", "arguments");
		break;
	case OPENAI_RESPONSES_CUSTOM:
		hear_call(e, item, "custom", "input");
		break;
	case OPENAI_RESPONSES_RESULT:
	case OPENAI_RESPONSES_OTHER: hear_other(e, item, is_done); break;
	}
}

static void hear_message(struct event *e, struct json item, bool is_done)
{
	struct json_cursor cursor = json_members(json_find(item, S("content")));
	struct json_member member;

	for (int64_t i = 0; json_next(&cursor, &member); i++) {
		struct json part = member.value;
		struct json logprobs = json_find(part, S("logprobs"));

		openai_responses_hear_rest(e, THREAD_TEXT, i,
			json_find(part, S("text")), logprobs);
		openai_responses_hear_rest(e, THREAD_REFUSAL, i,
			json_find(part, S("refusal")), logprobs);
		if (is_done)
			hear_citations(e, part, i);
	}
}

/* Those that no event told. */
static void hear_citations(
	struct event *e, struct json content_part, int64_t part)
{
	struct json list = json_find(content_part, S("annotations"));
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	struct entry *entry;

	if (json_is_empty(list))
		return;
	entry = openai_responses_entry(e, THREAD_TEXT, part);
	for (size_t i = 0; entry && json_next(&cursor, &item); i++) {
		struct chat_citation *citation;

		if (i < entry->citations)
			continue;
		entry->citations = i + 1;
		citation =
			openai_responses_read_annotation(item.value, e->arena);
		if (citation)
			openai_responses_tell(e, CHAT_TEXT)->citations =
				citation;
	}
}

/* The encrypted content of an item that was only added is not yet whole. */
static void hear_reasoning(struct event *e, struct json item, bool is_done)
{
	struct chat_part *part;
	struct str sealed;

	hear_texts(e, THREAD_SUMMARY, json_find(item, S("summary")));
	hear_texts(e, THREAD_THOUGHT, json_find(item, S("content")));
	if (!is_done || find_entry(e, THREAD_ITEM, 0) ||
		!json_text(json_find(item, S("encrypted_content")), e->arena,
			&sealed) ||
		!new_entry(e, THREAD_ITEM, 0))
		return;
	part = openai_responses_tell(e, CHAT_THINKING);
	part->signature = signature_read(sealed, S(OPENAI_RESPONSES_NAME));
	if (!json_text(json_find(item, S("id")), e->arena, &part->id))
		part->id = (struct str){ NULL, 0 };
}

static void hear_texts(struct event *e, enum thread thread, struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	for (int64_t i = 0; json_next(&cursor, &item); i++)
		openai_responses_hear_rest(
			e, thread, i, json_find(item.value, S("text")), none);
}

static void hear_call(struct event *e, struct json item, const char *type,
	const char *arguments)
{
	struct json whole = json_find(item, str_of(arguments));

	if (find_entry(e, THREAD_CALL, 0))
		openai_responses_hear_rest(e, THREAD_CALL, 0, whole, none);
	else
		begin_call(e, item, type, whole);
}

static void begin_call(struct event *e, struct json item, const char *type,
	struct json arguments)
{
	struct entry *entry;
	struct chat_call *call;
	struct str name;

	if (!json_text(json_find(item, S("name")), e->arena, &name))
		return;
	entry = new_entry(e, THREAD_CALL, 0);
	if (!entry)
		return;
	entry->call = e->reader->calls++;
	call = &openai_responses_tell(e, CHAT_TOOL_CALL)->call;
	call->index = entry->call;
	call->type = str_of(type);
	call->name = name;
	if (!json_text(json_find(item, S("call_id")), e->arena, &call->id))
		call->id = (struct str){ NULL, 0 };
	if (!json_text(arguments, e->arena, &call->arguments))
		call->arguments = (struct str){ NULL, 0 };
	entry->heard = call->arguments.n;
}

/* An item that only this format knows is told when it is whole. */
static void hear_other(struct event *e, struct json item, bool is_done)
{
	if (!is_done || item.type != JSON_TYPE_OBJECT ||
		find_entry(e, THREAD_ITEM, 0) || !new_entry(e, THREAD_ITEM, 0))
		return;
	openai_responses_tell(e, CHAT_OTHER)->json = item.text;
}
