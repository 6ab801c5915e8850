/*
 * digest.c - requests that mean the same are the same, also across formats;
 * and nothing that may change an answer is without effect.
 *
 * The second is tried on every recorded request: each number, text and flag
 * in it is changed, one at a time, and only those that are named here may be
 * changed unseen.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/digest.h"
#include "dialect/digest.h"

#include "recordings.h"

#define MAX_FILES 8

struct key {
	uint8_t bytes[SHA256_BYTES];
};

/* False: the dialect does not take it. */
static bool key_of(
	const struct dialect *dialect, struct str body, struct key *out)
{
	struct error err = ERROR_INIT;
	struct chat_request request;
	struct chat_head head;
	struct digest digest;
	struct arena arena;
	bool ok;

	arena_init(&arena, 65536);
	ok = dialect->read_head(body, &arena, &head, &err) &&
	     dialect->read_request(&head, &arena, &request, &err);
	if (ok) {
		digest_init(&digest, &arena);
		digest_add_request(&digest, &request);
		digest_sha256_parts(digest.parts, digest.count, out->bytes);
	}
	arena_release(&arena);
	return ok;
}

static bool is_same(const char *dialect, const char *body,
	const char *other_dialect, const char *other)
{
	struct key a, b;

	if (!key_of(dialect_find(str_of(dialect)), str_of(body), &a))
		fail_msg("refused: %s", body);
	if (!key_of(dialect_find(str_of(other_dialect)), str_of(other), &b))
		fail_msg("refused: %s", other);
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* --- across formats --- */

#define CHAT "openai_chat"
#define RESPONSES "openai_responses"
#define ANTHROPIC "anthropic"
#define GEMINI "gemini"

/* The same request in up to four formats; NULL where one cannot say it. */
static const char *const pairs[][4] = {
	{ "{\"model\":\"m\",\"max_tokens\":9,\"temperature\":0.0,\"messages\":"
	  "[{\"role\":\"system\",\"content\":\"Be brief.\"},"
	  "{\"role\":\"user\",\"content\":\"Hi\"}]}",
		"{\"model\":\"m\",\"max_output_tokens\":9,\"temperature\":0,"
		"\"instructions\":\"Be brief.\",\"input\":\"Hi\"}",
		"{\"model\":\"m\",\"max_tokens\":9,\"temperature\":0,"
		"\"system\":\"Be brief.\",\"messages\":[{\"role\":\"user\","
		"\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}]}",
		"{\"generationConfig\":{\"maxOutputTokens\":9,\"temperature\":"
		"0},\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"}]"
		"},\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\""
		"}]}]}" },
	{ "{\"model\":\"m\",\"max_tokens\":9,\"stop\":[\"x\"],\"top_p\":0.50,"
	  "\"messages\":[{\"role\":\"user\",\"content\":\"a\\u00e9\"},"
	  "{\"role\":\"assistant\",\"content\":\"b\"},"
	  "{\"role\":\"user\",\"content\":\"c\"}]}",
		NULL,
		"{\"model\":\"m\",\"max_tokens\":9,\"stop_sequences\":[\"x\"],"
		"\"top_p\":0.5,\"messages\":[{\"role\":\"user\",\"content\":"
		"\"a\xc3\xa9\"},{\"role\":\"assistant\",\"content\":[{\"type\":"
		"\"text\",\"text\":\"b\"}]},{\"role\":\"user\",\"content\":"
		"\"c\"}],\"metadata\":{\"user_id\":\"u\"},\"stream\":true}",
		"{\"generationConfig\":{\"maxOutputTokens\":9,\"stopSequences\""
		":[\"x\"],\"topP\":5e-1},\"contents\":[{\"role\":\"user\","
		"\"parts\":[{\"text\":\"a\xc3\xa9\"}]},{\"role\":\"model\","
		"\"parts\":[{\"text\":\"b\"}]},{\"role\":\"user\",\"parts\":["
		"{\"text\":\"c\"}]}]}" },
	{ "{\"model\":\"m\",\"max_tokens\":9,\"messages\":["
	  "{\"role\":\"user\",\"content\":\"a\"},"
	  "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"call_1\","
	  "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
	  "\"{\\\"x\\\": 1}\"}}]},"
	  "{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"42\"}"
	  "]}",
		NULL,
		"{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":"
		"\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
		"\"content\":[{\"type\":\"tool_use\",\"id\":\"toolu_9\","
		"\"name\":\"f\",\"input\":{\"x\":1}}]},{\"role\":\"user\","
		"\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":"
		"\"toolu_9\",\"content\":\"42\"}]}]}",
		NULL },
	{ "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\","
	  "\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
	  "\"data:image/png;base64,AAAA\"}},{\"type\":\"text\",\"text\":\"?\"}"
	  "]}]}",
		NULL,
		"{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":"
		"\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\""
		":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}},"
		"{\"type\":\"text\",\"text\":\"?\"}]}]}",
		"{\"generationConfig\":{\"maxOutputTokens\":9},\"contents\":[{"
		"\"role\":\"user\",\"parts\":[{\"inlineData\":{\"mimeType\":"
		"\"image/png\",\"data\":\"AAAA\"}},{\"text\":\"?\"}]}]}" },
};

