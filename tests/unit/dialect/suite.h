/*
 * suite.h - what every dialect must prove, over every recorded exchange.
 *
 *	static struct suite_exception exceptions[] = {
 *		{ "provider/name-of-the-recording", "reply", "why" },
 *	};
 *	suite_run(&row, files, ARRAY_LEN(files), exceptions,
 *		ARRAY_LEN(exceptions));
 *
 * A recording fails in one of these checks, unless an exception names it (by
 * the beginning of its name); one that did not fail is an error too:
 *
 * head             read_head() accepts the request
 * splice           splice_request() changes the model and nothing else
 * request          read_request() and write_request() give it back
 * request-foreign  as if it came from another dialect: nothing is lost but
 *                  what only this format has, and it says the same again
 * reply            read_response() and write_response() give it back
 * reply-foreign    written as another dialect's it says the same again
 * facts            the gateway is told what the neutral form says
 * frames           any cuts of a stream give the same events and all bytes
 * events           read_event() and write_event() give them back
 * stream-foreign   written as another dialect's the stream says the same
 * failure          a refusal has a message and an advice
 *
 * Arenas are rewound after each event and its bytes freed, as in the relay,
 * so that a reader or writer that keeps a view of them is found by ASan.
 */
#ifndef TESTS_UNIT_DIALECT_SUITE_H
#define TESTS_UNIT_DIALECT_SUITE_H

#include "meaning.h"

struct suite_exception {
	const char *name; /* the beginning of it */
	const char *check;
	const char *reason;
	bool seen;
};

#define SUITE_PROVIDERS 48

struct suite_count {
	char provider[32];
	size_t requests;
	size_t translated;
	size_t refused; /* for what only this format has */
	size_t replies;
	size_t streams;
	size_t events;
	size_t failures;
	size_t nothing; /* neither a request nor an answer of this dialect */
};

struct suite {
	const struct dialect *dialect;
	const struct dialect_traits *traits; /* may be NULL */
	struct suite_exception *exceptions;
	size_t exception_count;
	struct suite_count counts[SUITE_PROVIDERS];
	size_t provider_count;
	size_t failed;
	/* of the recording that is being checked */
	const struct recording *recording;
	struct suite_count *count;
	const char *check;
	bool check_failed;
};

#define SUITE_MODEL "suite/\"model\""
#define SUITE_MAX (64u << 20)

/* --- what fails --- */

static inline void suite_fail(struct suite *s, const char *format, ...)
	PRINTF_LIKE(2, 3);

static inline void suite_begin(struct suite *s, const char *check)
{
	s->check = check;
	s->check_failed = false;
}

static inline bool suite_excuse(struct suite *s)
{
	for (size_t i = 0; i < s->exception_count; i++) {
		struct suite_exception *e = &s->exceptions[i];

		if (!str_starts(str_of(s->recording->name), str_of(e->name)) ||
			strcmp(e->check, s->check) != 0)
			continue;
		e->seen = true;
		return true;
	}
	return false;
}

/* Once for each check of a recording. */
static inline void suite_fail(struct suite *s, const char *format, ...)
{
	char text[4096];
	va_list args;

	if (s->check_failed)
		return;
	s->check_failed = true;
	if (suite_excuse(s))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_message("%s: %s: %s\n", s->recording->name, s->check, text);
	s->failed++;
}

/* Where two texts part. */
static inline void suite_compare(
	struct suite *s, struct str got, struct str expected)
{
	size_t at = 0, from;

	if (str_equal(got, expected))
		return;
	while (at < got.n && at < expected.n && got.p[at] == expected.p[at])
		at++;
	from = at > 150 ? at - 150 : 0;
	suite_fail(s, "\n\t%.*s\n\tis not\n\t%.*s",
		STR_ARG(str_head(str_from(got, from), 500)),
		STR_ARG(str_head(str_from(expected, from), 500)));
}

static inline void suite_compare_json(
	struct suite *s, struct str got, struct str expected)
{
	struct buf a = BUF_INIT(SUITE_MAX), b = BUF_INIT(SUITE_MAX);
	json_t *root = parse(got);

