/*
 * service/rerank.c - recorded rerankings come back equal from the inner form,
 * and go from each format to each.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

#include "dialect/losses.h"
#include "dialect/service/rerank.h"
#include "dialect/service/service.h"

static struct arena arena;
static struct chat_head head;
static struct service_input input;
static struct service_call call;
static struct chat_losses losses;
static struct error err;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 14);
	chat_losses_init(&losses, NULL);
	err = (struct error)ERROR_INIT;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	chat_losses_release(&losses);
	arena_release(&arena);
	return 0;
}

static const struct service_format *format(const char *name)
{
	const struct service_format *found =
		service_format_find(str_of(name), SERVICE_RERANK);

	return found ? found : service_format_find(S("openai"), SERVICE_RERANK);
}

/* --- recordings --- */

static bool read_request(struct str body, const struct service_format *from,
	struct rerank_request *out)
{
	return from->read_head(S("application/json"), body, &arena, &head,
		       &input, &err) &&
	       rerank_read_request(from->rerank, &head, &arena, out, &err);
}

static void own_request(const struct recording *r,
	const struct service_format *from, struct rerank_request *out)
{
	struct buf text = BUF_INIT(1 << 20);

	if (!read_request(r->request, from, out))
		fail_msg("%s: %s", r->name, error_message(&err));
	assert_int_equal(input.item_count, out->document_count);
	assert_true(
		rerank_write_request(out, from->rerank, &losses, &text, &err));
	assert_same_json(buf_str(&text), r->request, r->name);
	assert_int_equal(losses.names.n, 0);
	buf_release(&text);
}

static void own_response(const struct recording *r,
	const struct service_format *from, const struct rerank_request *asked)
{
	struct buf text = BUF_INIT(1 << 20);
	struct rerank_response response;

	if (!rerank_read_response(
		    from->rerank, r->response, &arena, &response, &err) ||
		!rerank_write_response(&response, asked, &text, &err))
		fail_msg("%s: %s", r->name, error_detail(&err));
	assert_same_json(buf_str(&text), r->response, r->name);
	buf_release(&text);
}

/* What the client hears of other providers' scores. */
static void foreign_response(const struct recording *r,
	const struct service_format *from, struct rerank_request asked)
{
	static const char *const names[] = { "openai", "cohere", "voyage" };
	struct rerank_response response, again;

	assert_true(rerank_read_response(
		from->rerank, r->response, &arena, &response, &err));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf text = BUF_INIT(1 << 20);

		asked.format = format(names[i])->rerank;
		assert_true(
			rerank_write_response(&response, &asked, &text, &err));
		assert_true(rerank_read_response(
			asked.format, buf_str(&text), &arena, &again, &err));
		assert_int_equal(again.count, response.count);
		for (size_t k = 0; k < again.count; k++) {
			assert_int_equal(again.results[k].index,
				response.results[k].index);
			assert_true(str_equal(again.results[k].score,
				response.results[k].score));
		}
		assert_int_equal(again.total_tokens, response.total_tokens);
		if (asked.format != &voyage_rerank)
			assert_int_equal(
				again.search_units, response.search_units);
		buf_release(&text);
	}
}

struct count {
	unsigned requests, responses;
};

static void visit(const struct recording *r, void *context)
{
	const struct service_format *from = format(r->provider);
	struct count *count = context;
	struct rerank_request asked = { .document_count = 1000 };

	/* The first version of Cohere's API has words that are Jina's. */
	if (r->url && strstr(r->url, "/v1/") && from == format("cohere"))
		from = format("openai");
	if (r->request.p) {
		own_request(r, from, &asked);
		count->requests++;
	} else {
		asked.format = from->rerank;
		asked.documents = ARENA_ARRAY(
			&arena, struct rerank_document, asked.document_count);
	}
	if (r->response.p) {
		own_response(r, from, &asked);
		foreign_response(r, from, asked);
		count->responses++;
	}
}

static void recordings_come_back(void **state)
{
	struct count count = { 0, 0 };

	(void)state;
	recordings_visit_file(RECORDINGS "rerank.jsonl", visit, &count);
	recordings_visit_file(
		RECORDINGS "rerank_edge_cases.jsonl", visit, &count);
	print_message(
		"%u requests, %u responses\n", count.requests, count.responses);
	assert_int_equal(count.requests, 8);
	assert_int_equal(count.responses, 8);
}

