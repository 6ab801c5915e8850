/*
 * event.c - a stream's lines, into the neutral form. Each is an answer
 * with what is new; the last one is done, and has the counts.
 */
#include "dialect/ollama/ollama.h"

/* What lasts from line to line. */
struct reader {
	int64_t call_count;
	bool ended;
};

static void read_delta(struct json root, struct reader *reader,
	struct arena *arena, struct chat_event *out);
static void drop_empty(struct chat_message *message);
static void number_calls(struct chat_message *message, struct reader *reader);
static void fail(struct json root, struct arena *arena, struct chat_event *out);

void *ollama_reader_new(struct arena *arena)
{
	return ARENA_NEW(arena, struct reader);
}

bool ollama_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err)
{
	struct reader *memory = reader;
	struct str data = str_trim(frame->data);
	struct json root;

	*out = (struct chat_event){ .kind = CHAT_EVENT_NOTHING };
	chat_response_init(&out->delta, S(OLLAMA_NAME));
	if (data.n == 0)
		return true;
	if (!facts_check(data, &root, err))
		return false;
	out->json = data;
	if (memory->ended)
		return true;
	if (json_find(root, S("error")).type != JSON_TYPE_NONE) {
		memory->ended = true;
		fail(root, arena, out);
	} else {
		read_delta(root, memory, arena, out);
	}
	return true;
}

static void read_delta(struct json root, struct reader *reader,
	struct arena *arena, struct chat_event *out)
{
	struct chat_choice *choice;

	out->kind = CHAT_EVENT_DELTA;
	ollama_read_object(root, arena, &out->delta);
	out->done = json_find(root, S("done")).type == JSON_TYPE_TRUE;
	reader->ended = out->done;
	choice = out->delta.choices;
	drop_empty(&choice->message);
	number_calls(&choice->message, reader);
	if (choice->finish == CHAT_FINISH_STOP && reader->call_count > 0)
		choice->finish = CHAT_FINISH_TOOL_CALLS;
	/* A line that is not the last has not finished. */
	if (!out->done)
		choice->finish = CHAT_FINISH_UNSET;
}

/* A line that thinks says "" beside it; that is nothing new. */
static void drop_empty(struct chat_message *message)
{
	struct chat_part **link = &message->parts;

	message->last_part = NULL;
	while (*link) {
		struct chat_part *part = *link;
		bool is_text =
			part->kind == CHAT_TEXT || part->kind == CHAT_THINKING;

		if (is_text && part->text.n == 0) {
			*link = part->next;
			continue;
		}
		message->last_part = part;
		link = &part->next;
	}
}

/* A call comes whole, in one line. */
static void number_calls(struct chat_message *message, struct reader *reader)
{
	for (struct chat_part *part = message->parts; part; part = part->next)
		if (part->kind == CHAT_TOOL_CALL)
			part->call.index = reader->call_count++;
}

static void fail(struct json root, struct arena *arena, struct chat_event *out)
{
	struct failure failure;

	failure_read_json(200, root, arena, &failure);
	out->kind = CHAT_EVENT_ERROR;
	out->error_message = arena_copy(arena, str_of(failure.message));
	out->error_status = failure.status;
}
