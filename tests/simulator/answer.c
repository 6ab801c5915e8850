/*
 * answer.c - one answer on its way out. A fault is decided here: it is an
 * answer that is too short, and a way to end.
 */
#include "answer.h"

#include "openai.h"

#define JSON_TYPE "Content-Type: application/json\r\n"

static void init(struct answer *answer, uint64_t id);
static void answer_control(
	struct answer *answer, const struct answer_request *request);
static bool answer_route(struct answer *answer,
	const struct answer_request *request, struct error *err);
static void answer_models(
	struct answer *answer, const struct answer_request *request);
static bool answer_chat(struct answer *answer,
	const struct answer_request *request, struct error *err);
static bool read_behaviour(struct answer *answer,
	const struct answer_request *request, struct str from_model,
	struct error *err);
static bool answer_fault(
	struct answer *answer, const struct answer_request *request);
static bool answer_completion(struct answer *answer,
	const struct answer_request *request,
	const struct openai_chat_request *chat, struct str name,
	struct error *err);
static bool needs_stream(int fault);
static bool load_recording(struct answer *answer,
	const struct answer_request *request, struct str name,
	struct error *err);
static void begin_recording(
	struct answer *answer, const struct answer_request *request);
static void begin_frames(
	struct answer *answer, const struct answer_request *request);
static void write_error(
	struct answer *answer, const struct answer_request *request);
static void write_refusal(struct answer *answer, const struct error *err,
	struct buf *scratch, struct buf *out);
static void write_whole(struct answer *answer, int status, struct str headers,
	struct str body, struct buf *out);
static void write_head_start(
	const struct answer *answer, int status, struct buf *out);
static void write_head_end(struct answer *answer, struct buf *out);
static void write_length(struct buf *out, size_t body_bytes);
static bool is_broken_off(int fault);
static enum answer_end end_of_fault(int fault);
static bool next_frame(struct answer *answer, struct buf *out);
static bool next_piece(struct answer *answer, struct buf *out);

void answer_begin(struct answer *answer, const struct answer_request *request)
{
	struct error err = ERROR_INIT;

	init(answer, request->id);
	answer->keep_alive = request->http->keep_alive;
	buf_clear(request->scratch);
	if (control_owns(request->http->path)) {
		answer_control(answer, request);
		return;
	}
	answer->counted = true;
	control_begin(request->control, request->head, request->body);
	if (!answer_route(answer, request, &err))
		write_refusal(answer, &err, request->scratch, request->out);
}

void answer_refuse(struct answer *answer, const struct error *err,
	struct buf *scratch, struct buf *out)
{
	init(answer, 0);
	write_refusal(answer, err, scratch, out);
	answer->end = ANSWER_DRAIN;
}

void answer_next(struct answer *answer, struct buf *scratch, struct buf *out)
{
	struct buf *frame = answer->chunked ? scratch : out;
	bool more;

	assert(answer_has_more(answer));
	buf_clear(scratch);
	more = answer->source == SOURCE_CHAT ? next_frame(answer, frame)
					     : next_piece(answer, frame);
	if (answer->chunked)
		http_append_chunk(out, buf_str(scratch));
	if (more)
		return;
	if (answer->chunked && answer->end == ANSWER_KEEP)
		http_append_last_chunk(out);
	answer_release(answer);
}

bool answer_has_more(const struct answer *answer)
{
	return answer->source != SOURCE_NONE;
}

void answer_release(struct answer *answer)
{
	if (answer->source == SOURCE_RECORDING)
		recording_release(&answer->recording);
	answer->source = SOURCE_NONE;
	arena_release(&answer->arena);
}

static void init(struct answer *answer, uint64_t id)
{
	memset(answer, 0, sizeof(*answer));
	arena_init(&answer->arena, 256);
	behaviour_init(&answer->behaviour);
	answer->id = id;
}

static void answer_control(
	struct answer *answer, const struct answer_request *request)
{
	/* A header value grows up to six times when it is quoted. */
	struct buf headers = BUF_INIT(8 * HTTP_MAX_HEAD_BYTES);
	int status = control_answer(request->control, request->http,
		request->body, &headers, request->scratch);

	write_whole(answer, status, buf_str(&headers),
		buf_str(request->scratch), request->out);
	buf_release(&headers);
}

static bool answer_route(struct answer *answer,
	const struct answer_request *request, struct error *err)
{
	const struct http_request *http = request->http;
	bool is_chat = str_ends(http->path, S("/chat/completions"));

	if (!is_chat && !str_ends(http->path, S("/models")))
		return error_refuse(err, ERR_NOT_FOUND, NULL,
			"The simulator has no route '%.*s'.",
			STR_ARG(str_head(http->path, 200)));
	if (!str_equal(http->method, is_chat ? S("POST") : S("GET")))
		return error_refuse(err, ERR_METHOD, NULL,
			"This route does not take the method '%.*s'.",
			STR_ARG(str_head(http->method, 16)));
	if (is_chat)
		return answer_chat(answer, request, err);
	answer_models(answer, request);
	return true;
}

