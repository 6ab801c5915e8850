/*
 * translate.c - small requests for embeddings from each format to each,
 * written out: what is said how, what is named as lost, what is refused; and
 * whole calls, there and back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

#include "dialect/losses.h"
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
		service_format_find(str_of(name), SERVICE_EMBEDDINGS);

	assert_non_null(found);
	return found;
}

static bool make(const char *from, const char *to, const char *body)
{
	if (!format(from)->read_head(
		    S(""), str_of(body), &arena, &head, &input, &err))
		fail_msg("%s: %s", body, error_message(&err));
	return service_call_make(&call, format(from), format(to), &head, &input,
		S("up/stream"), false, &arena, &losses, &err);
}

static const struct {
	const char *from, *to, *body;
	const char *path;
	const char *sent;
	const char *lost;
} requests[] = {
	{ "openai", "gemini", "{\"model\":\"m\",\"input\":\"a\"}",
		"/models/up/stream:embedContent",
		"{\"model\":\"models/up/stream\","
		"\"content\":{\"parts\":[{\"text\":\"a\"}]}}",
		"" },
	{ "openai", "gemini",
		"{\"model\":\"m\",\"input\":[\"a\",\"\\u0062\\n\"],"
		"\"dimensions\":8,\"encoding_format\":\"base64\","
		"\"user\":\"u\",\"input_type\":\"search_query\"}",
		"/models/up/stream:batchEmbedContents",
		"{\"requests\":[{\"model\":\"models/up/stream\","
		"\"content\":{\"parts\":[{\"text\":\"a\"}]},"
		"\"taskType\":\"RETRIEVAL_QUERY\",\"outputDimensionality\":8},"
		"{\"model\":\"models/up/stream\","
		"\"content\":{\"parts\":[{\"text\":\"b\\n\"}]},"
		"\"taskType\":\"RETRIEVAL_QUERY\","
		"\"outputDimensionality\":8}]}",
		"user" },
	{ "openai", "cohere",
		"{\"model\":\"m\",\"input\":\"a\",\"user\":\"u\","
		"\"dimensions\":256,\"foo\":1,\"bar\":null,\"baz\":[]}",
		"/embed",
		"{\"model\":\"up/stream\",\"texts\":[\"a\"],"
		"\"input_type\":\"search_document\",\"output_dimension\":256,"
		"\"embedding_types\":[\"float\"]}",
		"user, foo" },
	{ "openai", "cohere",
		"{\"model\":\"m\",\"input\":[\"a\"],"
		"\"encoding_format\":\"base64\"}",
		"/embed",
		"{\"model\":\"up/stream\",\"texts\":[\"a\"],"
		"\"input_type\":\"search_document\","
		"\"embedding_types\":[\"float\"]}",
		"" },
	{ "openai", "ollama",
		"{\"model\":\"m\",\"input\":[\"a\",\"b\"],\"dimensions\":4,"
		"\"encoding_format\":\"float\",\"input_type\":\"clustering\"}",
		"/api/embed",
		"{\"model\":\"up/stream\",\"input\":[\"a\",\"b\"],"
		"\"dimensions\":4}",
		"input_type" },
	{ "openai", "voyage",
		"{\"model\":\"m\",\"input\":\"a\",\"dimensions\":4,"
		"\"encoding_format\":\"base64\","
		"\"input_type\":\"search_document\"}",
		"/embeddings",
		"{\"model\":\"up/stream\",\"input\":\"a\","
		"\"input_type\":\"document\",\"output_dimension\":4,"
		"\"encoding_format\":\"base64\"}",
		"" },
	/* Mistral's words */
	{ "openai", "cohere",
		"{\"model\":\"m\",\"input\":\"a\",\"output_dimension\":5,"
		"\"output_dtype\":\"int8\"}",
		"/embed",
		"{\"model\":\"up/stream\",\"texts\":[\"a\"],"
		"\"input_type\":\"search_document\",\"output_dimension\":5,"
		"\"embedding_types\":[\"int8\"]}",
		"" },
	{ "gemini", "openai",
		"{\"content\":{\"role\":\"user\",\"parts\":[{\"text\":\"a\"}]},"
		"\"taskType\":\"RETRIEVAL_DOCUMENT\",\"title\":\"T\","
		"\"outputDimensionality\":3}",
		"/embeddings",
		"{\"model\":\"up/stream\",\"input\":\"a\",\"dimensions\":3}",
		"taskType, title" },
	{ "gemini", "cohere",
		"{\"requests\":[{\"model\":\"models/x\",\"content\":{\"parts\":"
		"[{\"text\":\"a\"}]},\"embedContentConfig\":{"
		"\"taskType\":\"QUESTION_ANSWERING\",\"autoTruncate\":false,"
		"\"documentOcr\":true}}]}",
		"/embed",
		"{\"model\":\"up/stream\",\"texts\":[\"a\"],"
		"\"input_type\":\"search_query\",\"truncate\":\"NONE\","
		"\"embedding_types\":[\"float\"]}",
		"taskType, documentOcr" },
	{ "gemini", "voyage",
		"{\"content\":{\"parts\":[{\"text\":\"\"}]},"
		"\"task_type\":\"SEMANTIC_SIMILARITY\"}",
		"/embeddings", "{\"model\":\"up/stream\",\"input\":\"\"}",
		"taskType" },
	{ "cohere", "openai",
		"{\"model\":\"m\",\"texts\":[\"a\",\"b\"],"
		"\"input_type\":\"clustering\",\"truncate\":\"END\","
		"\"embedding_types\":[\"float\",\"base64\"]}",
		"/embeddings",
		"{\"model\":\"up/stream\",\"input\":[\"a\",\"b\"]}",
		"input_type, truncate" },
	{ "cohere", "openai",
		"{\"model\":\"m\",\"texts\":[\"a\"],\"input_type\":"
		"\"search_query\",\"embedding_types\":[\"ubinary\"]}",
		"/embeddings",
		"{\"model\":\"up/stream\",\"input\":[\"a\"],"
		"\"output_dtype\":\"ubinary\"}",
		"input_type" },
	{ "cohere", "voyage",
		"{\"model\":\"m\",\"inputs\":[{\"content\":[{\"type\":\"text\","
		"\"text\":\"a\"}]}],\"input_type\":\"search_query\","
		"\"truncate\":\"START\",\"priority\":5}",
		"/embeddings",
		"{\"model\":\"up/stream\",\"input\":[\"a\"],"
		"\"input_type\":\"query\"}",
		"truncate, priority" },
	{ "cohere", "gemini",
		"{\"model\":\"m\",\"texts\":[\"a\"],\"images\":null,"
		"\"input_type\":\"classification\",\"truncate\":\"NONE\"}",
		"/models/up/stream:batchEmbedContents",
		"{\"requests\":[{\"model\":\"models/up/stream\","
		"\"content\":{\"parts\":[{\"text\":\"a\"}]},"
		"\"embedContentConfig\":{\"taskType\":\"CLASSIFICATION\","
		"\"autoTruncate\":false}}]}",
		"" },
	{ "voyage", "openai",
		"{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":"
		"\"base64\"}",
		"/embeddings",
		"{\"model\":\"up/stream\",\"input\":\"a\","
		"\"encoding_format\":\"base64\"}",
		"" },
	{ "voyage", "ollama",
		"{\"model\":\"m\",\"input\":[\"a\"],\"truncation\":true,"
		"\"input_type\":null,\"output_dimension\":2}",
		"/api/embed",
		"{\"model\":\"up/stream\",\"input\":[\"a\"],"
		"\"truncate\":true,\"dimensions\":2}",
		"" },
	{ "ollama", "openai",
		"{\"model\":\"m\",\"prompt\":\"a\",\"options\":{\"seed\":1},"
		"\"keep_alive\":\"5m\",\"truncate\":false}",
		"/embeddings", "{\"model\":\"up/stream\",\"input\":\"a\"}",
		"truncate, options, keep_alive" },
	/* the same format: bytes as they are, but for the model */
	{ "ollama", "ollama", "{ \"prompt\":\"a\", \"model\" : \"m\" }",
		"/api/embeddings",
		"{ \"prompt\":\"a\", \"model\" : \"up/stream\" }", "" },
	{ "gemini", "gemini",
		"{\"requests\":[{\"model\":\"models/x\",\"content\":{}},"
		"{\"content\":{}},{\"content\":{}, \"model\" : \"y\" }]}",
		"/models/up/stream:batchEmbedContents",
		"{\"requests\":[{\"model\":\"models/up/stream\","
		"\"content\":{}},{\"content\":{}},"
		"{\"content\":{}, \"model\" : \"models/up/stream\" }]}",
		"" },
	{ "gemini", "gemini", "{\"model\":\"models/x\",\"requests\":[]}",
		"/models/up/stream:batchEmbedContents",
		"{\"model\":\"models/x\",\"requests\":[]}", "" },
	{ "gemini", "gemini", "{\"content\":{},\"model\":\"models/x\"}",
		"/models/up/stream:embedContent",
		"{\"content\":{},\"model\":\"models/up/stream\"}", "" },
	{ "openai", "openai",
		"{\"input\":[1,2],\"encoding_format\":\"base64_int8\"}",
		"/embeddings",
		"{\"model\":\"up/stream\",\"input\":[1,2],"
		"\"encoding_format\":\"base64_int8\"}",
		"" },
};

