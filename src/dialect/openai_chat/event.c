/*
 * event.c - reads the events of a stream into the neutral form.
 *
 * The hard part are the tool calls: providers count them from 1, over all
 * choices, or not at all. The reader remembers those that began, and numbers
 * them itself.
 */
#include "dialect/openai_chat/openai_chat.h"

#define MAX_CALLS_BYTES (1u << 20)

struct seen_call {
	int64_t choice;
	int64_t wire_index; /* -1: the provider does not say */
	int64_t index;
	uint64_t id; /* a hash, 0: none */
};

struct reader {
	struct buf calls; /* struct seen_call, in the order they began */
};

static void release_buf(void *buf);
static void read_failure_event(
	struct json root, struct arena *arena, struct chat_event *out);
static void read_groq_usage(struct json root, struct chat_response *delta);
static void number_calls(struct reader *reader, struct chat_response *delta);
static void number_call(
	struct reader *reader, int64_t choice, struct chat_part *part);
static struct seen_call *find_call(const struct reader *reader, int64_t choice,
	const struct chat_part *part, uint64_t id, int64_t *count);
static bool goes_on(const struct seen_call *seen, const struct chat_part *part,
	uint64_t id);
static uint64_t hash(struct str text);

void *openai_chat_reader_new(struct arena *arena)
{
	struct reader *reader = ARENA_NEW(arena, struct reader);

	buf_init(&reader->calls, MAX_CALLS_BYTES);
	arena_defer(arena, release_buf, &reader->calls);
	return reader;
}

static void release_buf(void *buf)
{
	buf_release(buf);
}

bool openai_chat_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err)
{
	struct str data = str_trim(frame->data);
	struct json root;

	*out = (struct chat_event){
		.kind = CHAT_EVENT_NOTHING, .name = frame->event, .json = data
	};
	chat_response_init(&out->delta, S(OPENAI_CHAT_NAME));
	if (data.n == 0)
		return true;
	if (str_equal(data, S("[DONE]"))) {
		out->kind = CHAT_EVENT_DONE;
		return true;
	}
	if (!facts_check(frame->data, &root, err))
		return false;
	if (openai_chat_is_failure(root) ||
		str_equal(frame->event, S("error"))) {
		read_failure_event(root, arena, out);
		return true;
	}
	out->kind = CHAT_EVENT_DELTA;
	openai_chat_read_chunk(root, arena, &out->delta);
	read_groq_usage(root, &out->delta);
	number_calls(reader, &out->delta);
	return true;
}

static void read_failure_event(
	struct json root, struct arena *arena, struct chat_event *out)
{
	struct failure failure;

	failure_read_json(200, root, arena, &failure);
	out->kind = CHAT_EVENT_ERROR;
	out->error_message = arena_copy(arena, str_of(failure.message));
	out->error_status = failure.status;
}

/* Groq's streams told usage here, in the last chunk, before they learned
 * stream_options. */
static void read_groq_usage(struct json root, struct chat_response *delta)
{
	struct json usage;

	if (delta->has_usage)
		return;
	usage = json_find(json_find(root, S("x_groq")), S("usage"));
	if (usage.type != JSON_TYPE_OBJECT)
		return;
	delta->has_usage = true;
	openai_chat_read_usage(usage, &delta->usage);
}

static void number_calls(struct reader *reader, struct chat_response *delta)
{
	for (size_t i = 0; i < delta->choice_count; i++) {
		struct chat_choice *choice = &delta->choices[i];

		for (struct chat_part *part = choice->message.parts; part;
			part = part->next)
			if (part->kind == CHAT_TOOL_CALL)
				number_call(reader, choice->index, part);
	}
}

static void number_call(
	struct reader *reader, int64_t choice, struct chat_part *part)
{
	uint64_t id = hash(part->call.id);
	int64_t count;
	struct seen_call *seen = find_call(reader, choice, part, id, &count);
	struct seen_call begun = { choice, part->call.index, count, id };

	if (!seen) {
		part->call.index = count;
		buf_append(&reader->calls,
			(struct str){ (const char *)&begun, sizeof(begun) });
		return;
	}
	part->call.index = seen->index;
	if (seen->id != 0)
		part->call.id = (struct str){ NULL, 0 };
	else
		seen->id = id;
	part->call.type = part->call.name = (struct str){ NULL, 0 };
}

/* The latest call that the piece belongs to, NULL when it begins one; and
 * how many calls its choice has. */
static struct seen_call *find_call(const struct reader *reader, int64_t choice,
	const struct chat_part *part, uint64_t id, int64_t *count)
{
	struct seen_call *calls = (struct seen_call *)(void *)reader->calls.p;
	struct seen_call *found = NULL;

	*count = 0;
	for (size_t i = 0; i < reader->calls.n / sizeof(*calls); i++) {
		if (calls[i].choice != choice)
			continue;
		*count = calls[i].index + 1;
		if (goes_on(&calls[i], part, id))
			found = &calls[i];
	}
	return found;
}

static bool goes_on(
	const struct seen_call *seen, const struct chat_part *part, uint64_t id)
{
	bool is_other = id != 0 && seen->id != 0 && seen->id != id;

	if (part->call.index >= 0 && seen->wire_index >= 0)
		return part->call.index == seen->wire_index && !is_other;
	/* Without numbers, a name begins a call unless the id is known. */
	return id != 0 ? seen->id == id : part->call.name.n == 0;
}

/* FNV-1a; of no text 0. */
static uint64_t hash(struct str text)
{
	uint64_t sum = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < text.n; i++)
		sum = (sum ^ (unsigned char)text.p[i]) *
		      UINT64_C(1099511628211);
	return text.n > 0 ? sum | 1 : 0;
}