static void answer_models(
	struct answer *answer, const struct answer_request *request)
{
	openai_write_models(request->scratch);
	write_whole(answer, 200, S(JSON_TYPE), buf_str(request->scratch),
		request->out);
}

static bool answer_chat(struct answer *answer,
	const struct answer_request *request, struct error *err)
{
	struct openai_chat_request chat;
	struct str name;
	struct str behaviour;

	recording_init(&answer->recording);
	if (control_take_play(request->control, &answer->recording)) {
		answer->behaviour.gap_ms = answer->recording.gap_ms;
		begin_recording(answer, request);
		return true;
	}
	if (!openai_chat_read(request->body, &answer->arena, &chat, err))
		return false;
	behaviour_split_model(chat.model, &name, &behaviour);
	if (!read_behaviour(answer, request, behaviour, err))
		return false;
	if (answer_fault(answer, request))
		return true;
	return answer_completion(answer, request, &chat, name, err);
}

/* What the header says stands above what the model's name says. */
static bool read_behaviour(struct answer *answer,
	const struct answer_request *request, struct str from_model,
	struct error *err)
{
	struct str header = http_find_header(request->http, S("x-simulate"));

	if (behaviour_parse(&answer->behaviour, from_model, err) &&
		behaviour_parse(&answer->behaviour, header, err))
		return true;
	/* Half of a behaviour is none: the refusal comes at once and whole. */
	behaviour_init(&answer->behaviour);
	return false;
}

/* Faults that need no answer to break. False: it is none of these. */
static bool answer_fault(
	struct answer *answer, const struct answer_request *request)
{
	switch (answer->behaviour.fault) {
	case FAULT_REFUSE_HEAD: answer->end = ANSWER_CLOSE; return true;
	case FAULT_RESET: answer->end = ANSWER_RESET; return true;
	case FAULT_STALL: answer->end = ANSWER_SILENT; return true;
	case FAULT_GARBAGE:
		answer->end = ANSWER_CLOSE;
		buf_append(request->out, S("\x16\x03 220 this is not HTTP\n"));
		return true;
	default: return false;
	}
}

static bool answer_completion(struct answer *answer,
	const struct answer_request *request,
	const struct openai_chat_request *chat, struct str name,
	struct error *err)
{
	const struct behaviour *behaviour = &answer->behaviour;
	struct str html = S("<html><body>Bad Gateway</body></html>\n");

	if (needs_stream(behaviour->fault) && !chat->stream) {
		behaviour_init(&answer->behaviour);
		return error_refuse(err, ERR_BAD_FIELD, "stream",
			"This fault is one of a stream: set 'stream'.");
	}
	if (behaviour->status) {
		write_error(answer, request);
		return true;
	}
	if (behaviour->fault == FAULT_GARBAGE_BODY) {
		write_whole(answer, 200, S(JSON_TYPE), html, request->out);
		return true;
	}
	if (str_starts(name, S("recording:")))
		return load_recording(answer, request, str_from(name, 10), err);
	openai_chat_init(&answer->chat, chat, name, behaviour, request->id,
		&answer->arena);
	if (chat->stream) {
		begin_frames(answer, request);
		return true;
	}
	openai_chat_write(&answer->chat, request->scratch);
	write_whole(answer, 200, S(JSON_TYPE), buf_str(request->scratch),
		request->out);
	return true;
}

static bool needs_stream(int fault)
{
	return fault == FAULT_NO_DONE || fault == FAULT_STREAM_ERROR ||
	       fault == FAULT_BAD_FRAME || fault == FAULT_HUGE_FRAME;
}

static bool load_recording(struct answer *answer,
	const struct answer_request *request, struct str name,
	struct error *err)
{
	if (!recording_load(&answer->recording, request->control->recordings,
		    name, err)) {
		recording_release(&answer->recording);
		behaviour_init(&answer->behaviour);
		return false;
	}
	answer->recording.chunk = answer->behaviour.chunk;
	begin_recording(answer, request);
	return true;
}

static void begin_recording(
	struct answer *answer, const struct answer_request *request)
{
	struct recording *recording = &answer->recording;
	struct buf *out = request->out;