	if (!root)
		suite_fail(s, "not JSON: %.*s", STR_ARG(str_head(got, 500)));
	json_decref(root);
	meaning_json(got, &a);
	meaning_json(expected, &b);
	suite_compare(s, buf_str(&a), buf_str(&b));
	buf_release(&a);
	buf_release(&b);
}

static inline struct suite_count *suite_provider(
	struct suite *s, const char *provider)
{
	for (size_t i = 0; i < s->provider_count; i++)
		if (strcmp(s->counts[i].provider, provider) == 0)
			return &s->counts[i];
	assert_true(s->provider_count < SUITE_PROVIDERS);
	snprintf(s->counts[s->provider_count].provider,
		sizeof(s->counts[0].provider), "%s", provider);
	return &s->counts[s->provider_count++];
}

static inline bool suite_is_stream(const struct recording *r)
{
	/* Gemini's streams without alt=sse are one array. */
	return recording_is(r, "sse") || recording_is(r, "ndjson") ||
	       recording_is(r, "base64") ||
	       (r->response.n > 0 && r->response.p[0] == '[' &&
		       r->status < 400);
}

static inline bool suite_is_array(const struct recording *r)
{
	return r->response.n > 0 && r->response.p[0] == '[';
}

/* --- requests --- */

/* What the gateway takes from the address where the body does not say it. */
static inline void suite_complete_head(
	const struct suite *s, struct chat_head *head)
{
	if (head->model.n == 0)
		head->model = S(SUITE_MODEL);
	if (s->recording->url && (strstr(s->recording->url, "stream") ||
					 strstr(s->recording->url, "Stream")))
		head->stream = true;
}

static inline bool suite_read_head(struct suite *s, struct str body,
	struct arena *arena, struct chat_head *head)
{
	struct error err = ERROR_INIT;

	if (!s->dialect->read_head(body, arena, head, &err))
		suite_fail(s, "%s (%s)", error_message(&err), err.param);
	return err.kind == ERR_NONE;
}

static inline void suite_check_splice(
	struct suite *s, const struct chat_head *head, struct arena *arena)
{
	json_t *expected = parse(head->body);
	struct splice splice;
	struct str joined;
	char *text;

	suite_begin(s, "splice");
	s->dialect->splice_request(head, S(SUITE_MODEL), false, arena, &splice);
	joined = splice_join(&splice, arena);
	if (head->model_place.bytes == 0 && str_equal(joined, head->body)) {
		/* The model's name is in the address. */
		json_decref(expected);
		return;
	}
	json_object_set_new(expected, "model", json_string(SUITE_MODEL));
	text = json_dumps(expected, JSON_COMPACT);
	suite_compare_json(s, joined, str_of(text));
	free(text);
	json_decref(expected);
	s->dialect->splice_request(head, head->model, false, arena, &splice);
	if (head->model_place.bytes > 0 &&
		(splice.count != 1 || splice.pieces[0].p != head->body.p))
		suite_fail(s, "the same model changes the bytes");
}

static inline bool suite_write(struct suite *s,
	const struct chat_request *request, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	buf_init(out, SUITE_MAX);
	if (!s->dialect->write_request(request, NULL, losses, out, err))
		return false;
	if (out->failed)
		suite_fail(s, "too large");
	return true;
}

static inline void suite_check_request(
	struct suite *s, const struct chat_request *request)
{
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct buf out;

	suite_begin(s, "request");
	chat_losses_init(&losses, s->dialect);
	if (!suite_write(s, request, &losses, &out, &err))
		suite_fail(s, "%s (%s)", error_message(&err), err.param);
	else
		suite_compare_json(s, buf_str(&out), s->recording->request);
	if (losses.names.n > 0)
		suite_fail(s, "own words lost: %s", buf_cstr(&losses.names));
	chat_losses_release(&losses);
	buf_release(&out);
}

static inline bool suite_has_name(
	const struct chat_extra *extra, struct str name)
{
	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next)
		if (str_equal(kept->member.name, name))
			return true;
	return false;
}

