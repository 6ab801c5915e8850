/*
 * reader.c - events of a stream, to the neutral form.
 *
 * Each is an answer with what is new. What one must remember: how many calls
 * a candidate has made, for their numbers and for how it ended, and a call
 * whose arguments come piece by piece (partial.c). There is no last
 * event but in a JSON array, whose bracket is one.
 */
#include "dialect/gemini/gemini.h"

/* More candidates than any model gives. */
#define MAX_CANDIDATES 128

/* Of one candidate. */
struct progress {
	int64_t index;
	int64_t calls;
	bool in_call; /* the last call goes on */
	struct gemini_partial partial;
};

struct reader {
	struct buf candidates; /* struct progress, in order of appearance */
};

static void release(void *thing);
static struct str data_of(const struct frame *frame);
static bool ends_array(const struct frame *frame);
static bool is_answer(const struct chat_response *response);
static void read_failure(
	struct json root, struct arena *arena, struct chat_event *out);
static struct progress *find_progress(struct reader *r, int64_t index);
static void read_choice(struct progress *progress, struct arena *arena,
	struct chat_choice *choice);
static void read_call(
	struct progress *progress, struct arena *arena, struct chat_part *part);
static struct json inner_find(const struct chat_part *part, const char *name);
static void end_call(struct progress *progress, struct buf *out);
static void insert_end(struct progress *progress, struct arena *arena,
	struct chat_message *message, struct chat_part *before);

void *gemini_reader_new(struct arena *arena)
{
	struct reader *r = ARENA_NEW(arena, struct reader);

	buf_init(&r->candidates, MAX_CANDIDATES * sizeof(struct progress));
	arena_defer(arena, release, r);
	return r;
}

static void release(void *thing)
{
	struct reader *r = thing;
	struct progress *progress = (void *)r->candidates.p;
	size_t count = r->candidates.n / sizeof(*progress);

	for (size_t i = 0; i < count; i++)
		buf_release(&progress[i].partial.path);
	buf_release(&r->candidates);
}

bool gemini_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err)
{
	struct str data = data_of(frame);
	struct json root;

	*out = (struct chat_event){ .kind = CHAT_EVENT_NOTHING };
	chat_response_init(&out->delta, S(GEMINI_NAME));
	if (data.n == 0) {
		if (ends_array(frame))
			out->kind = CHAT_EVENT_DONE;
		return true;
	}
	if (!facts_check(data, &root, err))
		return false;
	out->json = data;
	if (json_find(root, S("error")).type == JSON_TYPE_OBJECT) {
		read_failure(root, arena, out);
		return true;
	}
	gemini_read_answer(root, true, arena, &out->delta);
	if (!is_answer(&out->delta))
		return true;
	out->kind = CHAT_EVENT_DELTA;
	for (size_t i = 0; i < out->delta.choice_count; i++) {
		struct chat_choice *choice = &out->delta.choices[i];
		int64_t index = choice->index >= 0 ? choice->index : (int64_t)i;

		read_choice(find_progress(reader, index), arena, choice);
	}
	return true;
}

/*
 * An error in the middle of a stream may stand there without "data:", as a
 * JSON text of several lines.
 */
static struct str data_of(const struct frame *frame)
{
	struct str raw = str_trim(frame->raw);
	struct str data = str_trim(frame->data);

	if (data.n == 0 && !frame->has_data && str_starts(raw, S("{")))
		return raw;
	return data;
}

static bool ends_array(const struct frame *frame)
{
	struct str raw = str_trim(frame->raw);

	return str_equal(raw, S("]")) || str_equal(raw, S("[]"));
}

static bool is_answer(const struct chat_response *response)
{
	return response->choice_count > 0 || response->has_usage ||
	       response->id.p || response->model.p;
}

static void read_failure(
	struct json root, struct arena *arena, struct chat_event *out)
{
	struct failure failure;

	failure_read_json(200, root, arena, &failure);
	out->kind = CHAT_EVENT_ERROR;
	out->error_message = arena_copy(arena, str_of(failure.message));
	out->error_status = failure.status;
}

/* Those beyond the most there can be share the last one. */
static struct progress *find_progress(struct reader *r, int64_t index)
{
	struct progress *all = (void *)r->candidates.p;
	size_t count = r->candidates.n / sizeof(*all);
	struct progress *progress;

	for (size_t i = 0; i < count; i++)
		if (all[i].index == index)
			return &all[i];
	progress = (void *)buf_reserve(&r->candidates, sizeof(*progress));
	if (!progress) {
		assert(count > 0); /* or there is no memory at all */
		return &all[count - 1];
	}
	*progress = (struct progress){ .index = index };
	buf_init(&progress->partial.path, 65536);
	buf_advance(&r->candidates, sizeof(*progress));
	return progress;
}

static void read_choice(struct progress *progress, struct arena *arena,
	struct chat_choice *choice)
{
	struct chat_message *message = &choice->message;

	for (struct chat_part *part = message->parts; part; part = part->next) {
		bool begins =
			part->kind != CHAT_TOOL_CALL || part->call.name.n > 0;

		if (progress->in_call && begins)
			insert_end(progress, arena, message, part);
		if (part->kind == CHAT_TOOL_CALL)
			read_call(progress, arena, part);
	}
	if (progress->in_call && choice->finish != CHAT_FINISH_UNSET)
		insert_end(progress, arena, message, NULL);
	if (progress->calls > 0 && choice->finish == CHAT_FINISH_STOP)
		choice->finish = CHAT_FINISH_TOOL_CALLS;
}

/* The first piece of a call has its name; the others have neither name nor
 * id. */
static void read_call(
	struct progress *progress, struct arena *arena, struct chat_part *part)
{
	bool goes_on = inner_find(part, "willContinue").type == JSON_TYPE_TRUE;
	struct json_cursor values =
		json_members(inner_find(part, "partialArgs"));
	struct buf text = BUF_INIT(SIZE_MAX);
	struct json_member value;

	if (!progress->in_call && !goes_on &&
		(part->call.name.n > 0 || part->json.p)) {
		part->call.index = progress->calls++;
		return; /* whole */
	}
	if (!progress->in_call)
		progress->calls++;
	progress->in_call = true;
	part->call.index = progress->calls - 1;
	while (json_next(&values, &value))
		gemini_partial_add(&progress->partial, value.value, &text);
	if (!goes_on)
		end_call(progress, &text);
	part->call.arguments = arena_copy(arena, buf_str(&text));
	buf_release(&text);
}

/* The shape kept what it has no row for. */
static struct json inner_find(const struct chat_part *part, const char *name)
{
	for (const struct chat_member *kept = part->inner_extra.first; kept;
		kept = kept->next)
		if (gemini_name_is(&kept->member, name))
			return kept->member.value;
	return (struct json){ .type = JSON_TYPE_NONE };
}

static void end_call(struct progress *progress, struct buf *out)
{
	gemini_partial_end(&progress->partial, out);
	progress->in_call = false;
}

/* A call that was not said to be over is so when something else comes. */
static void insert_end(struct progress *progress, struct arena *arena,
	struct chat_message *message, struct chat_part *before)
{
	struct chat_part *end = ARENA_NEW(arena, struct chat_part);
	struct chat_part **at = &message->parts;
	struct buf text = BUF_INIT(SIZE_MAX);

	end->kind = CHAT_TOOL_CALL;
	end->call.index = progress->calls - 1;
	end_call(progress, &text);
	end->call.arguments = arena_copy(arena, buf_str(&text));
	buf_release(&text);
	while (*at != before)
		at = &(*at)->next;
	end->next = before;
	*at = end;
	if (!before)
		message->last_part = end;
}
