/*
 * embed/embed.c - recorded embeddings come back equal from the inner form, go
 * through every other format without losing a text or a number, and what
 * cannot go through says so.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "../recordings.h"

#include "dialect/embed/embed.h"
#include "dialect/losses.h"

#define MAX_BYTES (8u << 20)

static const struct embed_format *const formats[] = {
	&openai_embed,
	&voyage_embed,
	&gemini_embed,
	&cohere_embed,
	&ollama_embed,
};

static const char *const files[] = {
	RECORDINGS "openai_embeddings.jsonl",
	RECORDINGS "openai_embeddings_edge_cases.jsonl",
	RECORDINGS "openai_embeddings_streams.jsonl",
	RECORDINGS "gemini_embed.jsonl",
	RECORDINGS "gemini_embed_streams.jsonl",
	RECORDINGS "cohere_embed.jsonl",
	RECORDINGS "ollama_embed_streams.jsonl",
};

static const struct service_format *row_of(const struct embed_format *format)
{
	const struct service_format *row =
		service_format_find(str_of(format->name), SERVICE_EMBEDDINGS);

	assert_ptr_equal(row->embed, format);
	return row;
}

static const struct embed_format *format_of(const struct recording *r)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (strcmp(r->provider, formats[i]->name) == 0)
			return formats[i];
	return &openai_embed;
}

struct count {
	struct arena arena;
	unsigned requests, responses, failures, translations;
};

static void visit_files(
	void (*visit)(const struct recording *, void *), struct count *count)
{
	arena_init(&count->arena, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		assert_true(recordings_visit_file(files[i], visit, count) > 0);
	arena_release(&count->arena);
}

static void read_request(struct str body, const struct embed_format *format,
	struct arena *arena, struct embed_request *out, const char *name)
{
	struct service_input input;
	struct error err = ERROR_INIT;
	struct chat_head head;

	if (!row_of(format)->read_head(
		    S(""), body, arena, &head, &input, &err) ||
		!format->read_request(&head, arena, out, &err))
		fail_msg("%s: %s (%s)", name, error_message(&err), err.param);
	assert_int_equal(input.item_count, out->input_count);
	assert_int_equal(input.is_list, out->is_list);
	assert_true(str_equal(input.member, out->member));
}

/* --- recordings come back equal --- */

static bool is_refused(const struct recording *r)
{
	return r->status >= 400;
}

static void own_request(const struct recording *r, void *context)
{
	struct count *count = context;
	struct buf out = BUF_INIT(MAX_BYTES);
	struct embed_request request;

	if (!r->request.p)
		return;
	read_request(
		r->request, format_of(r), &count->arena, &request, r->name);
	request.format->write_request(&request, &out);
	assert_same_json(buf_str(&out), r->request, r->name);
	buf_release(&out);
	count->requests++;
}

/* A string is what was asked for, here: Perplexity never sends lists. */
static enum embed_type sent_of(struct str body)
{
	json_t *root = parse(body);
	json_t *first = json_array_get(json_object_get(root, "data"), 0);
	bool is_base64 = json_string_value(json_object_get(first, "embedding"));

	json_decref(root);
	return is_base64 ? EMBED_BASE64 : EMBED_FLOAT;
}

static bool has_many_vectors(const struct recording *r)
{
	return str_find(r->response, S("\"embeddings\"")) < r->response.n;
}

/* The request that an answer alone must have had. */
static void guess_request(const struct recording *r,
	const struct embed_response *response, struct embed_request *out)
{
	embed_request_init(out, response->format);
	out->is_list = has_many_vectors(r);
	out->member = out->is_list ? S("input") : S("prompt");
	out->input_count = response->count;
	out->types = EMBED_TYPE(sent_of(r->response));
}