static void requests_are_translated(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		bool is_same = strcmp(requests[i].from, requests[i].to) == 0;
		struct str body;

		chat_losses_release(&losses);
		if (!make(requests[i].from, requests[i].to, requests[i].body))
			fail_msg("%s: %s", requests[i].body,
				error_message(&err));
		body = splice_join(&call.body, &arena);
		if (is_same)
			assert_text(body, requests[i].sent);
		else
			assert_same_json(body, str_of(requests[i].sent),
				requests[i].body);
		assert_text(call.path, requests[i].path);
		assert_text(call.content_type, "application/json");
		assert_text(buf_str(&losses.names), requests[i].lost);
	}
}

static const struct {
	const char *from, *to, *body;
	enum error_kind kind;
	const char *param;
} refusals[] = {
	{ "openai", "cohere", "{\"input\":[1,2,3]}", ERR_UNSUPPORTED, "input" },
	{ "openai", "gemini", "{\"input\":[\"a\",[1]]}", ERR_UNSUPPORTED,
		"input[1]" },
	{ "openai", "gemini", "{\"input\":[\"a\",null]}", ERR_UNSUPPORTED,
		"input[1]" },
	{ "openai", "gemini", "{\"input\":[]}", ERR_BAD_FIELD, "input" },
	{ "openai", "gemini", "{\"input\":\"a\",\"dimensions\":0}",
		ERR_BAD_FIELD, "dimensions" },
	{ "voyage", "ollama", "{\"input\":\"a\",\"output_dimension\":0}",
		ERR_BAD_FIELD, "output_dimension" },
	{ "openai", "gemini", "{\"input\":\"a\",\"dimensions\":\"8\"}",
		ERR_UNSUPPORTED, "dimensions" },
	{ "openai", "voyage",
		"{\"input\":\"a\",\"encoding_format\":\"base64_int8\"}",
		ERR_UNSUPPORTED, "encoding_format" },
	{ "openai", "gemini", "{\"input\":\"a\",\"output_dtype\":\"int8\"}",
		ERR_UNSUPPORTED, "encoding_format" },
	{ "voyage", "cohere",
		"{\"input\":\"a\",\"output_dtype\":\"int8\","
		"\"encoding_format\":\"base64\"}",
		ERR_UNSUPPORTED, "output_dtype" },
	{ "cohere", "ollama",
		"{\"texts\":[\"a\"],\"embedding_types\":[\"int8\"]}",
		ERR_UNSUPPORTED, "embedding_types" },
	{ "cohere", "openai",
		"{\"texts\":[\"a\"],\"embedding_types\":[\"float\","
		"\"binary\"]}",
		ERR_UNSUPPORTED, "embedding_types" },
	{ "cohere", "openai",
		"{\"texts\":[\"a\"],\"embedding_types\":[\"int8\","
		"\"binary\"]}",
		ERR_UNSUPPORTED, "embedding_types" },
	{ "cohere", "openai",
		"{\"texts\":[\"a\"],\"embedding_types\":[\"int4\"]}",
		ERR_UNSUPPORTED, "embedding_types" },
	{ "cohere", "openai", "{\"images\":[\"data:image/png;base64,AAAA\"]}",
		ERR_UNSUPPORTED, "images[0]" },
	{ "cohere", "openai",
		"{\"inputs\":[{\"content\":[{\"type\":\"image_url\"}]}]}",
		ERR_UNSUPPORTED, "inputs[0]" },
	{ "cohere", "openai", "{\"texts\":[\"a\"],\"images\":[\"b\"]}",
		ERR_BAD_FIELD, "images" },
	{ "cohere", "openai", "{\"texts\":null,\"images\":[]}", ERR_BAD_FIELD,
		"images" },
	{ "gemini", "openai",
		"{\"content\":{\"parts\":[{\"text\":\"a\"},{\"text\":\"b\"}]}}",
		ERR_UNSUPPORTED, "content" },
	{ "gemini", "openai", "{\"content\":{\"parts\":[{\"inlineData\":{}}]}}",
		ERR_UNSUPPORTED, "content" },
	{ "gemini", "openai",
		"{\"requests\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}},"
		"{\"content\":{\"parts\":[{\"text\":\"b\"}]},"
		"\"taskType\":\"CLUSTERING\"}]}",
		ERR_UNSUPPORTED, "requests[1]" },
	{ "gemini", "openai", "{\"requests\":[7]}", ERR_UNSUPPORTED,
		"requests[0]" },
	{ "gemini", "openai",
		"{\"content\":{\"parts\":[{\"text\":\"a\"}]},"
		"\"outputDimensionality\":1.5}",
		ERR_UNSUPPORTED, "outputDimensionality" },
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
		assert_true(strlen(error_message(&err)) > 20);
	}
}