/* Is it the name of a member that only this dialect has? */
static inline bool suite_is_extra(const struct chat_request *r, struct str name)
{
	bool found = suite_has_name(&r->extra, name) ||
		     suite_has_name(&r->inner_extra, name) ||
		     suite_has_name(&r->format.extra, name) ||
		     suite_has_name(&r->format.inner_extra, name) ||
		     suite_has_name(&r->reasoning.extra, name);

	for (size_t i = 0; i < r->tool_count; i++)
		found |= suite_has_name(&r->tools[i].extra, name) ||
			 suite_has_name(&r->tools[i].inner_extra, name);
	for (size_t i = 0; i < r->message_count; i++) {
		const struct chat_message *message = &r->messages[i];

		found |= suite_has_name(&message->extra, name) ||
			 suite_has_name(&message->inner_extra, name);
		for (const struct chat_part *part = message->parts; part;
			part = part->next)
			found |= suite_has_name(&part->extra, name) ||
				 suite_has_name(&part->inner_extra, name);
	}
	return found;
}

/* The path's last name: "x" of "messages[2].x". */
static inline struct str suite_last_name(struct str path)
{
	size_t at = path.n;

	while (at > 0 && path.p[at - 1] != '.')
		at--;
	return str_from(path, at);
}

/* Words of the format that it gave to a field are its own words too, but what
 * is named must be an extra: everything else it can carry. */
static inline void suite_check_losses(struct suite *s,
	const struct chat_request *request, const struct chat_losses *losses)
{
	struct str rest = buf_str(&losses->names);
	struct str path;

	while (str_next_field(&rest, ',', &path)) {
		path = str_trim(path);
		if (!suite_is_extra(request, suite_last_name(path)))
			suite_fail(s, "lost between two of the same: %.*s",
				STR_ARG(path));
	}
}

/* Does it hold what no other format can say? Then it may be refused. */
static inline bool suite_is_special(
	const struct suite *s, const struct chat_request *r)
{
	const char *const *essential = s->dialect->essential;

	for (; essential && *essential; essential++)
		if (suite_is_extra(r, str_of(*essential)))
			return true;
	for (size_t i = 0; i < r->tool_count; i++)
		if (r->tools[i].json.p)
			return true;
	for (size_t i = 0; i < r->message_count; i++)
		for (const struct chat_part *part = r->messages[i].parts; part;
			part = part->next)
			if (part->kind == CHAT_OTHER)
				return true;
	return false;
}

/* What was written as for another dialect is read as the same. */
static inline void suite_check_again(struct suite *s,
	const struct chat_request *request, struct str written,
	const struct chat_losses *losses, struct arena *arena)
{
	struct buf a = BUF_INIT(SUITE_MAX), b = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_request again;
	struct chat_head head;

	if (!suite_read_head(s, written, arena, &head))
		return;
	suite_complete_head(s, &head);
	if (!s->dialect->read_request(&head, arena, &again, &err)) {
		suite_fail(s, "%s (%s)", error_message(&err), err.param);
		return;
	}
	meaning_of_request(request, request, losses, false, &a);
	meaning_of_request(&again, request, losses, false, &b);
	suite_compare(s, buf_str(&b), buf_str(&a));
	buf_release(&a);
	buf_release(&b);
}

static inline void suite_check_foreign_request(
	struct suite *s, struct chat_request *request, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_losses losses;
	struct buf out = BUF_INIT(SUITE_MAX);
	bool may_refuse = suite_is_special(s, request);

	suite_begin(s, "request-foreign");
	request->dialect = S("another");
	chat_losses_init(&losses, s->dialect);
	if (!chat_losses_find(request, s->dialect, s->traits, &losses, &err) ||
		!s->dialect->write_request(
			request, s->traits, &losses, &out, &err)) {
		s->count->refused++;
		if (!may_refuse || err.kind != ERR_UNSUPPORTED || !err.param[0])
			suite_fail(s, "refused: %s (%s)", error_message(&err),
				err.param);
	} else {
		s->count->translated++;
		suite_check_losses(s, request, &losses);
		suite_check_again(s, request, buf_str(&out), &losses, arena);
	}
	chat_losses_release(&losses);
	buf_release(&out);
}