static const char *const formats[4] = { CHAT, RESPONSES, ANTHROPIC, GEMINI };

static void test_same_across_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		for (size_t k = 1; k < 4; k++)
			if (pairs[i][k] && !is_same(formats[0], pairs[i][0],
						   formats[k], pairs[i][k]))
				fail_msg("%zu: another one in %s", i,
					formats[k]);
}

static void test_no_two_requests_are_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		for (size_t k = 0; k < i; k++)
			assert_false(
				is_same(CHAT, pairs[i][0], CHAT, pairs[k][0]));
}

/* --- within one --- */

#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"

static const struct {
	const char *one;
	const char *other;
	bool is_same;
} cases[] = {
	/* About the call, not about the answer. */
	{ "{" HI "}", "{\"model\":\"other\"," HI "}", true },
	{ "{" HI "}", "{\"stream\":true," HI "}", true },
	{ "{" HI "}",
		"{\"stream\":true,\"stream_options\":{\"include_usage\":true},"
		"" HI "}",
		true },
	{ "{" HI "}", "{\"user\":\"u\"," HI "}", true },
	{ "{" HI "}", "{\"metadata\":{\"a\":\"b\"}," HI "}", true },
	{ "{" HI "}", "{\"service_tier\":\"flex\"," HI "}", true },
	{ "{" HI "}", "{\"prompt_cache_key\":\"k\"," HI "}", true },
	{ "{" HI "}", "{\"safety_identifier\":\"k\"," HI "}", true },
	{ "{" HI "}", "{\"n\":1," HI "}", true },
	{ "{" HI "}", "{\"response_format\":{\"type\":\"text\"}," HI "}",
		true },
	/* About the answer. */
	{ "{" HI "}", "{\"temperature\":0," HI "}", false },
	{ "{\"temperature\":0," HI "}", "{\"temperature\":0.1," HI "}", false },
	{ "{\"temperature\":0," HI "}", "{\"top_p\":0," HI "}", false },
	{ "{" HI "}", "{\"n\":2," HI "}", false },
	{ "{" HI "}", "{\"seed\":2," HI "}", false },
	{ "{" HI "}", "{\"logprobs\":true," HI "}", false },
	{ "{" HI "}", "{\"unheard_of\":1," HI "}", false },
	{ "{\"unheard_of\":1," HI "}", "{\"unheard_of\":2," HI "}", false },
	{ "{\"unheard_of\":{\"a\":1}," HI "}",
		"{\"unheard_of\": { \"\\u0061\" :1 }," HI "}", true },
	{ "{\"unheard_of\":{\"a\":1,\"b\":2}," HI "}",
		"{\"unheard_of\":{\"b\":2,\"a\":1}," HI "}", false },
	{ "{\"unheard_of\":{\"a\\u0000b\":1}," HI "}",
		"{\"unheard_of\":{\"a\":1}," HI "}", false },
	{ "{\"unheard_of\":[1,[2]]," HI "}", "{\"unheard_of\":[[1],2]," HI "}",
		false },
	/* Where one text ends and the next begins. */
	{ "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
	  "\"text\":\"ab\"},{\"type\":\"text\",\"text\":\"c\"}]}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
		"\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"bc\"}]"
		"}]}",
		false },
	{ "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":"
	  "\"user\",\"content\":\"b\"}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
		"\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}"
		"]}",
		false },
	{ "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
		"{\"messages\":[{\"role\":\"system\",\"content\":\"a\"}]}",
		false },
	{ "{\"stop\":[\"a\",\"b\"]," HI "}", "{\"stop\":[\"ab\"]," HI "}",
		false },
	{ "{\"stop\":\"a\"," HI "}", "{\"stop\":[\"a\"]," HI "}", true },
};

