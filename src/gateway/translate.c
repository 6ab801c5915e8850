/*
 * translate.c - a call whose provider speaks another dialect than its client.
 *
 * The request is read into the neutral form once and written for each target
 * that is tried. Answers and events go the other way. What a provider leaves
 * out and a client insists on (ids, times) is filled in here.
 */
#include "gateway/stages.h"

#include "base/clock.h"
#include "dialect/check.h"
#include "dialect/origin.h"

/* A provider's words may need more bytes than the client's: escapes, names. */
#define MAX_GROWTH 8

static bool begin(struct call *call);
static bool write_request(struct call *call);
static bool find_losses(struct call *call);
static void set_stream_options(struct call *call);
static bool read_reply(struct call *call, struct chat_response *out);
static bool read_failure(struct call *call, struct json root);
static void fill_in(struct call *call, struct chat_response *response);
static void name_calls(struct call *call, struct chat_response *response);
static void write_event(
	struct call *call, struct chat_event *event, struct buf *out);
static void make_writer(struct call *call);

bool translate_request(struct call *call)
{
	if (!begin(call))
		return false;
	call->request->stream = call->head.stream ? CHAT_YES : CHAT_NO;
	set_stream_options(call);
	return find_losses(call) && write_request(call);
}

bool translate_home(struct call *call)
{
	if (!begin(call))
		return false;
	if (call->request->stream == CHAT_YES)
		set_stream_options(call);
	origin_drop_foreign(call->request, call->dialect, &call->losses);
	return write_request(call);
}

static bool begin(struct call *call)
{
	if (!translate_read_request(call, &call->error))
		return false;
	call->request->model = call->target->upstream_name;
	chat_losses_release(&call->losses);
	chat_losses_init(&call->losses, call->dialect);
	return true;
}

static bool write_request(struct call *call)
{
	const struct provider *provider = call->target->provider;
	struct buf *out = &call->translated;

	buf_clear(out);
	out->max = call->head.body.n * MAX_GROWTH + 65536;
	if (!call->upstream_dialect->write_request(call->request,
		    &provider->quirks.traits, &call->losses, out, &call->error))
		return false;
	if (out->failed)
		return error_refuse(&call->error, ERR_TOO_LARGE, NULL,
			"The request becomes too large when it is translated "
			"for the chosen model's provider.");
	splice_make(&call->upstream_body, buf_str(out), NULL, 0);
	return call_check_losses(call);
}

bool call_check_losses(struct call *call)
{
	struct buf *names = &call->losses.names;

	if (names->n == 0 || !call_is_strict(call))
		return true;
	return error_refuse(&call->error, ERR_UNSUPPORTED, buf_cstr(names),
		"The provider of the chosen model has no words for: %s.",
		buf_cstr(names));
}

bool translate_read_request(struct call *call, struct error *err)
{
	struct chat_request *request;

	if (call->request)
		return true;
	request = ARENA_NEW(call->arena, struct chat_request);
	if (!call->dialect->read_request(
		    &call->head, call->arena, request, err) ||
		!chat_request_check(request, call->dialect, err))
		return false;
	call->request = request;
	return true;
}

static bool find_losses(struct call *call)
{
	return chat_losses_find(call->request, call->upstream_dialect,
		&call->target->provider->quirks.traits, &call->losses,
		&call->error);
}

bool call_is_strict(const struct call *call)
{
	struct str header = http_param(call->x, S("HTTP_X_GATEWAY_STRICT"));

	if (header.n > 0)
		return !str_equal_nocase(header, S("false")) &&
		       !str_equal_nocase(header, S("off")) &&
		       !str_equal(header, S("0"));
	return call->key->is_strict;
}

/* OpenAI's streams tell usage only when asked: we always want to know. */
static void set_stream_options(struct call *call)
{
	const struct quirks *quirks = &call->target->provider->quirks;
	bool ask =
		call->head.stream && quirks->stream_usage == STREAM_USAGE_ASK;

	call->request->stream_options =
		ask ? S("{\"include_usage\":true}") : (struct str){ NULL, 0 };
}

bool translate_reply(struct call *call, struct buf *out)
{
	struct chat_response response;

	return read_reply(call, &response) &&
	       translate_response(call, &response, out);
}

bool translate_response(
	struct call *call, struct chat_response *response, struct buf *out)
{
	fill_in(call, response);
	call->dialect->write_response(response, out);
	return !out->failed ||
	       error_set(&call->error, ERR_UPSTREAM_TOO_LARGE,
		       "the answer is too large when translated");
}