static inline void suite_visit_request(struct suite *s)
{
	struct error err = ERROR_INIT;
	struct chat_request request;
	struct chat_head head;
	struct arena arena;

	arena_init(&arena, 65536);
	s->count->requests++;
	suite_begin(s, "head");
	if (!suite_read_head(s, s->recording->request, &arena, &head)) {
		arena_release(&arena);
		return;
	}
	suite_check_splice(s, &head, &arena);
	suite_complete_head(s, &head);
	suite_begin(s, "request");
	if (!s->dialect->read_request(&head, &arena, &request, &err)) {
		suite_fail(s, "%s (%s)", error_message(&err), err.param);
	} else {
		suite_check_request(s, &request);
		suite_check_foreign_request(s, &request, &arena);
	}
	arena_release(&arena);
}

/* --- whole answers --- */

static inline void suite_compare_heard(
	struct suite *s, struct heard *first, struct heard *second)
{
	struct buf a = BUF_INIT(SUITE_MAX), b = BUF_INIT(SUITE_MAX);

	heard_settle(first, second);
	meaning_of_heard(first, false, &a);
	meaning_of_heard(second, false, &b);
	suite_compare(s, buf_str(&b), buf_str(&a));
	buf_release(&a);
	buf_release(&b);
}

static inline void suite_check_facts(struct suite *s,
	const struct chat_facts *facts, const struct heard *heard)
{
	size_t bytes = 0;

	suite_begin(s, "facts");
	for (size_t i = 0; i < heard->choice_count; i++)
		bytes += heard->choices[i].text.n +
			 heard->choices[i].refusal.n +
			 heard->choices[i].thinking.n +
			 heard->choices[i].call_count;
	if (facts->failed != heard->failed)
		suite_fail(
			s, "failed: %d, not %d", facts->failed, heard->failed);
	if (facts->failed)
		return;
	if (facts->has_usage != heard->has_usage ||
		memcmp(&facts->usage, &heard->usage, sizeof(facts->usage)) != 0)
		suite_fail(s,
			"usage: prompt %" PRId64 ", completion %" PRId64
			", not %" PRId64 ", %" PRId64,
			facts->usage.prompt, facts->usage.completion,
			heard->usage.prompt, heard->usage.completion);
	if ((facts->output_bytes > 0) != (bytes > 0))
		suite_fail(s, "%" PRId64 " bytes of %zu", facts->output_bytes,
			bytes);
	if (heard->choice_count == 1 && heard->choices[0].finish_word[0] &&
		!facts->finish_reason[0])
		suite_fail(s, "no finish reason");
	if (facts->done != heard->done)
		suite_fail(s, "done: %d, not %d", facts->done, heard->done);
}

static inline void suite_read_facts(
	struct suite *s, struct arena *arena, const struct heard *heard)
{
	struct error err = ERROR_INIT;
	struct chat_facts facts;
	struct splice splice;
	struct str joined;

	suite_begin(s, "facts");
	chat_facts_init(&facts);
	if (!facts_read_reply(
		    s->dialect, s->recording->response, arena, &facts, &err)) {
		suite_fail(s, "%s", error_detail(&err));
		return;
	}
	suite_check_facts(s, &facts, heard);
	facts_splice_reply(
		s->recording->response, &facts, S("{\"x\":1}"), &splice);
	joined = splice_join(&splice, arena);
	if (facts.has_metadata)
		suite_compare(s, joined, s->recording->response);
	else if (str_find(joined, S("\"metadata\":{\"x\":1}}")) == joined.n)
		suite_fail(s, "no metadata");
}

static inline void suite_check_foreign_reply(struct suite *s,
	struct chat_response *response, struct heard *heard,
	struct arena *arena)
{
	struct buf out = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_response again;
	struct heard second;

	suite_begin(s, "reply-foreign");
	heard_init(&second);
	response->dialect = S("another");
	s->dialect->write_response(response, &out);
	if (out.failed || !s->dialect->read_response(
				  buf_str(&out), arena, &again, &err)) {
		suite_fail(s, "%s", error_detail(&err));
	} else {
		heard_add_response(&second, &again, false);
		suite_compare_heard(s, heard, &second);
	}
	heard_release(&second);
	buf_release(&out);
}

