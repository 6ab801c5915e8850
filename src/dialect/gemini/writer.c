/*
 * writer.c - the neutral form, to events of a stream: server-sent ones,
 * or the items of a JSON array.
 *
 * Text goes out at once. A call goes out whole, so its pieces are held; how
 * the candidates ended and the usage belong to the last chunk, so they are
 * held as well, until the end of the stream is told.
 */
#include "dialect/gemini/gemini.h"

/* Of one call's arguments, of all calls of a stream and of its candidates. */
#define MAX_BYTES (64u << 20)

struct call {
	int64_t index;
	bool is_custom;
	struct buf id;
	struct buf name;
	struct buf arguments;
	struct buf signature; /* as it is written to clients of this dialect */
};

struct candidate {
	int64_t index;
	enum chat_finish finish;
	struct buf calls; /* struct call, in the order of their beginning */
};

struct writer {
	struct chat_start start;
	struct buf candidates; /* struct candidate, in order of appearance */
	struct buf id;
	struct buf model;
	struct buf metadata;
	bool has_usage;
	struct chat_usage usage;
	bool is_own; /* the provider's events go out as they came */
	bool began;  /* an event went out */
	bool ended;
};

static void release(void *thing);
static void release_call(struct call *call);
static void write_own(
	struct writer *writer, const struct chat_event *event, struct buf *out);
static void append_metadata(struct str metadata, struct buf *out);
static void make_one_line(struct buf *out, size_t from);
static void write_failure_event(
	struct writer *writer, const struct chat_event *event, struct buf *out);
static void write_delta(
	struct writer *writer, const struct chat_event *event, struct buf *out);
static void note(struct writer *writer, const struct chat_event *event);
static void note_once(struct buf *kept, struct str text);
static struct candidate *find_candidate(struct writer *writer, int64_t index);
static void hold_calls(
	struct candidate *candidate, const struct chat_message *message);
static struct call *find_call(struct candidate *candidate, int64_t index);
static bool is_visible(const struct chat_choice *choice);
static void write_chunk(struct writer *writer, const struct chat_choice *choice,
	int64_t index, struct buf *out);
static void write_last(struct writer *writer, struct buf *out);
static void begin_answer(
	const struct writer *writer, struct chat_response *answer);
static void add_calls(const struct candidate *candidate,
	struct chat_choice *choice, struct arena *arena);

void *gemini_writer_new(const struct chat_start *start, struct arena *arena)
{
	struct writer *writer = ARENA_NEW(arena, struct writer);

	writer->start = *start;
	writer->start.request_id = arena_copy(arena, start->request_id);
	writer->start.model = arena_copy(arena, start->model);
	writer->began = start->began;
	chat_usage_init(&writer->usage);
	buf_init(&writer->candidates, MAX_BYTES);
	buf_init(&writer->id, MAX_BYTES);
	buf_init(&writer->model, MAX_BYTES);
	buf_init(&writer->metadata, MAX_BYTES);
	arena_defer(arena, release, writer);
	return writer;
}

static void release(void *thing)
{
	struct writer *writer = thing;
	struct candidate *candidate = (void *)writer->candidates.p;
	size_t count = writer->candidates.n / sizeof(*candidate);

	for (; count > 0; count--, candidate++) {
		struct call *call = (void *)candidate->calls.p;
		size_t calls = candidate->calls.n / sizeof(*call);

		for (; calls > 0; calls--)
			release_call(call++);
		buf_release(&candidate->calls);
	}
	buf_release(&writer->candidates);
	buf_release(&writer->id);
	buf_release(&writer->model);
	buf_release(&writer->metadata);
}

static void release_call(struct call *call)
{
	buf_release(&call->id);
	buf_release(&call->name);
	buf_release(&call->arguments);
	buf_release(&call->signature);
}

void gemini_begin_event(void *writer, struct buf *out)
{
	const struct writer *w = writer;

	if (!w || !w->start.as_array)
		buf_append(out, S("data: "));
	else
		buf_append(out, w->began ? S(",\r\n") : S("["));
}

void gemini_end_event(void *writer, struct buf *out)
{
	struct writer *w = writer;

	if (!w || !w->start.as_array)
		buf_append(out, S("\r\n\r\n"));
	if (w)
		w->began = true;
}

void gemini_end_stream(void *writer, struct buf *out)
{
	struct writer *w = writer;

	if (w && w->start.as_array && !w->ended)
		buf_append(out, w->began ? S("]") : S("[]"));
	if (w)
		w->ended = true;
}