static bool read_reply(struct call *call, struct chat_response *out)
{
	struct str body = buf_str(&call->reply);
	struct json root;

	return facts_check(body, &root, &call->error) &&
	       read_failure(call, root) &&
	       call->upstream_dialect->read_response(
		       body, call->arena, out, &call->error) &&
	       (chat_facts_add_response(&call->facts, out), true);
}

/* Some answer 200 and an error: false with call->error set. */
static bool read_failure(struct call *call, struct json root)
{
	struct json error = json_find(root, S("error"));

	if (error.type == JSON_TYPE_NONE || error.type == JSON_TYPE_NULL)
		return true;
	call->facts.failed = true;
	failure_read_json(200, root, call->arena, &call->facts.failure);
	return error_refuse(&call->error, ERR_UPSTREAM_STATUS, NULL,
		"The provider answered with an error: %s",
		call->facts.failure.message);
}

void translate_begin_stream(struct call *call)
{
	const struct dialect *from = call->upstream_dialect;

	if (from->reader_new && (is_translated(call) || !from->read_frame))
		call->reader = from->reader_new(call->arena);
	if (is_translated(call))
		translate_writer(call);
}

bool translate_frame(
	struct call *call, const struct frame *frame, struct buf *out)
{
	struct chat_event event;

	if (!call->upstream_dialect->read_event(
		    frame, call->reader, call->arena, &event, &call->error))
		return false;
	chat_facts_add_event(&call->facts, &event);
	write_event(call, &event, out);
	return true;
}

bool translate_reply_to_stream(struct call *call, struct buf *out)
{
	struct chat_response response;

	if (!read_reply(call, &response))
		return false;
	translate_response_to_stream(call, &response, out);
	return true;
}

void translate_response_to_stream(
	struct call *call, struct chat_response *response, struct buf *out)
{
	struct chat_event event = {
		.kind = CHAT_EVENT_DELTA,
		.delta = *response,
		.done = true,
	};

	/* The own words of a whole answer are not those of an event. */
	event.delta.dialect = S("");
	for (size_t i = 0; i < event.delta.choice_count; i++)
		chat_number_calls(&event.delta.choices[i].message);
	call->facts.done = true;
	write_event(call, &event, out);
}

void translate_end(struct call *call, struct buf *out)
{
	struct chat_event event = { .kind = CHAT_EVENT_DONE };

	chat_response_init(&event.delta, S(""));
	call->facts.done = true;
	write_event(call, &event, out);
}

/* Nothing follows what closes the stream. */
static void write_event(
	struct call *call, struct chat_event *event, struct buf *out)
{
	bool is_last = event->done || event->kind == CHAT_EVENT_DONE ||
		       event->kind == CHAT_EVENT_ERROR;

	if (call->stream_is_closed)
		return;
	fill_in(call, &event->delta);
	if (is_last && call->head.wants_usage && answer_wants_metadata(call)) {
		meter(call);
		event->metadata = answer_metadata(call);
	}
	call->stream_is_closed = is_last;
	call->dialect->write_event(event, translate_writer(call), out);
}

void *translate_writer(struct call *call)
{
	if (!call->writer && call->dialect->writer_new)
		make_writer(call);
	return call->writer;
}

static void make_writer(struct call *call)
{
	struct chat_start start = {
		.request_id = str_of(call->request_id),
		.created_unix_s = call->x->arrived_unix_ms / 1000,
		.wants_usage = call->head.wants_usage,
		.as_array = call->as_array,
		.began = call->x->body_bytes > 0,
	};

	if (call->target)
		start.model = call->target->upstream_name;
	call->writer = call->dialect->writer_new(&start, call->arena);
}

static void fill_in(struct call *call, struct chat_response *response)
{
	if (!response->id.p || response->id.n == 0)
		response->id = str_of(call->request_id);
	if (response->created_unix_s < 0)
		response->created_unix_s = call->x->arrived_unix_ms / 1000;
	if (!response->model.p || response->model.n == 0)
		response->model = call->target->upstream_name;
	name_calls(call, response);
}

/* A client matches results to calls by their ids; some providers, by name. */
static void name_calls(struct call *call, struct chat_response *response)
{
	for (size_t i = 0; i < response->choice_count; i++) {
		struct chat_part *part = response->choices[i].message.parts;

		for (; part; part = part->next) {
			if (part->kind != CHAT_TOOL_CALL || part->call.id.n ||
				!part->call.name.p)
				continue;
			part->call.id =
				arena_printf(call->arena, "call_%s_%" PRId64,
					call->request_id + strlen("req_"),
					call->calls_named++);
		}
	}
}
