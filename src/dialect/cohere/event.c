/*
 * event.c - a stream's events, into the neutral form.
 *
 * An event's `type` says what it is; its `event:` line repeats it, or is not
 * there. Events that begin and end a block have nothing new, but for one: a
 * call that ends and had no arguments gets "{}", which everyone else expects.
 */
#include "dialect/cohere/cohere.h"

#define MAX_CALLS_BYTES 65536

/* What lasts from event to event. */
struct reader {
	struct buf calls; /* the provider's index of each call, int64_t */
	/* The last call: has anything come but the beginning of "null"? */
	bool in_call;
	bool has_arguments;
	char held[16]; /* that beginning */
	size_t held_bytes;
	bool ended;
};

/* One event on its way. */
struct event_reader {
	struct reader *memory;
	struct arena *arena;
	struct json root;
	struct json delta;
	struct json message; /* of the delta */
	struct chat_event *out;
	struct chat_choice *choice;
};

static void read_message_start(struct event_reader *r);
static void read_content(struct event_reader *r);
static void read_plan(struct event_reader *r);
static void read_call_start(struct event_reader *r);
static void read_call_delta(struct event_reader *r);
static void read_call_end(struct event_reader *r);
static void read_citations(struct event_reader *r);
static void read_message_end(struct event_reader *r);

static const struct {
	struct str type;
	void (*read)(struct event_reader *r);
} events[] = {
	{ STR("content-delta"), read_content },
	{ STR("content-start"), read_content },
	{ STR("tool-plan-delta"), read_plan },
	{ STR("tool-call-delta"), read_call_delta },
	{ STR("tool-call-start"), read_call_start },
	{ STR("tool-call-end"), read_call_end },
	{ STR("citation-start"), read_citations },
	{ STR("message-start"), read_message_start },
	{ STR("message-end"), read_message_end },
};

static void release_calls(void *reader);
static void read_object(struct event_reader *r);
static bool is_failure(struct json root);
static void fail(struct event_reader *r, struct json root);
static bool says_something(const struct event_reader *r);
static void add_text(struct event_reader *r, enum chat_part_kind kind,
	const char *member, struct json text);
static struct json the_call(const struct event_reader *r);
static int64_t find_call(const struct event_reader *r);
static void add_arguments(
	struct event_reader *r, int64_t index, struct str text);
static struct str take_arguments(struct event_reader *r, struct str text);
static void end_call(struct event_reader *r);

void *cohere_reader_new(struct arena *arena)
{
	struct reader *reader = ARENA_NEW(arena, struct reader);

	buf_init(&reader->calls, MAX_CALLS_BYTES);
	arena_defer(arena, release_calls, reader);
	return reader;
}

static void release_calls(void *reader)
{
	buf_release(&((struct reader *)reader)->calls);
}

bool cohere_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err)
{
	struct event_reader r = {
		.memory = reader, .arena = arena, .out = out
	};
	struct str data = str_trim(frame->data);

	*out = (struct chat_event){ .kind = CHAT_EVENT_NOTHING };
	chat_response_init(&out->delta, S(COHERE_NAME));
	out->name = frame->event;
	if (data.n == 0)
		return true;
	out->json = data;
	if (str_equal(data, S("[DONE]"))) {
		/* It follows message-end, which said so already. */
		if (!r.memory->ended)
			out->kind = CHAT_EVENT_DONE;
		r.memory->ended = true;
		return true;
	}
	if (!facts_check(data, &r.root, err))
		return false;
	if (!r.memory->ended)
		read_object(&r);
	return true;
}

