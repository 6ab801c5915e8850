/*
 * answer.c - one answer on its way out: which it is, and how it begins. A
 * fault is an answer that is too short, and a way to end.
 */
#include "answer.h"

#include "head.h"
#include "openai.h"
#include "routes.h"
#include "stream.h"

static void init(struct answer *answer, uint64_t id);
static void answer_control(
	struct answer *answer, const struct answer_request *request);
static bool answer_route(struct answer *answer,
	const struct answer_request *request, struct error *err);
static bool answer_operation(struct answer *answer,
	const struct answer_request *request, struct ask *ask,
	struct error *err);
static bool read_behaviour(struct answer *answer,
	const struct answer_request *request, struct str from_model,
	struct error *err);
static bool check_model(const struct answer *answer,
	const struct control *control, struct str name, struct error *err);
static bool answer_fault(
	struct answer *answer, const struct answer_request *request);
static bool answer_content(struct answer *answer,
	const struct answer_request *request, const struct ask *ask,
	struct str name, struct error *err);
static bool answer_whole(struct answer *answer,
	const struct answer_request *request, const struct ask *ask,
	struct error *err);
static bool says_too_much(
	const struct operation *operation, const struct behaviour *behaviour);
static bool load_recording(struct answer *answer,
	const struct answer_request *request, struct str name,
	struct error *err);
static void begin_recording(
	struct answer *answer, const struct answer_request *request);
static void write_error(
	struct answer *answer, const struct answer_request *request);
static void write_refusal(struct answer *answer, const struct error *err,
	struct buf *scratch, struct buf *out);
static void write_whole(struct answer *answer, int status, const char *type,
	struct str body, struct buf *out);
static void write_body(struct answer *answer, struct str body, struct buf *out);
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
	more = answer->source == SOURCE_COMPLETION ? stream_next(answer, frame)
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
	answer->dialect = &openai_dialect;
	answer->id = id;
}

static void answer_control(
	struct answer *answer, const struct answer_request *request)
{
	/* A header value grows up to six times when it is quoted. */
	struct buf headers = BUF_INIT(8 * HTTP_MAX_HEAD_BYTES);
	int status = control_answer(request->control, request->http,
		request->body, &headers, request->scratch);

	head_begin(answer, status, request->out);
	buf_append(request->out, buf_str(&headers));
	write_body(answer, buf_str(request->scratch), request->out);
	buf_release(&headers);
}

static bool answer_route(struct answer *answer,
	const struct answer_request *request, struct error *err)
{
	struct ask ask = {
		.http = request->http,
		.control = request->control,
		.arena = &answer->arena,
		.body = request->body,
		.id = request->id,
	};

	answer->operation = route_find(&ask, err);
	if (!answer->operation)
		return false;
	answer->dialect = answer->operation->dialect;
	recording_init(&answer->recording);
	if (str_equal(request->http->method, S("POST")) &&
		control_take_play(request->control, &answer->recording)) {
		answer->behaviour.gap_ms = answer->recording.gap_ms;
		begin_recording(answer, request);
		return true;
	}
	return answer_operation(answer, request, &ask, err);
}

static bool answer_operation(struct answer *answer,
	const struct answer_request *request, struct ask *ask,
	struct error *err)
{
	const struct operation *operation = answer->operation;
	struct str name;
	struct str behaviour;
	bool ok = !operation->read || operation->read(ask, err);

	/* Who is spoken to may depend on what is asked for. */
	if (ask->dialect)
		answer->dialect = ask->dialect;
	if (!ok)
		return false;
	behaviour_split_model(ask->model, &name, &behaviour);
	if (!read_behaviour(answer, request, behaviour, err) ||
		!check_model(answer, request->control, name, err))
		return false;
	if (answer->behaviour.strict && operation->check &&
		!operation->check(ask, err))
		return false;
	if (answer_fault(answer, request))
		return true;
	return answer_content(answer, request, ask, name, err);
}

/* What the header says stands above what the model's name says, and a rule
 * above both. */
static bool read_behaviour(struct answer *answer,
	const struct answer_request *request, struct str from_model,
	struct error *err)
{
	struct str header = http_find_header(request->http, S("x-simulate"));
	struct str rule = rules_take(
		&request->control->rules, request->http, &answer->arena);

	return behaviour_parse(&answer->behaviour, from_model, err) &&
	       behaviour_parse(&answer->behaviour, header, err) &&
	       behaviour_parse(&answer->behaviour, rule, err);
}

