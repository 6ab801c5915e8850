/*
 * batch.c - POST /api/llm/batch: many calls in one request.
 *
 * Each is a call of its own in an exchange of its own (inner.h): metered,
 * limited, recorded, and failing alone. A few run at once; the next one begins
 * when one has ended. When the client leaves, those that run are told and no
 * other begins. Answers are kept until all are there, up to
 * batch.max_answer_bytes together.
 */
#include "gateway/inner.h"
#include "gateway/stages.h"

#define MAX_ERROR_BYTES 16384

struct batch;

/* One of the calls. */
struct batch_item {
	struct batch *batch;
	struct json request;
	struct str body; /* what is called with; a view of the outer body */
	const struct batch_kind *kind;
	struct inner *inner; /* NULL: it does not run */
	int status;          /* 0: not answered yet */
	struct buf answer;
};

struct batch {
	struct call *call; /* the outer one */
	struct batch_item *items;
	size_t count;
	size_t begun;
	size_t running;
	size_t parallel;    /* that may run at once */
	size_t answer_left; /* bytes that answers may still have */
	bool is_gone;
};

static void serve_chat(struct inner *inner);
static void serve_completions(struct inner *inner);
static void serve_embeddings(struct inner *inner);

/* What `url` may name; an item without one is the first. */
struct batch_kind {
	struct str url;
	void (*serve)(struct inner *inner);
};
static const struct batch_kind kinds[] = {
	{ STR("/v1/chat/completions"), serve_chat },
	{ STR("/v1/completions"), serve_completions },
	{ STR("/v1/embeddings"), serve_embeddings },
	{ STR("/api/llm/chat"), serve_chat },
	{ STR("/api/llm/completions"), serve_completions },
	{ STR("/api/llm/embeddings"), serve_embeddings },
};

static bool read_batch(struct call *call, struct batch *batch);
static bool read_requests(
	struct batch *batch, struct json requests, struct error *err);
static void release_answers(void *thing);
static void go_on(struct batch *batch);
static void begin(struct batch_item *item);
static bool read_item(struct batch_item *item, struct error *err);
static void refuse(struct batch_item *item, const struct error *err);
static void on_ended(struct inner *inner);
static void keep_answer(struct batch_item *item);
static void on_gone(struct http_exchange *x, void *owner);
static void on_drained(struct http_exchange *x, void *owner);
static void answer(struct batch *batch);
static void write_result(struct batch_item *item, size_t index);

static const struct http_waiter batch_waiter = {
	.gone = on_gone,
	.drained = on_drained,
};

enum verdict run_batch(struct call *call)
{
	struct http_exchange *x = call->x;
	struct batch *batch;

	if (x->on_worker) {
		x->server->to_loop(x, call_run_stages, call);
		return WAITING;
	}
	batch = ARENA_NEW(call->arena, struct batch);
	batch->call = call;
	if (!read_batch(call, batch))
		return FAILED;
	x->waiter = &batch_waiter;
	x->owner = batch;
	go_on(batch);
	return WAITING;
}

static bool read_batch(struct call *call, struct batch *batch)
{
	const struct settings *settings = call->gateway->settings;
	struct json root, parallel;
	bool is_parallel = true;

	if (!json_check(buf_str(&call->x->body), JSON_MAX_DEPTH, &root,
		    &call->error))
		return false;
	if (root.type != JSON_TYPE_OBJECT)
		return error_refuse(&call->error, ERR_BAD_REQUEST, NULL,
			"Send an object: {\"requests\": [...]}.");
	parallel = json_find(root, S("parallel"));
	if (parallel.type != JSON_TYPE_NONE &&
		!json_bool(parallel, &is_parallel))
		return error_refuse(&call->error, ERR_BAD_FIELD, "parallel",
			"'parallel' must be true or false.");
	batch->parallel = is_parallel ? (size_t)settings->batch_parallel : 1;
	batch->answer_left = (size_t)settings->batch_max_answer_bytes;
	return read_requests(
		batch, json_find(root, S("requests")), &call->error);
}

static bool read_requests(
	struct batch *batch, struct json requests, struct error *err)
{
	const struct call *call = batch->call;
	int64_t most = call->gateway->settings->batch_max_requests;
	struct json_cursor cursor = json_members(requests);
	struct json_member member;

	if (requests.type != JSON_TYPE_ARRAY)
		return error_refuse(err, ERR_BAD_FIELD, "requests",
			"'requests' must be an array of request bodies.");
	batch->count = json_length(requests);
	if (batch->count == 0 || batch->count > (size_t)most)
		return error_refuse(err, ERR_BAD_FIELD, "requests",
			"'requests' has %zu entries; send 1 to %" PRId64
			" (the setting batch.max_requests).",
			batch->count, most);
	batch->items =
		ARENA_ARRAY(call->arena, struct batch_item, batch->count);
	for (size_t i = 0; json_next(&cursor, &member); i++) {
		batch->items[i] = (struct batch_item){ .batch = batch,
			.request = member.value };
		buf_init(&batch->items[i].answer,
			(size_t)call->gateway->settings
				->batch_max_answer_bytes);
	}
	arena_defer(call->arena, release_answers, batch);
	return true;
}

static void release_answers(void *thing)
{
	struct batch *batch = thing;

	for (size_t i = 0; i < batch->count; i++)
		buf_release(&batch->items[i].answer);
}