static void test_one_format(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (is_same(CHAT, cases[i].one, CHAT, cases[i].other) !=
			cases[i].is_same)
			fail_msg("%s\n%s %s", cases[i].one,
				cases[i].is_same ? "is not" : "is",
				cases[i].other);
}

/* A result names its call by its place: these answer each other's. */
static void test_results_that_are_swapped(void **state)
{
#define CALLS                                                               \
	"{\"role\":\"user\",\"content\":\"a\"},"                            \
	"{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"type\":"   \
	"\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}," \
	"{\"id\":\"2\",\"type\":\"function\",\"function\":{\"name\":\"f\"," \
	"\"arguments\":\"{}\"}}]},"
#define RESULTS(first, second)                                                 \
	"{\"messages\":[" CALLS "{\"role\":\"tool\",\"tool_call_id\":\"" first \
	"\",\"content\":\"x\"},{\"role\":\"tool\",\"tool_call_id"              \
	"\":\"" second "\",\"content\":\"y\"}]}"
	(void)state;
	assert_false(is_same(CHAT, RESULTS("1", "2"), CHAT, RESULTS("2", "1")));
}

/* What only one format has is not the same in another. */
static void test_own_members_stay_in_their_format(void **state)
{
	(void)state;
	assert_false(is_same(CHAT, "{\"max_tokens\":9,\"new\":1," HI "}",
		ANTHROPIC, "{\"max_tokens\":9,\"new\":1," HI "}"));
	assert_true(is_same(CHAT, "{\"max_tokens\":9," HI "}", ANTHROPIC,
		"{\"max_tokens\":9," HI "}"));
}

/* --- every member of every recorded request --- */

static const struct speaker {
	struct str name;
	const char *files[MAX_FILES]; /* ends with NULL */
} speakers[] = {
	{ STR(CHAT), { RECORDINGS "openai_chat_openai_azure.jsonl",
			     RECORDINGS "openai_chat_openrouter_deepseek_"
					"perplexity.jsonl",
			     RECORDINGS "openai_chat_others.jsonl",
			     RECORDINGS "openai_chat_translation.jsonl" } },
	{ STR(RESPONSES), { RECORDINGS "openai_responses.jsonl", RECORDINGS
				  "translation_openai_responses.jsonl" } },
	{ STR(ANTHROPIC), { RECORDINGS "anthropic.jsonl",
				  RECORDINGS "translation_anthropic.jsonl" } },
	{ STR(GEMINI), { RECORDINGS "gemini.jsonl",
			       RECORDINGS "translation_gemini.jsonl" } },
	{ STR("cohere"), { RECORDINGS "cohere.jsonl" } },
	{ STR("ollama"), { RECORDINGS "ollama.jsonl" } },
};

/* What may change without changing the answer: members by name, and what is
 * below them. Ids are made up by whoever sends them. */
static const char *const unseen[] = {
	/* about the call */
	"model",
	"stream",
	"stream_options",
	"user",
	"metadata",
	"service_tier",
	"store",
	"safety_identifier",
	"prompt_cache_key",
	"prompt_cache_retention",
	"prompt_cache_options",
	"cache_control",
	/* made up by whoever sends them */
	"id",
	"tool_call_id",
	"tool_use_id",
	"call_id",
	"tool_calls.index",
	/* said twice: by the place, or by what it is about */
	"input.status",
	"summary.type",
	"thinking.type",
	"systemInstruction.role",
	"source.media_type", /* of a text */
	/* of a message that is a list of texts */
	"input.content.type",
	/* the name of no property: it orders nothing */
	"propertyOrdering",
};

struct mutation {
	const struct dialect *dialect;
	const char *name; /* of the recording */
	json_t *root;
	struct key key;
	const char *path[JSON_MAX_DEPTH];
	size_t depth;
	size_t tried;
	size_t missed;
};

/* "b", or "a.b" where only that one is meant. */
static bool path_ends_with(const char *path, const char *name)
{
	char end[64];

	snprintf(end, sizeof(end), ".%s", name);
	return str_ends(str_of(path), str_of(end));
}

/* It, or what it is in. */
static bool may_be_unseen(const struct mutation *m)
{
	char path[4096] = "";

	for (size_t i = 0; i < m->depth; i++) {
		size_t n = strlen(path);

		if (!m->path[i])
			continue;
		snprintf(path + n, sizeof(path) - n, ".%s", m->path[i]);
		for (size_t k = 0; k < ARRAY_LEN(unseen); k++)
			if (path_ends_with(path, unseen[k]))
				return true;
	}
	return false;
}