void gemini_write_event(
	const struct chat_event *event, void *writer, struct buf *out)
{
	struct writer *w = writer;
	bool is_own = str_equal(event->delta.dialect, S(GEMINI_NAME));

	switch (event->kind) {
	case CHAT_EVENT_NOTHING:
		if (is_own && event->json.p)
			write_own(w, event, out);
		break;
	case CHAT_EVENT_DONE:
		if (!is_own && !w->is_own)
			write_last(w, out);
		gemini_end_stream(w, out);
		break;
	case CHAT_EVENT_ERROR: write_failure_event(w, event, out); break;
	case CHAT_EVENT_DELTA:
		if (is_own && event->json.p)
			write_own(w, event, out);
		else
			write_delta(w, event, out);
		break;
	}
}

static void write_own(
	struct writer *writer, const struct chat_event *event, struct buf *out)
{
	size_t from;

	writer->is_own = true;
	gemini_begin_event(writer, out);
	from = out->n;
	buf_append(out, event->json);
	append_metadata(event->metadata, out);
	make_one_line(out, from);
	gemini_end_event(writer, out);
	if (event->done)
		gemini_end_stream(writer, out);
}

/* As the last member of the object that was just written. */
static void append_metadata(struct str metadata, struct buf *out)
{
	if (!metadata.p || out->failed || out->p[out->n - 1] != '}')
		return;
	out->n--;
	if (!str_ends(str_trim(buf_str(out)), S("{")))
		buf_append_char(out, ',');
	buf_append(out, S("\"metadata\":"));
	buf_append(out, metadata);
	buf_append_char(out, '}');
}

/* What was kept as it came may have line ends between its tokens. */
static void make_one_line(struct buf *out, size_t from)
{
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] == '\n' || out->p[i] == '\r')
			out->p[i] = ' ';
}

/* Always in our words: what the provider sent may quote a key. */
static void write_failure_event(
	struct writer *writer, const struct chat_event *event, struct buf *out)
{
	struct error err = { .kind = ERR_UPSTREAM_STATUS };

	if (event->error_status >= 400)
		err.http_status = event->error_status;
	failure_fit(event->error_message, err.message, sizeof(err.message));
	gemini_write_stream_failure(
		&err, writer->start.request_id, writer, out);
}

static void write_delta(
	struct writer *writer, const struct chat_event *event, struct buf *out)
{
	const struct chat_response *delta = &event->delta;

	note(writer, event);
	for (size_t i = 0; i < delta->choice_count; i++) {
		const struct chat_choice *choice = &delta->choices[i];
		int64_t index = choice->index >= 0 ? choice->index : (int64_t)i;
		struct candidate *candidate = find_candidate(writer, index);

		if (!candidate) {
			out->failed = true;
			return;
		}
		hold_calls(candidate, &choice->message);
		if (candidate->finish == CHAT_FINISH_UNSET)
			candidate->finish = choice->finish;
		if (is_visible(choice))
			write_chunk(writer, choice, index, out);
	}
	if (!event->done)
		return;
	write_last(writer, out);
	gemini_end_stream(writer, out);
}

static void note(struct writer *writer, const struct chat_event *event)
{
	note_once(&writer->id, event->delta.id);
	note_once(&writer->model, event->delta.model);
	note_once(&writer->metadata, event->metadata);
	writer->has_usage |= event->delta.has_usage;
	if (event->delta.has_usage)
		chat_usage_merge(&writer->usage, &event->delta.usage);
}

static void note_once(struct buf *kept, struct str text)
{
	if (kept->n == 0 && text.n > 0)
		buf_append(kept, text);
}

/* NULL: there is no room for one more. */
static struct candidate *find_candidate(struct writer *writer, int64_t index)
{
	struct candidate *all = (void *)writer->candidates.p;
	size_t count = writer->candidates.n / sizeof(*all);
	struct candidate *candidate;

	for (size_t i = 0; i < count; i++)
		if (all[i].index == index)
			return &all[i];
	candidate =
		(void *)buf_reserve(&writer->candidates, sizeof(*candidate));
	if (!candidate)
		return NULL;
	*candidate = (struct candidate){ .index = index };
	buf_init(&candidate->calls, MAX_BYTES);
	buf_advance(&writer->candidates, sizeof(*candidate));
	return candidate;
}