/* Begin what may begin; the end of the last one is the end of the batch. */
static void go_on(struct batch *batch)
{
	while (!batch->is_gone && batch->running < batch->parallel &&
		batch->begun < batch->count)
		begin(&batch->items[batch->begun++]);
	if (batch->running > 0)
		return;
	if (batch->is_gone)
		call_end(batch->call);
	else
		answer(batch);
}

static void begin(struct batch_item *item)
{
	struct batch *batch = item->batch;
	struct error err;

	if (batch->answer_left == 0) {
		error_refuse(&err, ERR_TOO_LARGE, NULL,
			"The answers before this one have used all of the "
			"setting batch.max_answer_bytes: this request was not "
			"made. Send fewer in a batch.");
		refuse(item, &err);
	} else if (!read_item(item, &err)) {
		refuse(item, &err);
	} else {
		batch->running++;
		item->inner =
			inner_new(batch->call->x, item->body, on_ended, item);
		item->kind->serve(item->inner);
	}
}

static bool read_item(struct batch_item *item, struct error *err)
{
	struct json url = json_find(item->request, S("url"));
	struct json body = item->request;

	if (url.type != JSON_TYPE_NONE)
		body = json_find(item->request, S("body"));
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !item->kind; i++)
		if (url.type == JSON_TYPE_NONE ||
			json_text_is(url, kinds[i].url))
			item->kind = &kinds[i];
	if (!item->kind)
		return error_refuse(err, ERR_BAD_FIELD, "url",
			"'url' must be /v1/chat/completions, /v1/completions "
			"or /v1/embeddings.");
	if (body.type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"A request of a batch is the body of a chat, or "
			"{\"url\": \"/v1/embeddings\", \"body\": {...}}.");
	if (json_find(body, S("stream")).type == JSON_TYPE_TRUE)
		return error_refuse(err, ERR_BAD_FIELD, "stream",
			"There are no streams in a batch: leave 'stream' "
			"out.");
	item->body = body.text;
	return true;
}

static void refuse(struct batch_item *item, const struct error *err)
{
	const struct call *call = item->batch->call;

	item->status = error_http_status(err);
	call->dialect->write_failure(
		err, str_of(call->request_id), &item->answer);
}

static void serve_chat(struct inner *inner)
{
	gateway_chat(
		&inner->x, &(struct gateway_chat){
				   .dialect = dialect_find(S("openai_chat")),
			   });
}

static void serve_completions(struct inner *inner)
{
	gateway_service(&inner->x, dialect_find(S("openai_chat")),
		service_find(S("openai_chat"), SERVICE_COMPLETIONS), S(""));
}

static void serve_embeddings(struct inner *inner)
{
	gateway_service(&inner->x, dialect_find(S("openai_chat")),
		service_find(S("openai_chat"), SERVICE_EMBEDDINGS), S(""));
}

static void on_ended(struct inner *inner)
{
	struct batch_item *item = inner->owner;
	struct batch *batch = item->batch;

	if (!batch->is_gone)
		keep_answer(item);
	item->inner = NULL;
	inner_free(inner);
	batch->running--;
	go_on(batch);
}

static void keep_answer(struct batch_item *item)
{
	struct batch *batch = item->batch;
	struct error err;

	item->answer.max = batch->answer_left;
	http_read_answer(&item->inner->x, &item->answer);
	item->status = item->inner->x.status;
	if (!item->answer.failed) {
		batch->answer_left -= item->answer.n;
		return;
	}
	buf_release(&item->answer);
	buf_init(&item->answer, MAX_ERROR_BYTES);
	batch->answer_left = 0;
	error_refuse(&err, ERR_TOO_LARGE, NULL,
		"The answer is there, and paid for, but with the others it is "
		"larger than the setting batch.max_answer_bytes. Send fewer "
		"requests in a batch.");
	refuse(item, &err);
}

/* The last one to end ends the batch. */
static void on_gone(struct http_exchange *x, void *owner)
{
	struct batch *batch = owner;

	/* Some may go on for a while; the end of the process ends them too. */
	x->waiter = &batch_waiter;
	batch->is_gone = true;
	error_set(&batch->call->error, ERR_CLIENT_GONE, "%s", "");
	for (size_t i = 0; i < batch->begun; i++)
		if (batch->items[i].inner)
			inner_cancel(batch->items[i].inner);
}

static void on_drained(struct http_exchange *x, void *owner)
{
	(void)x;
	(void)owner;
}

static void answer(struct batch *batch)
{
	struct call *call = batch->call;

	call->status = 200;
	call->complete = true;
	http_begin(call->x, call->status, "application/json");
	answer_headers(call);
	http_body(call->x, S("{\"results\":["));
	for (size_t i = 0; i < batch->count; i++)
		write_result(&batch->items[i], i);
	http_body(call->x, S("]}"));
	call_end(call);
}

/* A provider's refusal may be any text. */
static void write_result(struct batch_item *item, size_t index)
{
	struct call *call = item->batch->call;
	struct str body = buf_str(&item->answer);
	struct buf text = BUF_INIT(SIZE_MAX / 4);
	struct json_writer w;
	struct json checked;
	struct error ignored;

	if (index > 0)
		buf_append_char(&text, ',');
	json_writer_init(&w, &text);
	json_begin_object(&w);
	json_member_int(&w, "index", (int64_t)index);
	json_member_int(&w, "status", item->status);
	if (json_check(body, JSON_MAX_DEPTH, &checked, &ignored))
		json_member_raw(&w, "body", checked.text);
	else
		json_member_str(&w, "body", body);
	json_end_object(&w);
	http_body(call->x, buf_str(&text));
	buf_release(&text);
	buf_release(&item->answer);
}
