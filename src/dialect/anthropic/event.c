/*
 * event.c - a provider's stream events, to the neutral form.
 *
 * The hard part: an event names its block by number alone, so the reader
 * remembers what the blocks are. They come one after the other; that many are
 * remembered which a provider might interleave.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/signature.h"

#define REMEMBERED_BLOCKS 32

struct block {
	int64_t index;
	bool is_call;
	bool has_input; /* a piece of its arguments has come */
	int64_t call_index;
};

struct reader {
	struct block blocks[REMEMBERED_BLOCKS];
	size_t block_count; /* begun so far */
	int64_t call_count; /* begun so far */
	struct buf input;   /* of the last call, from its beginning */
	struct chat_usage usage;
	bool has_finished;
	bool is_done;
};

/* One event that is being read. */
struct event_reader {
	struct reader *memory;
	struct arena *arena;
	struct chat_event *out;
	struct json root;
};

static void release(void *memory);
static void read_failure(struct event_reader *r);
static void read_event(struct event_reader *r, enum anthropic_event kind);
static void read_message_start(struct event_reader *r);
static void read_block_start(struct event_reader *r);
static void read_block_delta(struct event_reader *r);
static void read_block_stop(struct event_reader *r);
static void read_message_delta(struct event_reader *r);
static void read_usage(struct event_reader *r, struct json usage);
static struct chat_choice *begin_delta(struct event_reader *r);
static void begin_call(
	struct event_reader *r, struct block *block, struct json object);
static void read_signature(struct event_reader *r, struct json signature);
static void read_citation(struct event_reader *r, struct json citation);
static void read_input(struct event_reader *r, struct json piece);
static void add_arguments(
	struct event_reader *r, const struct block *block, struct str text);
static struct block *find_block(struct event_reader *r);

void *anthropic_reader_new(struct arena *arena)
{
	struct reader *memory = ARENA_NEW(arena, struct reader);

	buf_init(&memory->input, SIZE_MAX);
	chat_usage_init(&memory->usage);
	arena_defer(arena, release, memory);
	return memory;
}

static void release(void *memory)
{
	buf_release(&((struct reader *)memory)->input);
}

bool anthropic_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err)
{
	struct str data = str_trim(frame->data);
	struct event_reader r = { reader, arena, out, { 0 } };

	*out = (struct chat_event){ .kind = CHAT_EVENT_NOTHING };
	chat_response_init(&out->delta, S(ANTHROPIC_NAME));
	if (data.n == 0)
		return true;
	out->name = arena_copy(arena, frame->event);
	out->json = arena_copy(arena, data);
	if (str_equal(data, S("[DONE]"))) { /* of some who follow OpenAI */
		read_event(&r, ANTHROPIC_MESSAGE_STOP);
		return true;
	}
	if (!facts_check(frame->data, &r.root, err))
		return false;
	if (anthropic_is_failure(r.root) || str_equal(frame->event, S("error")))
		read_failure(&r);
	else
		read_event(&r, anthropic_event_of(
				       frame, json_find(r.root, S("type"))));
	return true;
}

static void read_failure(struct event_reader *r)
{
	struct failure failure;

	failure_read_json(200, r->root, r->arena, &failure);
	r->out->kind = CHAT_EVENT_ERROR;
	r->out->error_status = failure.status;
	r->out->error_message = arena_copy(r->arena, str_of(failure.message));
}

static void read_event(struct event_reader *r, enum anthropic_event kind)
{
	switch (kind) {
	case ANTHROPIC_MESSAGE_START: read_message_start(r); break;
	case ANTHROPIC_BLOCK_START: read_block_start(r); break;
	case ANTHROPIC_BLOCK_DELTA: read_block_delta(r); break;
	case ANTHROPIC_BLOCK_STOP: read_block_stop(r); break;
	case ANTHROPIC_MESSAGE_DELTA: read_message_delta(r); break;
	case ANTHROPIC_MESSAGE_STOP:
		if (!r->memory->is_done)
			r->out->kind = CHAT_EVENT_DONE;
		r->memory->is_done = true;
		break;
	case ANTHROPIC_OTHER_EVENT: break;
	}
}

static void read_message_start(struct event_reader *r)
{
	struct json message = json_find(r->root, S("message"));
	struct json usage = json_find(message, S("usage"));
	struct chat_response *delta = &r->out->delta;

	begin_delta(r)->message.role = CHAT_ASSISTANT;
	if (!json_text(json_find(message, S("id")), r->arena, &delta->id))
		delta->id = (struct str){ NULL, 0 };
	if (!json_text(json_find(message, S("model")), r->arena, &delta->model))
		delta->model = (struct str){ NULL, 0 };
	read_usage(r, usage);
	delta->service_tier =
		anthropic_read_tier(json_find(usage, S("service_tier")));
	/* The few tokens written by then are not the completion. */
	r->memory->usage.completion = delta->usage.completion = -1;
}

/* A block that the neutral form cannot express says nothing. */
static void read_block_start(struct event_reader *r)
{
	struct json object = json_find(r->root, S("content_block"));
	struct reader *memory = r->memory;
	struct block *block =
		&memory->blocks[memory->block_count++ % REMEMBERED_BLOCKS];
	struct chat_message message;

	*block = (struct block){ .index = -1, .call_index = -1 };
	if (!json_int(json_find(r->root, S("index")), &block->index))
		block->index = -1;
	chat_message_init(&message);
	anthropic_read_block(
		object, ANTHROPIC_IN_ASSISTANT, r->arena, &message);
	if (message.parts->kind == CHAT_OTHER)
		return;
	begin_delta(r)->message.parts = message.parts;
	r->out->delta.choices->message.last_part = message.parts;
	if (message.parts->kind == CHAT_TOOL_CALL)
		begin_call(r, block, object);
	else if (message.parts->kind == CHAT_THINKING &&
		 message.parts->signature.text.n == 0)
		message.parts->signature.text = (struct str){ NULL, 0 };
}