static void own_response(const struct recording *r, void *context)
{
	struct count *count = context;
	const struct embed_format *format = format_of(r);
	struct buf out = BUF_INIT(MAX_BYTES);
	struct embed_response response;
	struct error err = ERROR_INIT;
	struct embed_request asked;

	if (!r->response.p)
		return;
	if (is_refused(r)) {
		assert_false(format->read_response(r->response, EMBED_FLOAT,
			&count->arena, &response, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
		count->failures++;
		return;
	}
	if (!format->read_response(r->response, sent_of(r->response),
		    &count->arena, &response, &err))
		fail_msg("%s: %s", r->name, error_detail(&err));
	guess_request(r, &response, &asked);
	format->write_response(&response, &asked, &out);
	assert_same_json(buf_str(&out), r->response, r->name);
	buf_release(&out);
	count->responses++;
}

static void recorded_requests_come_back(void **state)
{
	struct count count = { .requests = 0 };

	(void)state;
	visit_files(own_request, &count);
	print_message("%u requests\n", count.requests);
	assert_true(count.requests >= 40);
}

static void recorded_responses_come_back(void **state)
{
	struct count count = { .requests = 0 };

	(void)state;
	visit_files(own_response, &count);
	print_message(
		"%u responses, %u failures\n", count.responses, count.failures);
	assert_true(count.responses >= 48);
	assert_true(count.failures >= 7);
}

/* --- requests through other formats --- */

static void same_inputs(const struct embed_request *a,
	const struct embed_request *b, const char *name)
{
	assert_int_equal(a->input_count, b->input_count);
	for (size_t i = 0; i < a->input_count; i++)
		if (!str_equal(a->inputs[i].text, b->inputs[i].text))
			fail_msg("%s: input %zu is \"%.*s\"", name, i,
				STR_ARG(b->inputs[i].text));
	if (a->dimensions != b->dimensions)
		fail_msg("%s: dimensions %" PRId64, name, b->dimensions);
}

static bool has_other_than_text(const struct embed_request *request)
{
	for (size_t i = 0; i < request->input_count; i++)
		if (!request->inputs[i].text.p)
			return true;
	return false;
}

static void foreign_request(const struct recording *r, void *context)
{
	struct count *count = context;

	for (size_t i = 0; r->request.p && i < ARRAY_LEN(formats); i++) {
		const struct embed_format *to = formats[i];
		struct buf out = BUF_INIT(MAX_BYTES);
		struct chat_losses losses;
		struct error err = ERROR_INIT;
		struct embed_request request, again;

		read_request(r->request, format_of(r), &count->arena, &request,
			r->name);
		if (to == request.format)
			continue;
		chat_losses_init(&losses, NULL);
		if (!embed_losses_find(&request, to, &losses, &err)) {
			assert_int_equal(err.kind, ERR_UNSUPPORTED);
			assert_true(err.param[0]);
			/* Token ids, or a request that its own provider
			 * refused, too. */
			assert_true(has_other_than_text(&request) ||
				    r->status == 400);
			count->failures++;
		} else {
			to->write_request(&request, &out);
			read_request(buf_str(&out), to, &count->arena, &again,
				r->name);
			same_inputs(&request, &again, r->name);
			count->translations++;
		}
		chat_losses_release(&losses);
		buf_release(&out);
	}
}

static void requests_keep_their_texts(void **state)
{
	struct count count = { .requests = 0 };

	(void)state;
	visit_files(foreign_request, &count);
	print_message("%u translations, %u refused\n", count.translations,
		count.failures);
	assert_true(count.translations >= 150);
	assert_true(count.failures >= 8);
}

/* --- answers through other formats --- */

/* Decode a vector with Jansson, and a base64 reader of the test's own. */
static size_t floats_of(struct str json, float *out, size_t max)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				       "nopqrstuvwxyz0123456789+/";
	json_t *value = parse(json);
	const char *text = json_string_value(value);
	size_t n = 0;

	assert_non_null(value);
	if (!text) {
		for (; n < json_array_size(value); n++) {
			assert_true(n < max);
			out[n] = (float)json_number_value(
				json_array_get(value, n));
		}
	} else {
		unsigned char *bytes = (unsigned char *)out;
		uint64_t bits = 0;

		for (size_t i = 0; text[i] && text[i] != '='; i++) {
			const char *digit = strchr(alphabet, text[i]);

			assert_non_null(digit);
			bits = bits << 6 | (uint64_t)(digit - alphabet);
			if (i % 4 > 0) {
				assert_true(n < max * 4);
				bytes[n++] = (unsigned char)(bits >>
							     (6 - i % 4 * 2));
			}
		}
		assert_int_equal(n % 4, 0);
		n /= 4;
	}
	json_decref(value);
	return n;
}

static void same_vector(struct str a, struct str b, const char *name)
{
	static float x[4096], y[4096];
	size_t n = floats_of(a, x, ARRAY_LEN(x));

	assert_int_equal(floats_of(b, y, ARRAY_LEN(y)), n);
	if (memcmp(x, y, n * sizeof(x[0])) != 0)
		fail_msg("%s: a vector changed", name);
}

/* Read what was written for a client of that format, as such a client. */
static void read_back(const struct embed_format *format, struct str text,
	const struct embed_request *asked, struct arena *arena,
	struct embed_response *out, const char *name)
{
	struct error err = ERROR_INIT;
	enum embed_type sent = embed_type_sent(asked, format);

	if (!format->read_response(text, sent, arena, out, &err))
		fail_msg(
			"%s in %s: %s", name, format->name, error_detail(&err));
}

static void translate_response(const struct recording *r,
	const struct embed_response *response, const struct embed_format *to,
	unsigned types, struct arena *arena)
{
	struct embed_response copy = *response, again;
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct embed_request asked;
	enum embed_type had = response->vectors[0].values[EMBED_FLOAT].p
				      ? EMBED_FLOAT
				      : EMBED_BASE64;

	embed_request_init(&asked, to);
	asked.model = S("asked/model");
	asked.is_list = true;
	asked.types = types;
	asked.input_count = response->count;
	asked.inputs =
		ARENA_ARRAY(arena, struct embed_input, asked.input_count);
	for (size_t i = 0; i < asked.input_count; i++)
		asked.inputs[i].text = S("text");
	if (!embed_response_fit(&copy, &asked, arena, &err))
		fail_msg("%s: %s", r->name, error_detail(&err));
	to->write_response(&copy, &asked, &out);
	assert_false(out.failed);
	read_back(to, buf_str(&out), &asked, arena, &again, r->name);
	assert_int_equal(again.count, response->count);
	assert_int_equal(again.prompt_tokens, response->prompt_tokens);
	for (size_t i = 0; i < again.count; i++)
		for (int type = EMBED_FLOAT; type <= EMBED_BASE64; type++) {
			struct str got = again.vectors[i].values[type];
			struct str had_text = response->vectors[i].values[had];

			assert_int_equal(
				got.p != NULL, (types & EMBED_TYPE(type)) != 0);
			if (got.p && type == (int)had)
				assert_true(str_equal(got, had_text));
			else if (got.p)
				same_vector(had_text, got, r->name);
		}
	buf_release(&out);
}

static void foreign_response(const struct recording *r, void *context)
{
	struct count *count = context;
	const struct embed_format *format = format_of(r);
	struct embed_response response;
	struct error err = ERROR_INIT;

	/* Perplexity's vectors are bytes, not floats: see below. */
	if (!r->response.p || is_refused(r) ||
		strcmp(r->provider, "perplexity") == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct embed_format *to = formats[i];

		assert_true(format->read_response(r->response,
			sent_of(r->response), &count->arena, &response, &err));
		translate_response(r, &response, to, EMBED_TYPE(EMBED_FLOAT),
			&count->arena);
		count->translations++;
		if (to != &openai_embed && to != &voyage_embed &&
			to != &cohere_embed)
			continue;
		translate_response(r, &response, to, EMBED_TYPE(EMBED_BASE64),
			&count->arena);
		count->translations++;
	}
	arena_reset(&count->arena);
}

static void answers_keep_their_vectors(void **state)
{
	struct count count = { .requests = 0 };

	(void)state;
	visit_files(foreign_response, &count);
	print_message("%u translations\n", count.translations);
	assert_true(count.translations >= 300);
}

/* Bytes of int8, of no use to a client that asked for floats: it must not
 * get them as such. */
static void perplexity_response(const struct recording *r, void *context)
{
	struct count *count = context;
	struct embed_response response;
	struct error err = ERROR_INIT;

	if (strcmp(r->provider, "perplexity") != 0)
		return;
	assert_false(openai_embed.read_response(
		r->response, EMBED_FLOAT, &count->arena, &response, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	count->failures++;
}

static void base64_of_bytes_is_not_taken_for_floats(void **state)
{
	struct count count = { .requests = 0 };

	(void)state;
	visit_files(perplexity_response, &count);
	assert_int_equal(count.failures, 1);
}

/* --- vectors --- */

static struct json json_of(const char *text)
{
	struct error err = ERROR_INIT;
	struct json value;

	assert_true(json_check(str_of(text), 2, &value, &err));
	return value;
}

static void known_vectors(void **state)
{
	static const struct {
		const char *floats;
		const char *base64;
		const char *back; /* the shortest; NULL: as it was */
	} cases[] = {
		{ "[1]", "\"AACAPw==\"", NULL },
		{ "[0,-0,1.5]", "\"AAAAAAAAAIAAAMA/\"", "[0,-0,1.5]" },
		{ "[0.1]", "\"zczMPQ==\"", NULL },
		{ "[3.4028235e38]", "\"//9/fw==\"", "[3.4028235e+38]" },
		{ "[1e-45]", "\"AQAAAA==\"", "[1.4013e-45]" },
		{ "[16777217]", "\"AACASw==\"", "[16777216]" },
		/* Halfway between two float32, but for a last digit that a
		 * double has not: rounded twice it would be 1. */
		{ "[1.000000059604644775390626]", "\"AQCAPw==\"",
			"[1.0000001]" },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str text;

		assert_true(embed_vector_to_base64(
			json_of(cases[i].floats), &arena, &text));
		assert_text(text, cases[i].base64);
		assert_true(embed_vector_to_floats(
			json_of(cases[i].base64), &arena, &text));
		assert_text(
			text, cases[i].back ? cases[i].back : cases[i].floats);
	}
	arena_release(&arena);
}

static void any_float_comes_back(void **state)
{
	struct arena arena;
	uint64_t seed = 88172645463325252u;

	(void)state;
	arena_init(&arena, 4096);
	for (int i = 0; i < 50000; i++) {
		char text[64];
		struct str base64, floats, again;
		uint32_t bits;
		float value;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		bits = (uint32_t)(seed >> 20);
		memcpy(&value, &bits, sizeof(value));
		if (!isfinite(value))
			continue;
		snprintf(text, sizeof(text), "[%.17g]", (double)value);
		assert_true(
			embed_vector_to_base64(json_of(text), &arena, &base64));
		snprintf(text, sizeof(text), "%.*s", STR_ARG(base64));
		assert_true(
			embed_vector_to_floats(json_of(text), &arena, &floats));
		snprintf(text, sizeof(text), "%.*s", STR_ARG(floats));
		assert_true(
			embed_vector_to_base64(json_of(text), &arena, &again));
		assert_true(str_equal(base64, again));
		arena_reset(&arena);
	}
	arena_release(&arena);
}

/* An independent sign that the bytes are read in the right order: vectors of
 * these models have length 1. */
static void unit_length(const struct recording *r, void *context)
{
	struct count *count = context;
	struct embed_response response;
	struct error err = ERROR_INIT;
	static char text[1 << 16];
	static float x[4096];

	if (!r->response.p || is_refused(r) ||
		sent_of(r->response) != EMBED_BASE64 ||
		strcmp(r->provider, "perplexity") == 0)
		return;
	assert_true(openai_embed.read_response(
		r->response, EMBED_BASE64, &count->arena, &response, &err));
	for (size_t i = 0; i < response.count; i++) {
		struct str floats;
		double sum = 0;
		size_t n;

		snprintf(text, sizeof(text), "%.*s",
			STR_ARG(response.vectors[i].values[EMBED_BASE64]));
		assert_true(embed_vector_to_floats(
			json_of(text), &count->arena, &floats));
		n = floats_of(floats, x, ARRAY_LEN(x));
		for (size_t k = 0; k < n; k++)
			sum += (double)x[k] * (double)x[k];
		if (fabs(sum - 1) > 0.01)
			fail_msg("%s: length %f", r->name, sum);
		count->responses++;
	}
}

static void recorded_base64_has_unit_length(void **state)
{
	struct count count = { .requests = 0 };

	(void)state;
	visit_files(unit_length, &count);
	assert_true(count.responses >= 10);
}

static void bad_vectors(void **state)
{
	static const char *const lists[] = { "[1e39]", "[\"1\"]", "[null]",
		"[[1]]", "\"AACAPw==\"" };
	static const char *const texts[] = { "\"AACAPw\\u0000\"", "\"AACA\"",
		"\"A\"", "\"AADAfw==\"", "\"AACAfw==\"", "\"\"", "[1]",
		"\"AAC?Pw==\"" };
	struct arena arena;
	struct str text;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (embed_vector_to_base64(json_of(lists[i]), &arena, &text))
			fail_msg("%s: %.*s", lists[i], STR_ARG(text));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (embed_vector_to_floats(json_of(texts[i]), &arena, &text))
			fail_msg("%s: %.*s", texts[i], STR_ARG(text));
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_requests_come_back),
		cmocka_unit_test(recorded_responses_come_back),
		cmocka_unit_test(requests_keep_their_texts),
		cmocka_unit_test(answers_keep_their_vectors),
		cmocka_unit_test(base64_of_bytes_is_not_taken_for_floats),
		cmocka_unit_test(known_vectors),
		cmocka_unit_test(any_float_comes_back),
		cmocka_unit_test(recorded_base64_has_unit_length),
		cmocka_unit_test(bad_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
