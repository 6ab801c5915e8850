/*
 * event.c - events of a stream, to the neutral form.
 *
 * Blocks of content are numbered, whatever they are; calls of tools are
 * numbered by us. A block may come without its contentBlockStart: most texts
 * do. The last event is `metadata`.
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/frames_aws.h"
#include "dialect/signature.h"

/* How many of the last calls may still get more input: blocks come one after
 * the other, so that one would do. */
#define OPEN_CALLS 16

struct reader {
	int64_t calls;
	int64_t blocks[OPEN_CALLS]; /* of call n at n % OPEN_CALLS */
};

/* One event on its way into the neutral form. */
struct event_reader {
	struct reader *stream;
	struct arena *arena;
	struct json data;
	struct chat_event *out;
};

static void read_start(struct event_reader *r);
static void read_block_start(struct event_reader *r);
static void read_delta(struct event_reader *r);
static void read_stop(struct event_reader *r);
static void read_metadata(struct event_reader *r);

static const struct {
	struct str name;
	void (*read)(struct event_reader *r);
} events[] = {
	{ STR("messageStart"), read_start },
	{ STR("contentBlockStart"), read_block_start },
	{ STR("contentBlockDelta"), read_delta },
	{ STR("messageStop"), read_stop },
	{ STR("metadata"), read_metadata },
};

static bool is_failure(const struct frame *frame);
static void read_failure(const struct frame *frame, struct event_reader *r);
static struct chat_choice *add_choice(struct event_reader *r);
static struct chat_part *add_part(
	struct event_reader *r, enum chat_part_kind kind);
static int64_t begin_call(struct event_reader *r);
static int64_t find_call(struct event_reader *r);
static void read_text(struct event_reader *r, struct json text);
static void read_input(struct event_reader *r, struct json call);
static void read_thinking(struct event_reader *r, struct json content);
static void read_citation(struct event_reader *r, struct json citation);

void *bedrock_reader_new(struct arena *arena)
{
	return ARENA_NEW(arena, struct reader);
}

bool bedrock_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err)
{
	struct event_reader r = {
		.stream = reader, .arena = arena, .out = out
	};

	*out = (struct chat_event){ .kind = CHAT_EVENT_NOTHING };
	chat_response_init(&out->delta, S(BEDROCK_NAME));
	if (is_failure(frame)) {
		read_failure(frame, &r);
		return true;
	}
	if (!frame->has_data || !frame->is_whole)
		return true;
	if (!facts_check(frame->data, &r.data, err))
		return false;
	out->name = frame->event;
	out->json = frame->data;
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (str_equal(frame->event, events[i].name))
			events[i].read(&r);
	return true;
}

/* Exceptions are told by their names, too, where there are no headers. */
static bool is_failure(const struct frame *frame)
{
	struct str type = frames_aws_header(frame->raw, S(":message-type"));

	if (!frame->is_whole)
		return false;
	return str_equal(type, S("exception")) || str_equal(type, S("error")) ||
	       str_ends(frame->event, S("Exception"));
}

/* An exception has a JSON payload, an error says it in a header. */
static void read_failure(const struct frame *frame, struct event_reader *r)
{
	struct str text = frames_aws_header(frame->raw, S(":error-message"));
	int status = bedrock_status_of(frame->event);
	struct failure failure;

	failure_read(status, S(""), text.p ? text : frame->data, &failure);
	r->out->kind = CHAT_EVENT_ERROR;
	r->out->error_status = status;
	r->out->name = frame->event;
	r->out->error_message = arena_copy(r->arena, str_of(failure.message));
}

static void read_start(struct event_reader *r)
{
	struct chat_choice *choice = add_choice(r);

	choice->message.role = CHAT_ASSISTANT;
}

static struct chat_choice *add_choice(struct event_reader *r)
{
	struct chat_response *delta = &r->out->delta;

	r->out->kind = CHAT_EVENT_DELTA;
	if (delta->choice_count == 0) {
		delta->choices = ARENA_NEW(r->arena, struct chat_choice);
		delta->choice_count = 1;
		delta->choices->message_member = S("delta");
		chat_message_init(&delta->choices->message);
	}
	return delta->choices;
}

static struct chat_part *add_part(
	struct event_reader *r, enum chat_part_kind kind)
{
	return chat_message_add(&add_choice(r)->message, kind, r->arena);
}