/* --- written out --- */

static bool make(const char *from, const char *to, const char *body)
{
	if (!format(from)->read_head(
		    S(""), str_of(body), &arena, &head, &input, &err))
		return false;
	return service_call_make(&call, format(from), format(to), &head, &input,
		S("up"), false, &arena, &losses, &err);
}

static const struct {
	const char *from, *to, *body;
	const char *sent;
	const char *lost;
} requests[] = {
	{ "openai", "cohere",
		"{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\","
		"{\"text\":\"b\"}],\"top_n\":1,\"return_documents\":true,"
		"\"user\":\"u\"}",
		"{\"model\":\"up\",\"query\":\"q\",\"documents\":[\"a\",\"b\"],"
		"\"top_n\":1}",
		"user" },
	{ "openai", "voyage",
		"{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"],"
		"\"top_n\":3,\"return_documents\":false,\"provider\":null}",
		"{\"model\":\"up\",\"query\":\"q\",\"documents\":[\"a\"],"
		"\"top_k\":3}",
		"" },
	{ "cohere", "voyage",
		"{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"],"
		"\"max_tokens_per_doc\":100,\"priority\":1}",
		"{\"model\":\"up\",\"query\":\"q\",\"documents\":[\"a\"]}",
		"max_tokens_per_doc, priority" },
	{ "voyage", "openai",
		"{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"],"
		"\"top_k\":2,\"truncation\":true}",
		"{\"model\":\"up\",\"query\":\"q\",\"documents\":[\"a\"],"
		"\"top_n\":2}",
		"truncation" },
	{ "voyage", "voyage",
		"{\"query\":\"q\", \"documents\":[7],\"model\":\"m\"}",
		"{\"query\":\"q\", \"documents\":[7],\"model\":\"up\"}", "" },
};

static void requests_are_translated(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		chat_losses_release(&losses);
		if (!make(requests[i].from, requests[i].to, requests[i].body))
			fail_msg("%s: %s", requests[i].body,
				error_message(&err));
		assert_same_json(splice_join(&call.body, &arena),
			str_of(requests[i].sent), requests[i].body);
		assert_text(call.path, "/rerank");
		assert_text(buf_str(&losses.names), requests[i].lost);
	}
}

static const struct {
	const char *from, *to, *body;
	enum error_kind kind;
	const char *param;
} refusals[] = {
	{ "openai", "cohere", "{\"query\":\"q\"}", ERR_MISSING_FIELD,
		"documents" },
	{ "openai", "cohere", "{\"query\":\"q\",\"documents\":\"a\"}",
		ERR_BAD_FIELD, "documents" },
	{ "openai", "cohere", "{\"query\":\"q\",\"documents\":[]}",
		ERR_BAD_FIELD, "documents" },
	{ "openai", "cohere", "{\"documents\":[\"a\"]}", ERR_MISSING_FIELD,
		"query" },
	{ "openai", "cohere", "{\"query\":[],\"documents\":[\"a\"]}",
		ERR_BAD_FIELD, "query" },
	{ "openai", "cohere",
		"{\"query\":\"q\",\"documents\":[\"a\",{\"image\":\"b\"}]}",
		ERR_UNSUPPORTED, "documents[1]" },
	{ "openai", "cohere",
		"{\"query\":\"q\",\"documents\":[{\"text\":\"a\",\"b\":1}]}",
		ERR_UNSUPPORTED, "documents[0]" },
	{ "openai", "cohere",
		"{\"query\":\"q\",\"documents\":[\"a\"],\"top_n\":0}",
		ERR_BAD_FIELD, "top_n" },
	{ "voyage", "cohere",
		"{\"query\":\"q\",\"documents\":[\"a\"],\"top_k\":\"2\"}",
		ERR_BAD_FIELD, "top_k" },
	{ "openai", "openai", "{\"model\":1,\"documents\":[\"a\"]}",
		ERR_BAD_FIELD, "model" },
	{ "openai", "openai", "{\"documents\":[\"a\"],\"documents\":[]}",
		ERR_BAD_FIELD, "documents" },
};

