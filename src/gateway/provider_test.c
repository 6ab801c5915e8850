/*
 * provider_test.c - GET /api/llm/providers/{provider}/test: does it answer?
 *
 * There is no better way to know than to ask: the provider's cheapest model
 * that the key may use gets a word to answer, in a call of the key like any
 * other (inner.h). It is metered, limited and in the log, and costs next to
 * nothing.
 */
#include "base/clock.h"
#include "base/money.h"
#include "gateway/inner.h"
#include "gateway/stages.h"

#define MAX_BODY_BYTES 4096
#define MAX_ANSWER_BYTES (1 << 20)

struct provider_test {
	struct call *call;
	const struct model *model;
	struct inner *inner;
	bool is_gone;
};

static const struct model *find_model(const struct call *call);
static bool is_better(
	const struct call *call, const struct model *a, const struct model *b);
static int64_t price_of(const struct call *call, const struct model *model);
static void ask(struct provider_test *test);
static void write_request(const struct model *model, struct buf *out);
static void never_from_cache(struct call *call, struct http_exchange *x);
static void on_ended(struct inner *inner);
static void on_gone(struct http_exchange *x, void *owner);
static void on_drained(struct http_exchange *x, void *owner);
static void write_page(const struct provider_test *test, struct buf *out);
static void write_error(const struct http_exchange *x, struct json_writer *w);

static const struct http_waiter test_waiter = {
	.gone = on_gone,
	.drained = on_drained,
};

enum verdict test_provider(struct call *call)
{
	struct http_exchange *x = call->x;
	const struct model *model = find_model(call);
	struct provider_test *test;

	if (!model && !call->refreshed)
		return NEEDS_DATABASE;
	if (!model) {
		error_refuse(&call->error, ERR_NOT_FOUND, "provider",
			"There is no provider '%.*s' here, or this key may "
			"use none of its models that answer a text.",
			STR_ARG(str_head(call->listed_id, 64)));
		return FAILED;
	}
	if (x->on_worker) {
		x->server->to_loop(x, call_run_stages, call);
		return WAITING;
	}
	test = ARENA_NEW(call->arena, struct provider_test);
	test->call = call;
	test->model = model;
	x->waiter = &test_waiter;
	x->owner = test;
	ask(test);
	return WAITING;
}

/* A chat model rather than one that embeds, and the cheapest. */
static const struct model *find_model(const struct call *call)
{
	const struct catalog *catalog = call->snapshot->catalog;
	const struct model *found = NULL;

	for (size_t i = 0; i < catalog->offered_count; i++) {
		const struct model *model = catalog->offered[i];
		struct str provider = model->provider->name;

		if (str_equal(provider, call->listed_id) &&
			(model->kind == MODEL_CHAT ||
				model->kind == MODEL_EMBEDDING) &&
			gateway_key_allows(call->key, provider, model->name) &&
			(!found || is_better(call, model, found)))
			found = model;
	}
	return found;
}

static bool is_better(
	const struct call *call, const struct model *a, const struct model *b)
{
	if (a->kind != b->kind)
		return a->kind == MODEL_CHAT;
	return price_of(call, a) < price_of(call, b);
}

/* Of a token in and a token out. */
static int64_t price_of(const struct call *call, const struct model *model)
{
	const struct price *price =
		model_price_at(model, call->x->arrived_unix_ms);
	int64_t sum = 0;

	if (!price)
		return INT64_MAX;
	money_add(&sum, 1, price->input_picousd);
	money_add(&sum, 1, price->output_picousd);
	return sum;
}

static void ask(struct provider_test *test)
{
	struct call *call = test->call;
	const struct dialect *dialect = dialect_find(S("openai_chat"));
	struct buf body = BUF_INIT(MAX_BODY_BYTES);

	write_request(test->model, &body);
	test->inner = inner_new(call->x, buf_str(&body), on_ended, test);
	buf_release(&body);
	never_from_cache(call, &test->inner->x);
	if (test->model->kind == MODEL_CHAT)
		gateway_chat(&test->inner->x, &(struct gateway_chat){
						      .dialect = dialect,
					      });
	else
		gateway_service(&test->inner->x, dialect,
			service_find(S("openai_chat"), SERVICE_EMBEDDINGS),
			S(""));
}

static void write_request(const struct model *model, struct buf *out)
{
	struct buf name = BUF_INIT(MAX_BODY_BYTES);
	struct json_writer w;

	buf_append(&name, model->provider->name);
	buf_append_char(&name, '/');
	buf_append(&name, model->name);
	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "model", buf_str(&name));
	if (model->kind == MODEL_CHAT) {
		json_member_raw(&w, "messages",
			S("[{\"role\":\"user\",\"content\":\"Say ok.\"}]"));
		/* The least that all providers take. */
		json_member_int(&w, "max_tokens", 16);
	} else {
		json_member_str(&w, "input", S("ok"));
	}
	json_end_object(&w);
	buf_release(&name);
}

static void never_from_cache(struct call *call, struct http_exchange *x)
{
	struct http_param *params =
		ARENA_ARRAY(call->arena, struct http_param, x->param_count + 1);

	params[0] = (struct http_param){ S("HTTP_CACHE_CONTROL"),
		S("no-cache, no-store") };
	memcpy(&params[1], x->params, x->param_count * sizeof(params[0]));
	x->params = params;
	x->param_count++;
}

static void on_ended(struct inner *inner)
{
	struct provider_test *test = inner->owner;
	struct call *call = test->call;
	struct buf body = BUF_INIT(MAX_ANSWER_BYTES);

	if (!test->is_gone)
		write_page(test, &body);
	inner_free(inner);
	if (test->is_gone)
		call_end(call);
	else
		answer_json(call, &body);
}

static void on_gone(struct http_exchange *x, void *owner)
{
	struct provider_test *test = owner;

	/* The provider may go on; the end of the process ends it too. */
	x->waiter = &test_waiter;
	test->is_gone = true;
	error_set(&test->call->error, ERR_CLIENT_GONE, "%s", "");
	inner_cancel(test->inner);
}

static void on_drained(struct http_exchange *x, void *owner)
{
	(void)x;
	(void)owner;
}

static void write_page(const struct provider_test *test, struct buf *out)
{
	const struct http_exchange *x = &test->inner->x;
	bool is_good = x->status >= 200 && x->status < 300;
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_str(&w, "provider", test->model->provider->name);
	json_member_str(&w, "model", test->model->name);
	json_member_bool(&w, "ok", is_good);
	json_member_int(&w, "status", x->status);
	json_member_int(&w, "latency_ms",
		(clock_monotonic_ns() - x->arrived_ns) / 1000000);
	if (is_good)
		json_member_null(&w, "error");
	else
		write_error(x, &w);
	json_end_object(&w);
}

/* As the answer says it. */
static void write_error(const struct http_exchange *x, struct json_writer *w)
{
	struct buf body = BUF_INIT(MAX_ANSWER_BYTES / 2);
	struct error ignored;
	struct json root, error = { .type = JSON_TYPE_NONE };

	http_read_answer(x, &body);
	if (!body.failed &&
		json_check(buf_str(&body), JSON_MAX_DEPTH, &root, &ignored))
		error = json_find(root, S("error"));
	if (error.type != JSON_TYPE_NONE)
		json_member_raw(w, "error", error.text);
	else
		json_member_null(w, "error");
	buf_release(&body);
}