static void read_object(struct event_reader *r)
{
	struct json type = json_find(r->root, S("type"));

	if (is_failure(r->root)) {
		fail(r, r->root);
		return;
	}
	r->delta = json_find(r->root, S("delta"));
	r->message = json_find(r->delta, S("message"));
	r->choice = ARENA_NEW(r->arena, struct chat_choice);
	r->choice->message_member = S("delta");
	chat_message_init(&r->choice->message);
	r->out->delta.choices = r->choice;
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (json_text_is(type, events[i].type))
			events[i].read(r);
	if (r->out->kind == CHAT_EVENT_NOTHING && says_something(r))
		r->out->kind = CHAT_EVENT_DELTA;
	if (r->choice->message.parts || r->choice->message.citations ||
		r->choice->message.role != CHAT_ROLE_UNSET ||
		r->choice->finish != CHAT_FINISH_UNSET)
		r->out->delta.choice_count = 1;
}

/* The body of an error answer, where an event was expected. */
static bool is_failure(struct json root)
{
	return json_find(root, S("type")).type != JSON_TYPE_STRING &&
	       (json_find(root, S("message")).type == JSON_TYPE_STRING ||
		       json_find(root, S("error")).type != JSON_TYPE_NONE);
}

static void fail(struct event_reader *r, struct json root)
{
	struct failure failure;

	failure_read_json(200, root, r->arena, &failure);
	r->out->kind = CHAT_EVENT_ERROR;
	r->out->error_message = arena_copy(r->arena, str_of(failure.message));
	r->out->error_status = failure.status;
	r->memory->ended = true;
}

static bool says_something(const struct event_reader *r)
{
	const struct chat_message *message = &r->choice->message;

	return r->out->done || message->parts || message->citations ||
	       message->role != CHAT_ROLE_UNSET;
}

static void read_message_start(struct event_reader *r)
{
	struct str id;

	r->choice->message.role = CHAT_ASSISTANT;
	if (json_text(json_find(r->root, S("id")), r->arena, &id))
		r->out->delta.id = id;
}

static void read_content(struct event_reader *r)
{
	struct json content = json_find(r->message, S("content"));

	add_text(
		r, CHAT_THINKING, "content", json_find(content, S("thinking")));
	add_text(r, CHAT_TEXT, "content", json_find(content, S("text")));
	r->choice->logprobs = cohere_read_logprobs(
		json_find(r->root, S("logprobs")), r->arena);
}

static void read_plan(struct event_reader *r)
{
	add_text(r, CHAT_THINKING, "tool_plan",
		json_find(r->message, S("tool_plan")));
}

/* A block begins with an empty text, which is nothing new. */
static void add_text(struct event_reader *r, enum chat_part_kind kind,
	const char *member, struct json text)
{
	struct str value;
	struct chat_part *part;

	if (!json_text(text, r->arena, &value) || value.n == 0)
		return;
	part = chat_message_add(&r->choice->message, kind, r->arena);
	part->member = str_of(member);
	part->text = value;
}

static void read_call_start(struct event_reader *r)
{
	struct reader *memory = r->memory;
	struct json call = the_call(r);
	struct json function = json_find(call, S("function"));
	int64_t index = -1;
	struct chat_part *part;
	struct str text;

	end_call(r);
	if (!json_int(json_find(r->root, S("index")), &index))
		index = -1;
	buf_append(&memory->calls,
		(struct str){ (const char *)&index, sizeof(index) });
	if (memory->calls.failed)
		return;
	memory->in_call = true;
	memory->has_arguments = false;
	memory->held_bytes = 0;
	part = chat_message_add(&r->choice->message, CHAT_TOOL_CALL, r->arena);
	part->member = S("tool_calls");
	part->call.index = (int64_t)(memory->calls.n / sizeof(index)) - 1;
	part->call.type = S("function");
	if (json_text(json_find(call, S("id")), r->arena, &text))
		part->call.id = text;
	if (json_text(json_find(function, S("name")), r->arena, &text))
		part->call.name = text;
	if (json_text(json_find(function, S("arguments")), r->arena, &text))
		part->call.arguments = take_arguments(r, text);
}

/* One object, in spite of the name. */
static struct json the_call(const struct event_reader *r)
{
	struct json calls = json_find(r->message, S("tool_calls"));
	struct json_cursor cursor = json_members(calls);
	struct json_member first;