static void what_cannot_go_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		if (make(refusals[i].from, refusals[i].to, refusals[i].body))
			fail_msg("%s went", refusals[i].body);
		if (err.kind != refusals[i].kind ||
			strcmp(err.param, refusals[i].param) != 0)
			fail_msg("%s: %s, param '%s'", refusals[i].body,
				error_name(err.kind), err.param);
	}
}

static const struct {
	const char *from, *to, *body;
	const char *reply;
	const char *answer; /* NULL: it cannot be translated */
} answers[] = {
	{ "openai", "cohere",
		"{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\","
		"{\"text\":\"b\"}],\"return_documents\":true}",
		"{\"id\":\"i\",\"results\":[{\"index\":1,\"relevance_score\":"
		"0.50},{\"index\":0,\"relevance_score\":1e-3}],\"meta\":{"
		"\"billed_units\":{\"search_units\":1},\"tokens\":{"
		"\"input_tokens\":9.0}}}",
		"{\"id\":\"i\",\"model\":\"m\",\"results\":[{\"index\":1,"
		"\"relevance_score\":0.50,\"document\":{\"text\":\"b\"}},"
		"{\"index\":0,\"relevance_score\":1e-3,\"document\":{"
		"\"text\":\"a\"}}],\"usage\":{\"total_tokens\":9,"
		"\"search_units\":1}}" },
	{ "openai", "voyage",
		"{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"]}",
		"{\"object\":\"list\",\"data\":[{\"index\":0,"
		"\"relevance_score\":1}],\"model\":\"p\",\"usage\":{"
		"\"total_tokens\":5}}",
		"{\"id\":\"req-1\",\"model\":\"p\",\"results\":[{\"index\":0,"
		"\"relevance_score\":1}],\"usage\":{\"total_tokens\":5}}" },
	{ "voyage", "openai",
		"{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"],"
		"\"return_documents\":true}",
		"{\"results\":[{\"index\":0,\"relevance_score\":1}]}",
		"{\"object\":\"list\",\"model\":\"m\","
		"\"data\":[{\"index\":0,\"relevance_score\":1,"
		"\"document\":\"a\"}]}" },
	{ "cohere", "voyage",
		"{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\"]}",
		"{\"data\":[],\"usage\":{\"total_tokens\":5}}",
		"{\"id\":\"req-1\",\"results\":[],\"meta\":{\"api_version\":{"
		"\"version\":\"2\"},\"tokens\":{\"input_tokens\":5}}}" },
	{ "openai", "cohere", "{\"query\":\"q\",\"documents\":[\"a\"]}",
		"{\"results\":[{\"index\":1,\"relevance_score\":1}]}", NULL },
	{ "openai", "cohere", "{\"query\":\"q\",\"documents\":[\"a\"]}",
		"{\"results\":[{\"index\":-1,\"relevance_score\":1}]}", NULL },
	{ "openai", "cohere", "{\"query\":\"q\",\"documents\":[\"a\"]}",
		"{\"results\":[{\"index\":0}]}", NULL },
	{ "openai", "cohere", "{\"query\":\"q\",\"documents\":[\"a\"]}",
		"{\"results\":[{\"index\":0,\"relevance_score\":\"1\"}]}",
		NULL },
	{ "openai", "cohere", "{\"query\":\"q\",\"documents\":[\"a\"]}",
		"{\"results\":[7]}", NULL },
	{ "openai", "cohere", "{\"query\":\"q\",\"documents\":[\"a\"]}",
		"{\"data\":[]}", NULL },
	{ "openai", "cohere", "{\"query\":\"q\",\"documents\":[\"a\"]}", "[]",
		NULL },
};

static void answers_are_translated(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		const char *reply = answers[i].reply;
		struct splice splice;
		bool ok;

		if (!make(answers[i].from, answers[i].to, answers[i].body))
			fail_msg("%s", error_message(&err));
		ok = service_call_answer(&call, str_of(reply), S("req-1"),
			&arena, &splice, &err);
		if (!answers[i].answer) {
			if (ok || err.kind != ERR_UPSTREAM_GARBAGE)
				fail_msg("%s was accepted", reply);
			continue;
		}
		if (!ok)
			fail_msg("%s: %s", reply, error_detail(&err));
		assert_same_json(splice_join(&splice, &arena),
			str_of(answers[i].answer), reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			recordings_come_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			requests_are_translated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_cannot_go_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			answers_are_translated, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