static const struct {
	const char *from, *to, *body; /* the client's format, the provider's */
	const char *reply;
	const char *answer; /* NULL: it cannot be translated */
} answers[] = {
	{ "openai", "gemini",
		"{\"model\":\"m\",\"input\":\"a\","
		"\"encoding_format\":\"base64\"}",
		"{\"embedding\":{\"values\":[1.0, 0.10]},"
		"\"usageMetadata\":{\"promptTokenCount\":3}}",
		"{\"object\":\"list\",\"data\":[{\"object\":\"embedding\","
		"\"index\":0,\"embedding\":\"AACAP83MzD0=\"}],\"model\":\"m\","
		"\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}" },
	{ "openai", "gemini", "{\"model\":\"m\",\"input\":[\"a\",\"b\"]}",
		"{\"embeddings\":[{\"values\":[1.0]},{\"values\":[2e-1]}]}",
		"{\"object\":\"list\",\"data\":[{\"object\":\"embedding\","
		"\"index\":0,\"embedding\":[1.0]},{\"object\":\"embedding\","
		"\"index\":1,\"embedding\":[2e-1]}],\"model\":\"m\"}" },
	/* No model was named: it is the one that was chosen. */
	{ "openai", "gemini", "{\"input\":\"a\"}",
		"{\"embedding\":{\"values\":[1]}}",
		"{\"object\":\"list\",\"data\":[{\"object\":\"embedding\","
		"\"index\":0,\"embedding\":[1]}],\"model\":\"up/stream\"}" },
	{ "gemini", "openai",
		"{\"model\":\"models/x\",\"content\":{\"parts\":[{\"text\":"
		"\"a\"}]}}",
		"{\"object\":\"list\",\"data\":[{\"object\":\"embedding\","
		"\"index\":0,\"embedding\":[0.5]}],\"model\":\"m\","
		"\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}",
		"{\"embedding\":{\"values\":[0.5]},"
		"\"usageMetadata\":{\"promptTokenCount\":3}}" },
	/* The index says the order. */
	{ "ollama", "openai", "{\"model\":\"m\",\"input\":[\"a\",\"b\"]}",
		"{\"data\":[{\"index\":1,\"embedding\":[2]},"
		"{\"index\":0,\"embedding\":[1]}],\"model\":\"p\","
		"\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}",
		"{\"model\":\"p\",\"embeddings\":[[1],[2]],"
		"\"prompt_eval_count\":3}" },
	{ "ollama", "voyage", "{\"model\":\"m\",\"prompt\":\"a\"}",
		"{\"data\":[{\"index\":0,\"embedding\":[2]}],\"model\":\"p\","
		"\"usage\":{\"total_tokens\":4}}",
		"{\"model\":\"p\",\"embedding\":[2],"
		"\"prompt_eval_count\":4}" },
	{ "cohere", "openai",
		"{\"model\":\"m\",\"texts\":[\"a\"],\"embedding_types\":"
		"[\"float\",\"base64\"]}",
		"{\"data\":[{\"embedding\":[1],\"index\":null}]}",
		"{\"id\":\"req-1\",\"embeddings\":{\"float\":[[1]],"
		"\"base64\":[\"AACAPw==\"]},\"texts\":[\"a\"],"
		"\"meta\":{\"api_version\":{\"version\":\"2\"}},"
		"\"response_type\":\"embeddings_by_type\"}" },
	{ "cohere", "voyage",
		"{\"model\":\"m\",\"texts\":[\"a\"],\"embedding_types\":"
		"[\"int8\"]}",
		"{\"data\":[{\"embedding\":[-1]}],\"usage\":{"
		"\"total_tokens\":2}}",
		"{\"id\":\"req-1\",\"embeddings\":{\"int8\":[[-1]]},"
		"\"texts\":[\"a\"],\"meta\":{\"api_version\":{\"version\":"
		"\"2\"},\"billed_units\":{\"input_tokens\":2}},"
		"\"response_type\":\"embeddings_by_type\"}" },
	{ "voyage", "cohere",
		"{\"model\":\"m\",\"input\":\"a\",\"output_dtype\":\"int8\"}",
		"{\"id\":\"i\",\"embeddings\":{\"int8\":[[7]]},\"meta\":"
		"{\"billed_units\":{\"input_tokens\":2.0}}}",
		"{\"object\":\"list\",\"data\":[{\"object\":\"embedding\","
		"\"index\":0,\"embedding\":[7]}],\"model\":\"m\","
		"\"usage\":{\"total_tokens\":2}}" },
	/* Base64 that was asked for and not given, same format. */
	{ "openai", "openai",
		"{\"model\":\"m\",\"input\":\"a\","
		"\"encoding_format\":\"base64\"}",
		"{\"object\":\"list\",\"extra\":{\"a\":1},\"data\":["
		"{\"object\":\"embedding\",\"index\":0,\"embedding\":[1]}],"
		"\"model\":\"p\",\"usage\":{\"prompt_tokens\":3,"
		"\"total_tokens\":3,\"cost\":1e-7}}",
		"{\"object\":\"list\",\"extra\":{\"a\":1},\"data\":["
		"{\"object\":\"embedding\",\"index\":0,"
		"\"embedding\":\"AACAPw==\"}],"
		"\"model\":\"p\",\"usage\":{\"prompt_tokens\":3,"
		"\"total_tokens\":3,\"cost\":1e-7}}" },
	/* answers that are none */
	{ "openai", "gemini", "{\"input\":[\"a\",\"b\"]}",
		"{\"embeddings\":[{\"values\":[1]}]}", NULL },
	{ "openai", "gemini", "{\"input\":\"a\"}", "{}", NULL },
	{ "openai", "gemini", "{\"input\":\"a\"}", "nope", NULL },
	{ "openai", "gemini",
		"{\"input\":\"a\",\"encoding_format\":\"base64\"}",
		"{\"embedding\":{\"values\":[1e99]}}", NULL },
	{ "openai", "cohere", "{\"input\":\"a\"}",
		"{\"embeddings\":{\"int8\":[[1]]}}", NULL },
	{ "openai", "cohere", "{\"input\":\"a\"}", "{\"embeddings\":{}}",
		NULL },
	{ "openai", "cohere", "{\"input\":\"a\"}",
		"{\"embeddings\":{\"float\":[[1]],\"int8\":[[1],[2]]}}", NULL },
	{ "gemini", "openai", "{\"content\":{\"parts\":[{\"text\":\"a\"}]}}",
		"{\"data\":[{\"embedding\":\"AACAPw==\"}]}", NULL },
	{ "ollama", "openai", "{\"input\":[\"a\",\"b\"]}",
		"{\"data\":[{\"index\":1,\"embedding\":[2]},"
		"{\"index\":1,\"embedding\":[1]}]}",
		NULL },
	{ "ollama", "openai", "{\"input\":\"a\"}",
		"{\"data\":[{\"index\":1,\"embedding\":[2]}]}", NULL },
	{ "openai", "ollama", "{\"input\":\"a\"}", "{\"embeddings\":[null]}",
		NULL },
};