static inline void suite_visit_reply(struct suite *s)
{
	struct buf out = BUF_INIT(SUITE_MAX);
	struct error err = ERROR_INIT;
	struct chat_response response;
	struct heard heard;
	struct arena arena;

	arena_init(&arena, 65536);
	heard_init(&heard);
	s->count->replies++;
	suite_begin(s, "reply");
	if (!s->dialect->read_response(
		    s->recording->response, &arena, &response, &err)) {
		suite_fail(s, "%s", error_detail(&err));
	} else {
		s->dialect->write_response(&response, &out);
		suite_compare_json(s, buf_str(&out), s->recording->response);
		heard_add_response(&heard, &response, false);
		suite_read_facts(s, &arena, &heard);
		suite_check_foreign_reply(s, &response, &heard, &arena);
	}
	buf_release(&out);
	heard_release(&heard);
	arena_release(&arena);
}

/* --- streams --- */

static inline enum framing suite_framing(const struct suite *s)
{
	return suite_is_array(s->recording) ? FRAMING_JSON_ARRAY
					    : s->dialect->framing;
}

/* How large the next piece is: from 1 byte to many, the same in every run. */
static inline size_t suite_piece(uint32_t *seed, size_t fixed)
{
	*seed = *seed * 1664525 + 1013904223;
	return fixed ? fixed : 1 + (*seed >> 16) % 700;
}

typedef void suite_visit_frame(const struct frame *frame, void *context);

/* Cut a stream, fed in pieces of that size (0: of any), into events. What it
 * lacks of the bytes is *missing. */
static inline void suite_cut(struct str stream, enum framing framing,
	size_t fixed, suite_visit_frame *visit, void *context, bool *failed)
{
	struct error err = ERROR_INIT;
	enum frames_state state = FRAMES_MORE;
	struct frames frames;
	struct frame frame;
	uint32_t seed = (uint32_t)stream.n;

	frames_init(&frames, framing, SUITE_MAX);
	while (stream.n > 0 && state == FRAMES_MORE) {
		struct str next = str_head(stream, suite_piece(&seed, fixed));
		char *copy = malloc(next.n); /* a view used too late is found */

		assert_non_null(copy);
		memcpy(copy, next.p, next.n);
		frames_feed(&frames, (struct str){ copy, next.n });
		while ((state = frames_next(&frames, &frame, &err)) ==
			FRAMES_EVENT)
			visit(&frame, context);
		free(copy);
		stream = str_from(stream, next.n);
	}
	if (state == FRAMES_MORE && frames_finish(&frames, &frame))
		visit(&frame, context);
	*failed = state != FRAMES_MORE;
	frames_release(&frames);
}

struct suite_cuts {
	struct buf raw;
	struct buf events;
};

static inline void suite_note_frame(const struct frame *frame, void *context)
{
	struct suite_cuts *cuts = context;

	buf_append(&cuts->raw, frame->raw);
	/* A line end that a cut set apart is an event that says nothing. */
	if (!frame->has_data && !frame->has_comment && frame->event.n == 0)
		return;
	json_append_quoted(&cuts->events, frame->event);
	json_append_quoted(&cuts->events, frame->data);
	buf_append_char(&cuts->events, '\n');
}

static inline void suite_note_cuts(
	struct suite *s, size_t fixed, struct suite_cuts *cuts)
{
	bool failed;

	buf_init(&cuts->raw, SUITE_MAX);
	buf_init(&cuts->events, SUITE_MAX);
	suite_cut(s->recording->response, suite_framing(s), fixed,
		suite_note_frame, cuts, &failed);
	if (failed)
		suite_fail(s, "the frames are refused");
	suite_compare(s, buf_str(&cuts->raw), s->recording->response);
}

static inline void suite_check_frames(struct suite *s)
{
	static const size_t sizes[] = { 1, 7, 0 };
	struct suite_cuts whole, cuts;

	suite_begin(s, "frames");
	suite_note_cuts(s, SUITE_MAX, &whole);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		suite_note_cuts(s, sizes[i], &cuts);
		suite_compare(s, buf_str(&cuts.events), buf_str(&whole.events));
		buf_release(&cuts.raw);
		buf_release(&cuts.events);
	}
	buf_release(&whole.raw);
	buf_release(&whole.events);
}