/* Any model is there, unless a list says which. */
static bool check_model(const struct answer *answer,
	const struct control *control, struct str name, struct error *err)
{
	if (name.n == 0 || str_starts(name, S("recording:")) ||
		control_has_model(control, name))
		return true;
	answer->dialect->refuse_model(name, err);
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

static bool answer_content(struct answer *answer,
	const struct answer_request *request, const struct ask *ask,
	struct str name, struct error *err)
{
	const struct operation *operation = answer->operation;
	const struct behaviour *behaviour = &answer->behaviour;

	if (stream_has_fault(behaviour->fault) && !ask->stream)
		return error_refuse(err, ERR_BAD_FIELD, "stream",
			"This fault is one of a stream: set 'stream'.");
	if (says_too_much(operation, behaviour))
		return error_refuse(err, ERR_BAD_FIELD, "model",
			"This route says up to %d bytes.",
			operation->max_text_bytes);
	if (behaviour->status) {
		write_error(answer, request);
		return true;
	}
	if (behaviour->fault == FAULT_GARBAGE_BODY) {
		write_whole(answer, 200, NULL,
			S("<html><body>Bad Gateway</body></html>\n"),
			request->out);
		return true;
	}
	if (str_starts(name, S("recording:")))
		return load_recording(answer, request, str_from(name, 10), err);
	if (behaviour->prompt_cache > 0)
		answer->behaviour.cached =
			prompt_cache_use(&request->control->prompt_cache, ask,
				(int64_t)behaviour->prompt_cache * 1000);
	if (!operation->answer)
		completion_init(&answer->completion, ask, name, behaviour,
			request->id, &answer->arena);
	if (ask->stream) {
		stream_begin(answer, ask, request);
		return true;
	}
	return answer_whole(answer, request, ask, err);
}

static bool answer_whole(struct answer *answer,
	const struct answer_request *request, const struct ask *ask,
	struct error *err)
{
	const struct operation *operation = answer->operation;
	struct buf *scratch = request->scratch;

	if (operation->answer)
		operation->answer(ask, &answer->behaviour, scratch);
	else
		operation->write(&answer->completion, scratch);
	if (scratch->failed)
		return error_refuse(err, ERR_TOO_LARGE, NULL,
			"The answer is larger than the simulator holds.");
	write_whole(
		answer, 200, ask->content_type, buf_str(scratch), request->out);
	return true;
}

static bool says_too_much(
	const struct operation *operation, const struct behaviour *behaviour)
{
	int max = operation->max_text_bytes;

	return max > 0 && (behaviour->bytes > max ||
				  behaviour->tokens > max / WORD_MAX_BYTES);
}

static bool load_recording(struct answer *answer,
	const struct answer_request *request, struct str name,
	struct error *err)
{
	if (!recording_load(&answer->recording, request->control->recordings,
		    name, err)) {
		recording_release(&answer->recording);
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
	answer->chunked = recording->frames != RECORDING_WHOLE &&
			  request->http->may_chunk;
	http_append_status(out, recording->status);
	buf_append(out, buf_str(&recording->headers));
	if (answer->chunked)
		buf_append(out, S("Transfer-Encoding: chunked\r\n"));
	else
		head_append_length(recording->body.n, out);
	head_end(answer, out);
	answer->first_ms = answer->behaviour.first_ms;
}

static void write_error(
	struct answer *answer, const struct answer_request *request)
{
	int status = answer->behaviour.status;

	answer->dialect->write_error(status, request->id, request->scratch);
	write_whole(
		answer, status, NULL, buf_str(request->scratch), request->out);
}

static void write_refusal(struct answer *answer, const struct error *err,
	struct buf *scratch, struct buf *out)
{
	/* A refusal comes at once and whole, whatever was asked for. */
	behaviour_init(&answer->behaviour);
	buf_clear(scratch);
	answer->dialect->write_refusal(err, answer->id, scratch);
	answer->refusal = err;
	write_whole(
		answer, error_http_status(err), NULL, buf_str(scratch), out);
	answer->refusal = NULL;
}

/* `type` is NULL for JSON. */
static void write_whole(struct answer *answer, int status, const char *type,
	struct str body, struct buf *out)
{
	head_begin(answer, status, out);
	head_append_type(type ? str_of(type) : S("application/json"), out);
	write_body(answer, body, out);
}

static void write_body(struct answer *answer, struct str body, struct buf *out)
{
	int fault = answer->behaviour.fault;

	head_append_length(body.n, out);
	head_end(answer, out);
	if (stream_breaks_off(fault)) {
		body.n /= 2;
		answer->end = stream_end(fault);
	}
	buf_append(out, body);
}

static bool next_piece(struct answer *answer, struct buf *out)
{
	size_t end = answer->recording.body.n;
	size_t piece =
		recording_piece(&answer->recording, answer->recording_at);
	struct str rest;

	if (stream_breaks_off(answer->behaviour.fault)) {
		answer->end = stream_end(answer->behaviour.fault);
		end /= 2;
	}
	rest = str_from(str_head(buf_str(&answer->recording.body), end),
		answer->recording_at);
	buf_append(out, str_head(rest, piece));
	answer->recording_at += piece;
	return answer->recording_at < end;
}