	/* It is cut before it is framed, so it is not cut again. */
	answer->behaviour.chunk = 0;
	answer->source = SOURCE_RECORDING;
	answer->chunked = recording->is_stream && request->http->may_chunk;
	http_append_status(out, recording->status);
	buf_append(out, buf_str(&recording->headers));
	if (answer->chunked)
		buf_append(out, S("Transfer-Encoding: chunked\r\n"));
	else
		write_length(out, recording->body.n);
	write_head_end(answer, out);
	answer->first_ms = answer->behaviour.first_ms;
}

static void begin_frames(
	struct answer *answer, const struct answer_request *request)
{
	struct buf *out = request->out;

	answer->source = SOURCE_CHAT;
	answer->chunked = request->http->may_chunk;
	answer->first_ms = answer->behaviour.first_ms;
	/* Without chunks only the close tells that the stream is over. */
	if (!answer->chunked)
		answer->keep_alive = false;
	write_head_start(answer, 200, out);
	buf_append(out, S("Content-Type: text/event-stream; charset=utf-8\r\n"
			  "Cache-Control: no-cache\r\n"));
	if (answer->chunked)
		buf_append(out, S("Transfer-Encoding: chunked\r\n"));
	write_head_end(answer, out);
}

static void write_error(
	struct answer *answer, const struct answer_request *request)
{
	openai_write_error(request->scratch, answer->behaviour.status);
	write_whole(answer, answer->behaviour.status, S(JSON_TYPE),
		buf_str(request->scratch), request->out);
}

static void write_refusal(struct answer *answer, const struct error *err,
	struct buf *scratch, struct buf *out)
{
	buf_clear(scratch);
	openai_write_refusal(scratch, err);
	write_whole(answer, error_http_status(err), S(JSON_TYPE),
		buf_str(scratch), out);
}

static void write_whole(struct answer *answer, int status, struct str headers,
	struct str body, struct buf *out)
{
	int fault = answer->behaviour.fault;

	write_head_start(answer, status, out);
	buf_append(out, headers);
	write_length(out, body.n);
	write_head_end(answer, out);
	if (is_broken_off(fault)) {
		body.n /= 2;
		answer->end = end_of_fault(fault);
	}
	buf_append(out, body);
}

static void write_head_start(
	const struct answer *answer, int status, struct buf *out)
{
	http_append_status(out, status);
	buf_append(out, S("X-Request-Id: req_sim"));
	buf_append_int(out, (int64_t)answer->id);
	buf_append(out, S("\r\nOpenai-Version: 2020-10-01\r\n"
			  "Openai-Processing-Ms: "));
	buf_append_int(out, answer->behaviour.delay_ms);
	buf_append(out, S("\r\n"));
	if (answer->behaviour.retry_after) {
		buf_append(out, S("Retry-After: "));
		buf_append_int(out, answer->behaviour.retry_after);
		buf_append(out, S("\r\n"));
	}
}

static void write_head_end(struct answer *answer, struct buf *out)
{
	buf_append(out, answer->keep_alive ? S("\r\n")
					   : S("Connection: close\r\n\r\n"));
	answer->head_bytes = out->n;
}

static void write_length(struct buf *out, size_t body_bytes)
{
	buf_append(out, S("Content-Length: "));
	buf_append_int(out, (int64_t)body_bytes);
	buf_append(out, S("\r\n"));
}

static bool is_broken_off(int fault)
{
	return fault == FAULT_HALF_BODY || fault == FAULT_CUT ||
	       fault == FAULT_RESET_BODY || fault == FAULT_STALL_STREAM;
}

static enum answer_end end_of_fault(int fault)
{
	switch (fault) {
	case FAULT_RESET_BODY: return ANSWER_RESET;
	case FAULT_STALL_STREAM: return ANSWER_SILENT;
	case FAULT_HALF_BODY:
	case FAULT_CUT: return ANSWER_CLOSE;
	default: return ANSWER_KEEP;
	}
}

/* False: it was the last, or there is none. */
static bool next_frame(struct answer *answer, struct buf *out)
{
	switch (openai_chat_next(&answer->chat, out)) {
	case OPENAI_CHAT_FRAME: return true;
	case OPENAI_CHAT_LAST: return false;
	case OPENAI_CHAT_BREAK: break;
	}
	answer->end = end_of_fault(answer->behaviour.fault);
	return false;
}

static bool next_piece(struct answer *answer, struct buf *out)
{
	size_t end = answer->recording.body.n;
	size_t piece =
		recording_piece(&answer->recording, answer->recording_at);
	struct str rest;

	if (is_broken_off(answer->behaviour.fault)) {
		answer->end = end_of_fault(answer->behaviour.fault);
		end /= 2;
	}
	rest = str_from(str_head(buf_str(&answer->recording.body), end),
		answer->recording_at);
	buf_append(out, str_head(rest, piece));
	answer->recording_at += piece;
	return answer->recording_at < end;
}