/* Of what begins here, calls alone have something to tell. */
static void read_block_start(struct event_reader *r)
{
	struct json call =
		json_find(json_find(r->data, S("start")), S("toolUse"));
	struct json id = json_find(call, S("toolUseId"));
	struct json name = json_find(call, S("name"));
	struct chat_part *part;

	/* The provider runs a tool with a type itself. */
	if (name.type != JSON_TYPE_STRING || json_count(call, S("type")) > 0)
		return;
	part = add_part(r, CHAT_TOOL_CALL);
	part->call.index = begin_call(r);
	part->call.type = S("function");
	part->call.arguments = S("");
	if (!json_text(name, r->arena, &part->call.name) ||
		!json_text(id, r->arena, &part->call.id))
		part->call.id = (struct str){ NULL, 0 };
}

static int64_t begin_call(struct event_reader *r)
{
	struct reader *stream = r->stream;
	int64_t block = -1;

	facts_read_count(json_find(r->data, S("contentBlockIndex")), &block);
	stream->blocks[stream->calls % OPEN_CALLS] = block;
	return stream->calls++;
}

/* -1: its block did not begin, or not as a call. */
static int64_t find_call(struct event_reader *r)
{
	const struct reader *stream = r->stream;
	int64_t oldest = stream->calls - OPEN_CALLS;
	int64_t block = -1;

	facts_read_count(json_find(r->data, S("contentBlockIndex")), &block);
	for (int64_t i = stream->calls - 1; i >= 0 && i >= oldest; i--)
		if (stream->blocks[i % OPEN_CALLS] == block)
			return i;
	return -1;
}

static void read_delta(struct event_reader *r)
{
	struct json delta = json_find(r->data, S("delta"));
	struct json_cursor cursor = json_members(delta);
	struct json_member kind;

	if (delta.type != JSON_TYPE_OBJECT || !json_next(&cursor, &kind))
		return;
	if (json_name_is(kind, S("text")))
		read_text(r, kind.value);
	else if (json_name_is(kind, S("toolUse")))
		read_input(r, kind.value);
	else if (json_name_is(kind, S("reasoningContent")))
		read_thinking(r, kind.value);
	else if (json_name_is(kind, S("citation")))
		read_citation(r, kind.value);
}

static void read_text(struct event_reader *r, struct json text)
{
	struct str value;

	if (json_text(text, r->arena, &value))
		add_part(r, CHAT_TEXT)->text = value;
}

static void read_input(struct event_reader *r, struct json call)
{
	int64_t index = find_call(r);
	struct chat_part *part;
	struct str input;

	if (index < 0 ||
		!json_text(json_find(call, S("input")), r->arena, &input))
		return;
	part = add_part(r, CHAT_TOOL_CALL);
	part->call.index = index;
	part->call.arguments = input;
}

/* {"text"}, {"signature"} or {"redactedContent"} */
static void read_thinking(struct event_reader *r, struct json content)
{
	struct json text = json_find(content, S("text"));
	struct json signature = json_find(content, S("signature"));
	struct json sealed = json_find(content, S("redactedContent"));
	struct chat_part *part;
	struct str value;

	if (json_text(sealed, r->arena, &value)) {
		part = add_part(r, CHAT_REDACTED_THINKING);
		part->data = value;
		part->signature.origin = S(BEDROCK_NAME);
		return;
	}
	if (json_text(text, r->arena, &value))
		add_part(r, CHAT_THINKING)->text = value;
	if (json_text(signature, r->arena, &value))
		add_part(r, CHAT_THINKING)->signature =
			signature_read(value, S(BEDROCK_NAME));
}

static void read_citation(struct event_reader *r, struct json citation)
{
	struct chat_part *part = add_part(r, CHAT_TEXT);

	part->citations = ARENA_NEW(r->arena, struct chat_citation);
	bedrock_read_citation(citation, part->citations, r->arena);
}

static void read_stop(struct event_reader *r)
{
	struct json reason = json_find(r->data, S("stopReason"));
	struct chat_choice *choice;
	struct str word;

	if (!json_text(reason, r->arena, &word))
		return;
	choice = add_choice(r);
	choice->finish_word = word;
	choice->finish = bedrock_finish_of(word);
}

static void read_metadata(struct event_reader *r)
{
	struct json usage = json_find(r->data, S("usage"));
	struct json tier = json_find(r->data, S("serviceTier"));
	struct chat_response *delta = &r->out->delta;

	r->out->kind = CHAT_EVENT_DELTA;
	r->out->done = true;
	if (!bedrock_read_tier(tier, &delta->service_tier, r->arena))
		delta->service_tier = (struct str){ NULL, 0 };
	if (usage.type != JSON_TYPE_OBJECT)
		return;
	delta->has_usage = true;
	delta->usage_json = usage.text;
	bedrock_read_usage(usage, &delta->usage);
}