static void check_mutation(struct mutation *m)
{
	char *text = json_dumps(m->root, JSON_COMPACT | JSON_ENCODE_ANY);
	struct key key;

	if (key_of(m->dialect, str_of(text), &key)) {
		m->tried++;
		if (memcmp(&key, &m->key, sizeof(key)) == 0 &&
			!may_be_unseen(m)) {
			print_message("%s: unseen:", m->name);
			for (size_t i = 0; i < m->depth; i++)
				print_message(
					".%s", m->path[i] ? m->path[i] : "[]");
			print_message("\n");
			m->missed++;
		}
	}
	free(text);
}

static void mutate(struct mutation *m, json_t *value);

static void mutate_text(struct mutation *m, json_t *value)
{
	const char *old = json_string_value(value);
	size_t n = strlen(old);
	char *copy = strdup(old);
	char *longer = malloc(n + 2);

	if (n > 0 && isalpha((unsigned char)old[n / 2])) {
		/* One letter: base64 stays base64, a word becomes another. */
		memcpy(longer, old, n + 1);
		longer[n / 2] = old[n / 2] == 'q' ? 'r' : 'q';
	} else {
		memcpy(longer, old, n);
		memcpy(longer + n, "q", 2);
	}
	json_string_set(value, longer);
	check_mutation(m);
	json_string_set(value, copy);
	free(copy);
	free(longer);
}

static void mutate_children(struct mutation *m, json_t *value)
{
	const char *name;
	json_t *child;
	size_t i;

	assert_true(m->depth < JSON_MAX_DEPTH);
	m->depth++;
	json_object_foreach(value, name, child)
	{
		m->path[m->depth - 1] = name;
		mutate(m, child);
	}
	m->path[m->depth - 1] = NULL;
	json_array_foreach(value, i, child) mutate(m, child);
	m->depth--;
}

static void mutate(struct mutation *m, json_t *value)
{
	json_int_t number;
	double real;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
	case JSON_ARRAY: mutate_children(m, value); break;
	case JSON_STRING: mutate_text(m, value); break;
	case JSON_INTEGER:
		number = json_integer_value(value);
		json_integer_set(value, number + 1);
		check_mutation(m);
		json_integer_set(value, number);
		break;
	case JSON_REAL:
		real = json_real_value(value);
		json_real_set(value, real / 2 + 0.01);
		check_mutation(m);
		json_real_set(value, real);
		break;
	default: break;
	}
}

static bool has_json_result(const struct recording *r)
{
	return str_find(r->request, S("unctionResponse")) < r->request.n ||
	       str_find(r->request, S("unction_response")) < r->request.n ||
	       str_find(r->request, S("\"document\"")) < r->request.n;
}

static void visit(const struct recording *r, void *context)
{
	struct mutation *m = context;
	struct key again;
	char *text;

	m->root = r->request.n > 0 ? parse(r->request) : NULL;
	if (json_is_object(m->root) &&
		key_of(m->dialect, r->request, &m->key)) {
		m->name = r->name;
		/* Spaces, escapes and numbers in another spelling; where a
		 * tool's result is JSON, that is what the model reads. */
		text = json_dumps(m->root, JSON_INDENT(3) | JSON_ENSURE_ASCII);
		assert_true(key_of(m->dialect, str_of(text), &again));
		if (memcmp(&again, &m->key, sizeof(again)) != 0 &&
			!has_json_result(r)) {
			print_message("%s: another spelling\n", r->name);
			m->missed++;
		}
		free(text);
		mutate(m, m->root);
	}
	json_decref(m->root);
}

static void test_every_member_matters(void **state)
{
	size_t missed = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(speakers); i++) {
		const struct speaker *speaker = &speakers[i];
		struct mutation m = { .dialect = dialect_find(speaker->name) };

		for (size_t k = 0; k < MAX_FILES && speaker->files[k]; k++)
			recordings_visit_file(speaker->files[k], visit, &m);
		print_message("%.*s: %zu changes, %zu unseen\n",
			STR_ARG(speaker->name), m.tried, m.missed);
		assert_true(m.tried > 30);
		missed += m.missed;
	}
	assert_int_equal(missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_across_formats),
		cmocka_unit_test(test_no_two_requests_are_alike),
		cmocka_unit_test(test_one_format),
		cmocka_unit_test(test_results_that_are_swapped),
		cmocka_unit_test(test_own_members_stay_in_their_format),
		cmocka_unit_test(test_every_member_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
