/*
 * event.c - a provider's stream, to the neutral form.
 *
 * Events that say nothing new are nothing; see event.h.
 */
#include "dialect/openai_responses/event.h"

/* No answer has that many texts and items. */
#define MAX_ENTRIES 65536

struct event_type;

static void on_created(struct event *e, const struct event_type *type);
static void on_item_added(struct event *e, const struct event_type *type);
static void on_item_done(struct event *e, const struct event_type *type);
static void on_delta(struct event *e, const struct event_type *type);
static void on_whole(struct event *e, const struct event_type *type);
static void on_annotation(struct event *e, const struct event_type *type);
static void on_end(struct event *e, const struct event_type *type);
static void on_failure(struct event *e, const struct event_type *type);

struct event_type {
	struct str type;
	void (*read)(struct event *e, const struct event_type *type);
	enum thread thread; /* what it is a piece of */
	const char *part;   /* the member that counts the item's texts */
	const char *whole;  /* the member with the whole text */
};

#define TEXTS "content_index"
#define SUMMARIES "summary_index"

/* clang-format off */
static const struct event_type event_types[] = {
	{ STR("response.created"), on_created, 0, NULL, NULL },
	{ STR("response.output_item.added"), on_item_added, 0, NULL, NULL },
	{ STR("response.output_item.done"), on_item_done, 0, NULL, NULL },
	{ STR("response.output_text.delta"),
		on_delta, THREAD_TEXT, TEXTS, NULL },
	{ STR("response.output_text.done"),
		on_whole, THREAD_TEXT, TEXTS, "text" },
	{ STR("response.output_text.annotation.added"),
		on_annotation, THREAD_TEXT, TEXTS, NULL },
	{ STR("response.refusal.delta"),
		on_delta, THREAD_REFUSAL, TEXTS, NULL },
	{ STR("response.refusal.done"),
		on_whole, THREAD_REFUSAL, TEXTS, "refusal" },
	{ STR("response.reasoning_summary_text.delta"),
		on_delta, THREAD_SUMMARY, SUMMARIES, NULL },
	{ STR("response.reasoning_summary_text.done"),
		on_whole, THREAD_SUMMARY, SUMMARIES, "text" },
	{ STR("response.reasoning_text.delta"),
		on_delta, THREAD_THOUGHT, TEXTS, NULL },
	{ STR("response.reasoning_text.done"),
		on_whole, THREAD_THOUGHT, TEXTS, "text" },
	{ STR("response.function_call_arguments.delta"),
		on_delta, THREAD_CALL, NULL, NULL },
	{ STR("response.function_call_arguments.done"),
		on_whole, THREAD_CALL, NULL, "arguments" },
	{ STR("response.custom_tool_call_input.delta"),
		on_delta, THREAD_CALL, NULL, NULL },
	{ STR("response.custom_tool_call_input.done"),
		on_whole, THREAD_CALL, NULL, "input" },
	{ STR("response.completed"), on_end, 0, NULL, NULL },
	{ STR("response.incomplete"), on_end, 0, NULL, NULL },
	{ STR("response.failed"), on_failure, 0, NULL, NULL },
	{ STR("error"), on_failure, 0, NULL, NULL },
};
/* clang-format on */

static void release(void *thing);
static const struct event_type *find_type(
	const struct frame *frame, struct json root);
static bool has_error(struct json root);

static int64_t count_of(struct json object, const char *name);

void *openai_responses_reader_new(struct arena *arena)
{
	struct reader *reader = ARENA_NEW(arena, struct reader);

	buf_init(&reader->entries, MAX_ENTRIES * sizeof(struct entry));
	arena_defer(arena, release, reader);
	return reader;
}

static void release(void *thing)
{
	struct reader *reader = thing;

	buf_release(&reader->entries);
}

bool openai_responses_read_event(const struct frame *frame, void *memory,
	struct arena *arena, struct chat_event *out, struct error *err)
{
	struct event e = { .reader = memory, .arena = arena, .out = out };
	struct str data = str_trim(frame->data);
	const struct event_type *type;