/* A stream on its way through the gateway. */
struct suite_relay {
	struct suite *s;
	bool foreign; /* written as another dialect's */
	bool as_array;
	struct arena memory;
	void *reader;
	void *writer;
	void *facts_reader;
	struct chat_facts facts;
	struct heard heard;
	struct buf expected; /* names and data of the events, own words */
	struct buf out;
};

static inline void suite_relay_init(
	struct suite_relay *relay, struct suite *s, bool foreign)
{
	const struct dialect *d = s->dialect;
	struct chat_start start = { .request_id = S("req-1"),
		.created_unix_s = 1700000000,
		.model = S(SUITE_MODEL),
		.wants_usage = true,
		.as_array = suite_is_array(s->recording) };

	*relay = (struct suite_relay){ .s = s, .foreign = foreign };
	relay->as_array = start.as_array;
	arena_init(&relay->memory, 4096);
	relay->reader = d->reader_new ? d->reader_new(&relay->memory) : NULL;
	relay->facts_reader =
		d->reader_new ? d->reader_new(&relay->memory) : NULL;
	relay->writer =
		d->writer_new ? d->writer_new(&start, &relay->memory) : NULL;
	chat_facts_init(&relay->facts);
	heard_init(&relay->heard);
	buf_init(&relay->expected, SUITE_MAX);
	buf_init(&relay->out, SUITE_MAX);
}

static inline void suite_relay_release(struct suite_relay *relay)
{
	buf_release(&relay->expected);
	buf_release(&relay->out);
	heard_release(&relay->heard);
	arena_release(&relay->memory);
}

/* Of an error its message alone comes back, in our own words. */
static inline void suite_note_event(const struct frame *frame,
	const struct chat_event *event, struct buf *out)
{
	if (event->kind == CHAT_EVENT_ERROR) {
		buf_append(out, S("error "));
		buf_append(out, event->error_message);
	} else {
		buf_append(out, frame->event);
		buf_append_char(out, ' ');
		meaning_json(str_trim(frame->data), out);
	}
	buf_append_char(out, '\n');
}

static inline void suite_write_event(struct suite_relay *relay,
	const struct frame *frame, struct chat_event *event)
{
	size_t before = relay->out.n;

	if (relay->foreign)
		event->delta.dialect = S("another");
	relay->s->dialect->write_event(event, relay->writer, &relay->out);
	if (event->kind != CHAT_EVENT_NOTHING || relay->out.n > before)
		suite_note_event(frame, event, &relay->expected);
}

static inline void suite_relay_frame(const struct frame *frame, void *context)
{
	struct suite_relay *relay = context;
	struct suite *s = relay->s;
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct arena scratch;

	arena_init(&scratch, 4096);
	if (!s->dialect->read_event(
		    frame, relay->reader, &scratch, &event, &err)) {
		suite_fail(s, "%s: %.*s", error_detail(&err),
			STR_ARG(str_head(frame->data, 300)));
	} else {
		heard_add_event(&relay->heard, &event);
		suite_write_event(relay, frame, &event);
		s->count->events += !relay->foreign;
	}
	if (!facts_read_frame(s->dialect, frame, relay->facts_reader,
		    &relay->facts, &scratch, &err))
		suite_fail(s, "%s", error_detail(&err));
	arena_release(&scratch);
}

/* Providers break streams off; the gateway says what then is missing. */
static inline void suite_relay_finish(struct suite_relay *relay)
{
	struct chat_event done = { .kind = CHAT_EVENT_DONE };

	chat_response_init(&done.delta, S("another"));
	if (!relay->foreign)
		done.delta.dialect = str_of(relay->s->dialect->name);
	if (!relay->heard.done && !relay->heard.failed)
		relay->s->dialect->write_event(
			&done, relay->writer, &relay->out);
}

/* Read what a relay wrote. */
struct suite_ear {
	struct suite *s;
	struct arena memory;
	void *reader;
	struct heard heard;
	struct buf events;
};