/* What the block begins with is its input only when no pieces of it follow. */
static void begin_call(
	struct event_reader *r, struct block *block, struct json object)
{
	struct chat_call *call = &r->out->delta.choices->message.parts->call;
	struct json input = json_find(object, S("input"));

	block->is_call = true;
	block->call_index = call->index = r->memory->call_count++;
	call->arguments = (struct str){ NULL, 0 };
	buf_clear(&r->memory->input);
	buf_append(&r->memory->input,
		input.type == JSON_TYPE_OBJECT ? input.text : S("{}"));
}

/* What is new of a block, by the type of the piece. */
static void read_block_delta(struct event_reader *r)
{
	static const struct {
		struct str type;
		struct str member;
		enum chat_part_kind kind;
	} texts[] = {
		{ STR("text_delta"), STR("text"), CHAT_TEXT },
		{ STR("thinking_delta"), STR("thinking"), CHAT_THINKING },
	};
	struct json delta = json_find(r->root, S("delta"));
	struct json type = json_find(delta, S("type"));
	struct str text;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (json_text_is(type, texts[i].type) &&
			json_text(json_find(delta, texts[i].member), r->arena,
				&text))
			chat_message_add(&begin_delta(r)->message,
				texts[i].kind, r->arena)
				->text = text;
	if (json_text_is(type, S("signature_delta")))
		read_signature(r, json_find(delta, S("signature")));
	else if (json_text_is(type, S("citations_delta")))
		read_citation(r, json_find(delta, S("citation")));
	else if (json_text_is(type, S("input_json_delta")))
		read_input(r, json_find(delta, S("partial_json")));
}

static void read_signature(struct event_reader *r, struct json signature)
{
	struct chat_part *part;
	struct str text;

	if (!json_text(signature, r->arena, &text))
		return;
	part = chat_message_add(
		&begin_delta(r)->message, CHAT_THINKING, r->arena);
	part->signature = signature_read(text, S(ANTHROPIC_NAME));
}

static void read_citation(struct event_reader *r, struct json citation)
{
	struct chat_part *part;

	if (citation.type != JSON_TYPE_OBJECT)
		return;
	part = chat_message_add(&begin_delta(r)->message, CHAT_TEXT, r->arena);
	part->citations = anthropic_read_citation(citation, r->arena);
}

/* Empty pieces say nothing. */
static void read_input(struct event_reader *r, struct json piece)
{
	struct block *block = find_block(r);
	struct str text;

	if (!block || !block->is_call || !json_text(piece, r->arena, &text) ||
		text.n == 0)
		return;
	block->has_input = true;
	add_arguments(r, block, text);
}

static void add_arguments(
	struct event_reader *r, const struct block *block, struct str text)
{
	struct chat_part *part = chat_message_add(
		&begin_delta(r)->message, CHAT_TOOL_CALL, r->arena);

	part->call.index = block->call_index;
	part->call.arguments = text;
}

/* A call that came without pieces has what it began with, at least "{}". */
static void read_block_stop(struct event_reader *r)
{
	struct block *block = find_block(r);

	if (!block || !block->is_call || block->has_input ||
		block->call_index != r->memory->call_count - 1)
		return;
	block->has_input = true;
	add_arguments(
		r, block, arena_copy(r->arena, buf_str(&r->memory->input)));
}

/* The last one of that number; NULL when it is not known. */
static struct block *find_block(struct event_reader *r)
{
	struct reader *memory = r->memory;
	int64_t index;

	if (!json_int(json_find(r->root, S("index")), &index))
		return NULL;
	for (size_t i = 0; i < REMEMBERED_BLOCKS && i < memory->block_count;
		i++) {
		size_t at = memory->block_count - 1 - i;
		struct block *block = &memory->blocks[at % REMEMBERED_BLOCKS];

		if (block->index == index)
			return block;
	}
	return NULL;
}

/* Some send a second finish; it means nothing new. */
static void read_message_delta(struct event_reader *r)
{
	struct json delta = json_find(r->root, S("delta"));
	struct chat_choice *choice = begin_delta(r);

	if (!r->memory->has_finished &&
		anthropic_read_stop_reason(
			json_find(delta, S("stop_reason")), r->arena, choice)) {
		r->memory->has_finished = true;
		if (!json_text(json_find(delta, S("stop_sequence")), r->arena,
			    &choice->stop_sequence))
			choice->stop_sequence = (struct str){ NULL, 0 };
	}
	read_usage(r, json_find(r->root, S("usage")));
}

static void read_usage(struct event_reader *r, struct json usage)
{
	struct chat_response *delta = &r->out->delta;

	if (usage.type != JSON_TYPE_OBJECT)
		return;
	anthropic_read_usage(usage, &r->memory->usage);
	delta->has_usage = true;
	delta->usage = r->memory->usage;
	delta->usage_json = usage.text;
}

/* The event says something: its one choice, empty so far. */
static struct chat_choice *begin_delta(struct event_reader *r)
{
	struct chat_choice *choice = ARENA_NEW(r->arena, struct chat_choice);

	chat_message_init(&choice->message);
	r->out->kind = CHAT_EVENT_DELTA;
	r->out->delta.choices = choice;
	r->out->delta.choice_count = 1;
	return choice;
}