static void answers_are_translated(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		const char *reply = answers[i].reply;
		struct splice splice;
		bool ok;

		assert_true(
			make(answers[i].from, answers[i].to, answers[i].body));
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

/* Whatever a provider of the same format says is passed on. */
static void same_format_answers_pass(void **state)
{
	static const char *const replies[] = {
		"{\"data\": [ {\"embedding\":\"AACAPw==\"} ]}",
		"{\"data\":[]}",
		"{}",
		"not even JSON",
		"{\"data\":[{\"embedding\":[1e99]}]}",
	};

	(void)state;
	/* Base64 of int8 is not made here. */
	assert_true(make("voyage", "voyage",
		"{\"input\":\"a\",\"encoding_format\":\"base64\","
		"\"output_dtype\":\"int8\"}"));
	assert_false(input.wants_base64);
	assert_true(make("openai", "openai",
		"{\"input\":\"a\",\"encoding_format\":\"base64\"}"));
	assert_true(input.wants_base64);
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		struct splice splice;

		assert_true(service_call_answer(&call, str_of(replies[i]),
			S(""), &arena, &splice, &err));
		assert_text(splice_join(&splice, &arena), replies[i]);
	}
}

/* A number is not computed with: its text arrives. */
static void numbers_keep_their_text(void **state)
{
	static const char numbers[] =
		"[-0.10000000000000000555,1E-2,1.50,0,-0,123456789012345678]";
	struct str reply = arena_printf(
		&arena, "{\"embedding\":{\"values\":%s}}", numbers);
	struct splice splice;
	struct str text;

	(void)state;
	assert_true(make("openai", "gemini", "{\"input\":\"a\"}"));
	assert_true(service_call_answer(
		&call, reply, S(""), &arena, &splice, &err));
	text = splice_join(&splice, &arena);
	assert_true(str_find(text, S(numbers)) < text.n);
}

/* What stands around the vectors may be much more than they are. */
static void many_short_vectors_fit(void **state)
{
	struct buf body = BUF_INIT(1 << 20), reply = BUF_INIT(1 << 20);
	struct splice splice;

	(void)state;
	buf_append(&body, S("{\"input\":[\"\""));
	buf_append(&reply, S("{\"embeddings\":[[]"));
	for (int i = 1; i < 2000; i++) {
		buf_append(&body, S(",\"\""));
		buf_append(&reply, S(",[]"));
	}
	buf_append(&body, S("]}"));
	buf_append(&reply, S("]}"));
	assert_true(make("openai", "gemini", buf_cstr(&body)));
	assert_true(call.body.bytes > 2000 * 50);
	assert_true(make("openai", "ollama", buf_cstr(&body)));
	assert_true(service_call_answer(
		&call, buf_str(&reply), S(""), &arena, &splice, &err));
	assert_true(splice.bytes > 2000 * 40);
	buf_release(&body);
	buf_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			requests_are_translated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_cannot_go_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			answers_are_translated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			same_format_answers_pass, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			numbers_keep_their_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			many_short_vectors_fit, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