static inline void suite_hear_frame(const struct frame *frame, void *context)
{
	struct suite_ear *ear = context;
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct arena scratch;

	arena_init(&scratch, 4096);
	if (!ear->s->dialect->read_event(
		    frame, ear->reader, &scratch, &event, &err)) {
		suite_fail(ear->s, "what was written is not read: %s: %.*s",
			error_detail(&err),
			STR_ARG(str_head(frame->data, 300)));
	} else {
		heard_add_event(&ear->heard, &event);
		if (event.kind != CHAT_EVENT_NOTHING || frame->has_data)
			suite_note_event(frame, &event, &ear->events);
	}
	arena_release(&scratch);
}

static inline void suite_ear_init(struct suite_ear *ear, struct suite *s)
{
	*ear = (struct suite_ear){ .s = s };
	arena_init(&ear->memory, 4096);
	if (s->dialect->reader_new)
		ear->reader = s->dialect->reader_new(&ear->memory);
	heard_init(&ear->heard);
	buf_init(&ear->events, SUITE_MAX);
}

static inline void suite_ear_release(struct suite_ear *ear)
{
	heard_release(&ear->heard);
	buf_release(&ear->events);
	arena_release(&ear->memory);
}

/* Own words: the same events, and one more at most, that ends them. */
static inline void suite_check_events(struct suite *s)
{
	struct suite_relay relay;
	struct suite_ear ear;
	struct str events;
	bool failed;

	suite_begin(s, "events");
	suite_relay_init(&relay, s, false);
	suite_cut(s->recording->response, suite_framing(s), 0,
		suite_relay_frame, &relay, &failed);
	if (relay.heard.fault)
		suite_fail(s, "%s", relay.heard.fault);
	suite_relay_finish(&relay);
	suite_ear_init(&ear, s);
	suite_cut(buf_str(&relay.out), suite_framing(s), SUITE_MAX,
		suite_hear_frame, &ear, &failed);
	events = buf_str(&ear.events);
	if (!relay.heard.done && events.n >= relay.expected.n)
		events = str_head(events, relay.expected.n);
	suite_compare(s, events, buf_str(&relay.expected));
	suite_check_facts(s, &relay.facts, &relay.heard);
	suite_ear_release(&ear);
	suite_relay_release(&relay);
}

static inline void suite_check_foreign_stream(struct suite *s)
{
	struct suite_relay relay;
	struct suite_ear ear;
	bool failed;

	suite_begin(s, "stream-foreign");
	suite_relay_init(&relay, s, true);
	suite_cut(s->recording->response, suite_framing(s), 0,
		suite_relay_frame, &relay, &failed);
	suite_relay_finish(&relay);
	suite_ear_init(&ear, s);
	suite_cut(buf_str(&relay.out), suite_framing(s), SUITE_MAX,
		suite_hear_frame, &ear, &failed);
	if (failed)
		suite_fail(s, "what was written is not a stream");
	if (ear.heard.fault)
		suite_fail(s, "%s", ear.heard.fault);
	if (ear.heard.done == ear.heard.failed)
		suite_fail(s, "the stream does not end");
	suite_compare_heard(s, &relay.heard, &ear.heard);
	suite_ear_release(&ear);
	suite_relay_release(&relay);
}

static inline void suite_visit_stream(struct suite *s)
{
	s->count->streams++;
	suite_check_frames(s);
	suite_check_events(s);
	suite_check_foreign_stream(s);
}

/* --- failures --- */

static inline void suite_visit_failure(struct suite *s)
{
	struct failure failure;

	s->count->failures++;
	suite_begin(s, "failure");
	failure_read(s->recording->status, s->recording->retry_after,
		s->recording->response, &failure);
	if (!failure.message[0])
		suite_fail(s, "no message");
	if (failure.status != s->recording->status)
		suite_fail(s, "status %d", failure.status);
}

/* Every kind of error is written so that its message is read again, as a
 * whole answer and as the end of a stream with nothing before it. */