	if (calls.type == JSON_TYPE_ARRAY && json_next(&cursor, &first))
		return first.value;
	return calls;
}

static void read_call_delta(struct event_reader *r)
{
	struct json function = json_find(the_call(r), S("function"));
	int64_t index = find_call(r);
	int64_t last = (int64_t)(r->memory->calls.n / sizeof(index)) - 1;
	struct str text;

	if (index < 0 || !json_text(json_find(function, S("arguments")),
				 r->arena, &text))
		return;
	if (index == last)
		text = take_arguments(r, text);
	if (text.n > 0)
		add_arguments(r, index, text);
}

/* Our number of the call that the event is about: the last one of that index,
 * or the last of all. -1: none has begun. */
static int64_t find_call(const struct event_reader *r)
{
	const struct buf *calls = &r->memory->calls;
	int64_t last = (int64_t)(calls->n / sizeof(int64_t)) - 1;
	int64_t wanted, index;

	if (!json_int(json_find(r->root, S("index")), &wanted))
		return last;
	for (int64_t i = last; i >= 0; i--) {
		memcpy(&index, calls->p + (size_t)i * sizeof(index),
			sizeof(index));
		if (index == wanted)
			return i;
	}
	return last;
}

static void add_arguments(
	struct event_reader *r, int64_t index, struct str text)
{
	struct chat_part *part =
		chat_message_add(&r->choice->message, CHAT_TOOL_CALL, r->arena);

	part->member = S("tool_calls");
	part->call.index = index;
	part->call.arguments = text;
}

/* What of the arguments may go out: all, unless it could become "null". */
static struct str take_arguments(struct event_reader *r, struct str text)
{
	struct reader *memory = r->memory;
	struct str all = text;

	if (memory->has_arguments)
		return text;
	if (memory->held_bytes > 0)
		all = arena_printf(r->arena, "%.*s%.*s",
			(int)memory->held_bytes, memory->held, STR_ARG(text));
	if (all.n < sizeof(memory->held) &&
		str_starts(S("null"), str_trim(all))) {
		memcpy(memory->held, all.p, all.n);
		memory->held_bytes = all.n;
		return S("");
	}
	memory->has_arguments = true;
	return all;
}

static void read_call_end(struct event_reader *r)
{
	end_call(r);
}

static void end_call(struct event_reader *r)
{
	struct reader *memory = r->memory;
	int64_t last = (int64_t)(memory->calls.n / sizeof(int64_t)) - 1;

	if (memory->in_call && !memory->has_arguments)
		add_arguments(r, last, S("{}"));
	memory->in_call = false;
}

/* One object, or a list of them. */
static void read_citations(struct event_reader *r)
{
	struct json citations = json_find(r->message, S("citations"));
	struct chat_citation **end = &r->choice->message.citations;
	struct json_cursor cursor = json_members(citations);
	struct json_member item;

	if (citations.type == JSON_TYPE_OBJECT)
		*end = cohere_read_citation(citations, r->arena);
	if (citations.type != JSON_TYPE_ARRAY)
		return;
	for (; json_next(&cursor, &item); end = &(*end)->next)
		*end = cohere_read_citation(item.value, r->arena);
}

static void read_message_end(struct event_reader *r)
{
	struct json error = json_find(r->delta, S("error"));
	struct json usage = json_find(r->delta, S("usage"));
	struct str word;

	if (error.type == JSON_TYPE_STRING && !json_text_is(error, S(""))) {
		fail(r, r->delta);
		return;
	}
	end_call(r);
	if (json_text(json_find(r->delta, S("finish_reason")), r->arena, &word))
		cohere_read_finish(word, r->choice);
	if (usage.type == JSON_TYPE_OBJECT) {
		r->out->delta.has_usage = true;
		r->out->delta.usage_json = usage.text;
		cohere_read_usage(usage, &r->out->delta.usage);
	}
	r->out->done = true;
	r->memory->ended = true;
}