static void hold_calls(
	struct candidate *candidate, const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		struct call *call;

		if (part->kind != CHAT_TOOL_CALL)
			continue;
		call = find_call(candidate, part->call.index);
		if (!call) {
			candidate->calls.failed = true;
			return;
		}
		call->is_custom |= str_equal(part->call.type, S("custom"));
		note_once(&call->id, part->call.id);
		buf_append(&call->name, part->call.name);
		buf_append(&call->arguments, part->call.arguments);
		if (call->signature.n == 0)
			gemini_append_signature(
				&part->signature, &call->signature);
	}
}

static struct call *find_call(struct candidate *candidate, int64_t index)
{
	struct call *all = (void *)candidate->calls.p;
	size_t count = candidate->calls.n / sizeof(*all);
	struct call *call;

	for (size_t i = count; i-- > 0;)
		if (all[i].index == index)
			return &all[i];
	call = (void *)buf_reserve(&candidate->calls, sizeof(*call));
	if (!call)
		return NULL;
	*call = (struct call){ .index = index };
	buf_init(&call->id, MAX_BYTES);
	buf_init(&call->name, MAX_BYTES);
	buf_init(&call->arguments, MAX_BYTES);
	buf_init(&call->signature, MAX_BYTES);
	buf_advance(&candidate->calls, sizeof(*call));
	return call;
}

static bool is_visible(const struct chat_choice *choice)
{
	if (choice->message.citations || choice->logprobs.p)
		return true;
	for (const struct chat_part *part = choice->message.parts; part;
		part = part->next)
		if (part->citations || (part->kind != CHAT_TOOL_CALL &&
					       gemini_can_write(part, true)))
			return true;
	return false;
}

static void write_chunk(struct writer *writer, const struct chat_choice *choice,
	int64_t index, struct buf *out)
{
	struct chat_response answer;
	struct chat_choice ours = *choice;

	ours.index = index;
	ours.finish = CHAT_FINISH_UNSET;
	begin_answer(writer, &answer);
	answer.choices = &ours;
	answer.choice_count = 1;
	gemini_begin_event(writer, out);
	gemini_write_answer(&answer, true, out);
	gemini_end_event(writer, out);
}

static void begin_answer(
	const struct writer *writer, struct chat_response *answer)
{
	chat_response_init(answer, S(""));
	answer->id = writer->id.n > 0 ? buf_str(&writer->id)
				      : writer->start.request_id;
	answer->model = writer->model.n > 0 ? buf_str(&writer->model)
					    : writer->start.model;
}

/* The calls, how it ended, the usage. */
static void write_last(struct writer *writer, struct buf *out)
{
	struct candidate *candidates = (void *)writer->candidates.p;
	size_t count = writer->candidates.n / sizeof(*candidates);
	struct chat_response answer;
	struct arena arena;
	size_t from;

	arena_init(&arena, 4096);
	begin_answer(writer, &answer);
	answer.choice_count = count;
	answer.choices = ARENA_ARRAY(&arena, struct chat_choice, count);
	for (size_t i = 0; i < count; i++) {
		chat_message_init(&answer.choices[i].message);
		add_calls(&candidates[i], &answer.choices[i], &arena);
		out->failed |= candidates[i].calls.failed;
	}
	answer.has_usage = writer->has_usage;
	answer.usage = writer->usage;
	gemini_begin_event(writer, out);
	from = out->n;
	gemini_write_answer(&answer, false, out);
	if (writer->metadata.n > 0)
		append_metadata(buf_str(&writer->metadata), out);
	make_one_line(out, from);
	gemini_end_event(writer, out);
	arena_release(&arena);
}

static void add_calls(const struct candidate *candidate,
	struct chat_choice *choice, struct arena *arena)
{
	const struct call *call = (void *)candidate->calls.p;
	size_t count = candidate->calls.n / sizeof(*call);

	choice->index = candidate->index;
	choice->finish = candidate->finish;
	for (; count > 0; count--, call++) {
		struct chat_part *part = chat_message_add(
			&choice->message, CHAT_TOOL_CALL, arena);

		part->call.type = call->is_custom ? S("custom") : S("function");
		if (call->id.n > 0)
			part->call.id = buf_str(&call->id);
		part->call.name = buf_str(&call->name);
		part->call.arguments = buf_str(&call->arguments);
		if (call->signature.n > 0)
			part->signature = (struct chat_signature){
				buf_str(&call->signature), S(GEMINI_NAME)
			};
	}
}