static inline void suite_check_written_failures(const struct dialect *d)
{
	for (int kind = ERR_NONE + 1; kind < ERR_KINDS; kind++) {
		struct error err = { .kind = (enum error_kind)kind };
		struct chat_start start = { .request_id = S("req-1") };
		struct suite s = { .dialect = d };
		struct recording none = { .name = "written", .kind = "sse" };
		struct buf out = BUF_INIT(65536);
		struct failure failure;
		struct suite_ear ear;
		struct arena memory;
		void *writer;
		bool failed;

		d->write_failure(&err, S("req-1"), &out);
		failure_read(error_http_status(&err), S(""), buf_str(&out),
			&failure);
		assert_string_equal(failure.message, error_message(&err));
		buf_clear(&out);
		arena_init(&memory, 4096);
		writer = d->writer_new ? d->writer_new(&start, &memory) : NULL;
		d->write_stream_failure(&err, S("req-1"), writer, &out);
		s.recording = &none;
		suite_begin(&s, "failure");
		suite_ear_init(&ear, &s);
		suite_cut(buf_str(&out), d->framing, 0, suite_hear_frame, &ear,
			&failed);
		assert_true(ear.heard.failed);
		assert_non_null(strstr(ear.heard.error, error_message(&err)));
		assert_int_equal(s.failed, 0);
		suite_ear_release(&ear);
		arena_release(&memory);
		buf_release(&out);
	}
}

/* A stream that ends before it began is a whole stream. */
static inline void suite_check_empty_stream(const struct dialect *d)
{
	struct suite s = { .dialect = d };
	struct recording none = { .name = "empty", .kind = "sse" };
	struct suite_relay relay;
	struct suite_ear ear;
	bool failed;

	s.recording = &none;
	suite_begin(&s, "stream-foreign");
	suite_relay_init(&relay, &s, true);
	suite_relay_finish(&relay);
	suite_ear_init(&ear, &s);
	suite_cut(buf_str(&relay.out), d->framing, 0, suite_hear_frame, &ear,
		&failed);
	assert_false(failed);
	assert_true(ear.heard.done);
	assert_int_equal(s.failed, 0);
	suite_ear_release(&ear);
	suite_relay_release(&relay);
}

/* --- all of it --- */

static inline void suite_visit(const struct recording *r, void *context)
{
	struct suite *s = context;

	s->recording = r;
	s->count = suite_provider(s, r->provider);
	if (r->request.p)
		suite_visit_request(s);
	if (!r->response.p)
		s->count->nothing += !r->request.p;
	else if (r->status >= 400)
		suite_visit_failure(s);
	else if (suite_is_stream(r))
		suite_visit_stream(s);
	else
		suite_visit_reply(s);
}

static inline void suite_print(const struct suite *s)
{
	print_message("%-12s %-14s request same  refused reply stream events "
		      "failure\n",
		s->dialect->name, "");
	for (size_t i = 0; i < s->provider_count; i++) {
		const struct suite_count *c = &s->counts[i];

		print_message("%-12s %-14s %7zu %5zu %7zu %5zu %6zu %6zu "
			      "%7zu\n",
			"", c->provider, c->requests, c->translated, c->refused,
			c->replies, c->streams, c->events, c->failures);
	}
	for (size_t i = 0; i < s->exception_count; i++)
		print_message("except %s of %s: %s\n", s->exceptions[i].check,
			s->exceptions[i].name, s->exceptions[i].reason);
}

/* With the traits of a provider that takes all that recordings ask for. */
static inline void suite_run_with(const struct dialect *dialect,
	const struct dialect_traits *traits, const char *const *files,
	size_t file_count, struct suite_exception *exceptions,
	size_t exception_count)
{
	struct suite s = { .dialect = dialect,
		.traits = traits,
		.exceptions = exceptions,
		.exception_count = exception_count };

	suite_check_written_failures(dialect);
	suite_check_empty_stream(dialect);
	for (size_t i = 0; i < file_count; i++)
		assert_true(
			recordings_visit_file(files[i], suite_visit, &s) > 0);
	suite_print(&s);
	for (size_t i = 0; i < exception_count; i++)
		if (!exceptions[i].seen)
			fail_msg("%s passes %s: strike it from the exceptions",
				exceptions[i].name, exceptions[i].check);
	if (s.failed > 0)
		fail_msg("%zu checks failed, see above", s.failed);
}

static inline void suite_run(const struct dialect *dialect,
	const char *const *files, size_t file_count,
	struct suite_exception *exceptions, size_t exception_count)
{
	suite_run_with(
		dialect, NULL, files, file_count, exceptions, exception_count);
}

#endif