	*out = (struct chat_event){
		.kind = CHAT_EVENT_NOTHING, .name = frame->event, .json = data
	};
	chat_response_init(&out->delta, S(OPENAI_RESPONSES_NAME));
	if (data.n == 0)
		return true;
	if (str_equal(data, S("[DONE]"))) {
		/* Some providers have it from another format. */
		if (!e.reader->is_over)
			out->kind = CHAT_EVENT_DONE;
		e.reader->is_over = true;
		return true;
	}
	if (!facts_check(frame->data, &e.root, err))
		return false;
	type = find_type(frame, e.root);
	if (!type || e.reader->is_over)
		return true;
	e.output = count_of(e.root, "output_index");
	type->read(&e, type);
	return true;
}

/* NULL: it says nothing that we know. */
static const struct event_type *find_type(
	const struct frame *frame, struct json root)
{
	static const struct event_type failure = { STR("error"), on_failure, 0,
		NULL, NULL };
	struct json type = json_find(root, S("type"));

	for (size_t i = 0; i < ARRAY_LEN(event_types); i++) {
		struct str known = event_types[i].type;

		if (type.type == JSON_TYPE_STRING
				? json_text_is(type, known)
				: str_equal(frame->event, known))
			return &event_types[i];
	}
	/* {"error": {...}} in the middle of a stream, as in other formats. */
	return type.type == JSON_TYPE_NONE && has_error(root) ? &failure : NULL;
}

static bool has_error(struct json root)
{
	struct json error = json_find(root, S("error"));

	return error.type == JSON_TYPE_OBJECT || error.type == JSON_TYPE_STRING;
}

/* Absent: the first. */
static int64_t count_of(struct json object, const char *name)
{
	int64_t count;

	return name && json_int(json_find(object, str_of(name)), &count) ? count
									 : 0;
}

static void on_created(struct event *e, const struct event_type *type)
{
	(void)type;
	openai_responses_read_envelope(
		json_find(e->root, S("response")), e->arena, &e->out->delta);
	e->out->delta.has_usage = false;
	openai_responses_choice(e)->message.role = CHAT_ASSISTANT;
}

static void on_item_added(struct event *e, const struct event_type *type)
{
	(void)type;
	openai_responses_hear_item(e, json_find(e->root, S("item")), false);
}

static void on_item_done(struct event *e, const struct event_type *type)
{
	(void)type;
	openai_responses_hear_item(e, json_find(e->root, S("item")), true);
}

static void on_delta(struct event *e, const struct event_type *type)
{
	openai_responses_hear(e, type->thread, count_of(e->root, type->part),
		json_find(e->root, S("delta")),
		json_find(e->root, S("logprobs")));
}

static void on_whole(struct event *e, const struct event_type *type)
{
	openai_responses_hear_rest(e, type->thread,
		count_of(e->root, type->part),
		json_find(e->root, str_of(type->whole)),
		json_find(e->root, S("logprobs")));
}

static void on_annotation(struct event *e, const struct event_type *type)
{
	struct entry *entry = openai_responses_entry(
		e, type->thread, count_of(e->root, type->part));
	struct chat_citation *citation = openai_responses_read_annotation(
		json_find(e->root, S("annotation")), e->arena);

	if (!entry || !citation)
		return;
	entry->citations++;
	openai_responses_tell(e, CHAT_TEXT)->citations = citation;
}

static void on_end(struct event *e, const struct event_type *type)
{
	struct json response = json_find(e->root, S("response"));
	struct json_cursor cursor =
		json_members(json_find(response, S("output")));
	struct json_member item;

	(void)type;
	openai_responses_read_envelope(response, e->arena, &e->out->delta);
	/* Nothing was heard: then all of it is in the last event. Otherwise
	 * its output is a repetition, and providers number it in their own
	 * ways. */
	if (e->reader->entries.n == 0)
		for (e->output = 0; json_next(&cursor, &item); e->output++)
			openai_responses_hear_item(e, item.value, true);
	openai_responses_read_finish(response, e->reader->calls > 0, e->arena,
		openai_responses_choice(e));
	e->out->done = e->reader->is_over = true;
}

/* `error` as a rule comes first, and response.failed repeats it. */
static void on_failure(struct event *e, const struct event_type *type)
{
	struct json response = json_find(e->root, S("response"));
	struct failure failure;

	(void)type;
	openai_responses_read_error(
		response.type == JSON_TYPE_OBJECT ? response : e->root,
		e->arena, &failure);
	e->out->kind = CHAT_EVENT_ERROR;
	e->out->error_message = arena_copy(e->arena, str_of(failure.message));
	e->out->error_status = failure.status;
	e->reader->is_over = true;
}
