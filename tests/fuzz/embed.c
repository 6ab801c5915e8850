/*
 * embed/embed.c - any bytes as a request for embeddings or a reranking, and as
 * an answer, in every format.
 *
 * A request that is accepted goes out with the new model and reads the same
 * the second time. What passes through the inner form comes back with the same
 * inputs, vectors or scores; written in any other format it is valid and reads
 * the same there.
 */
#include "dialect/embed/embed.h"
#include "dialect/losses.h"
#include "dialect/service/rerank.h"

#define MAX_BYTES (64u << 20)
#define MODEL "a/\"new\"\n-model"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "openai", "voyage", "gemini", "cohere",
	"ollama" };

static void try_request(const struct service_format *format, struct str body);
static void try_splice(const struct service_format *format,
	const struct chat_head *head, const struct service_input *input,
	struct arena *arena);
static void try_embed(const struct service_format *from,
	const struct embed_request *request, struct arena *arena);
static void assert_same_request(
	const struct embed_request *a, const struct embed_request *b);
static void try_rerank(const struct rerank_format *from,
	const struct rerank_request *request, struct arena *arena);
static void try_reply(const struct service_format *format, struct str body);
static void try_vectors(const struct embed_format *format, enum embed_type sent,
	struct str body, struct arena *arena);
static void try_answer(const struct embed_response *response,
	const struct embed_format *to, unsigned types, struct arena *arena);
static void try_scores(const struct rerank_format *format, struct str body,
	struct arena *arena);
static struct str value_of(const struct embed_vector *vector);
static void assert_valid(struct str text);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum service services[] = { SERVICE_EMBEDDINGS,
		SERVICE_RERANK };
	struct str body = { (const char *)data, size };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < ARRAY_LEN(services); k++) {
			const struct service_format *format =
				service_format_find(
					str_of(names[i]), services[k]);

			if (!format)
				continue;
			try_request(format, body);
			try_reply(format, body);
		}
	return 0;
}

static void try_request(const struct service_format *format, struct str body)
{
	struct error err = ERROR_INIT;
	struct service_input input;
	struct rerank_request rerank;
	struct embed_request embed;
	struct chat_head head;
	struct arena arena;

	arena_init(&arena, 4096);
	if (format->read_head(S(""), body, &arena, &head, &input, &err)) {
		assert(input.member.n > 0 && input.item_count >= 0);
		assert(head.prompt_bytes >= 0);
		try_splice(format, &head, &input, &arena);
		if (format->embed && format->embed->read_request(
					     &head, &arena, &embed, &err))
			try_embed(format, &embed, &arena);
		if (format->rerank && rerank_read_request(format->rerank, &head,
					      &arena, &rerank, &err))
			try_rerank(format->rerank, &rerank, &arena);
	}
	assert(err.kind == ERR_NONE || error_http_status(&err) == 400);
	arena_release(&arena);
}

static void try_splice(const struct service_format *format,
	const struct chat_head *head, const struct service_input *input,
	struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct service_input input_again;
	struct chat_head again;
	struct splice splice;
	struct str joined;
	bool ok;

	format->splice_request(head, input, S(MODEL), false, arena, &splice);
	joined = splice_join(&splice, arena);
	ok = format->read_head(
		S(""), joined, arena, &again, &input_again, &err);
	assert(ok);
	assert(again.prompt_bytes == head->prompt_bytes);
	assert(input_again.item_count == input->item_count);
	format->splice_request(
		&again, &input_again, S(MODEL), false, arena, &splice);
	assert(str_equal(splice_join(&splice, arena), joined));
}

static void try_embed(const struct service_format *from,
	const struct embed_request *request, struct arena *arena)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct service_format *to = service_format_find(
			str_of(names[i]), SERVICE_EMBEDDINGS);
		struct buf out = BUF_INIT(MAX_BYTES);
		struct error err = ERROR_INIT;
		struct chat_losses losses;
		struct service_input input;
		struct embed_request again;
		struct chat_head head;
		bool ok = true;

		chat_losses_init(&losses, NULL);
		if (to != from)
			ok = embed_losses_find(
				request, to->embed, &losses, &err);
		if (ok) {
			to->embed->write_request(request, &out);
			assert(!out.failed);
			ok = to->read_head(S(""), buf_str(&out), arena, &head,
				     &input, &err) &&
			     to->embed->read_request(
				     &head, arena, &again, &err);
			assert(ok);
			assert_same_request(request, &again);
		} else {
			assert(err.param[0]);
		}
		chat_losses_release(&losses);
		buf_release(&out);
	}
}

static void assert_same_request(
	const struct embed_request *a, const struct embed_request *b)
{
	assert(a->input_count == b->input_count);
	assert(a->dimensions == b->dimensions);
	for (size_t i = 0; i < a->input_count; i++) {
		assert(!a->inputs[i].text.p == !b->inputs[i].text.p);
		assert(str_equal(a->inputs[i].text, b->inputs[i].text));
		if (a->format == b->format)
			assert(str_equal(a->inputs[i].json, b->inputs[i].json));
	}
	if (a->format != b->format)
		return;
	assert(a->is_list == b->is_list && a->purpose == b->purpose);
	assert(a->types == b->types && a->truncate == b->truncate);
	assert(str_equal(a->member, b->member));
	assert(str_equal(a->user, b->user));
}

static void try_rerank(const struct rerank_format *from,
	const struct rerank_request *request, struct arena *arena)
{
	static const struct rerank_format *const formats[] = { &openai_rerank,
		&cohere_rerank, &voyage_rerank };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct buf out = BUF_INIT(MAX_BYTES);
		struct error err = ERROR_INIT;
		struct chat_losses losses;
		struct rerank_request again;
		struct chat_head head;
		bool ok;

		chat_losses_init(&losses, NULL);
		ok = rerank_write_request(
			request, formats[i], &losses, &out, &err);
		assert(ok || (formats[i] != from && err.param[0]));
		if (ok) {
			head.body = buf_str(&out);
			ok = json_check(head.body, JSON_MAX_DEPTH, &head.root,
				     &err) &&
			     rerank_read_request(
				     formats[i], &head, arena, &again, &err);
			assert(ok);
			assert(str_equal(again.query, request->query));
			assert(again.top_n == request->top_n);
			assert(again.document_count == request->document_count);
			for (size_t k = 0; k < again.document_count; k++)
				assert(str_equal(again.documents[k].text,
					request->documents[k].text));
		}
		chat_losses_release(&losses);
		buf_release(&out);
	}
}

static void try_reply(const struct service_format *format, struct str body)
{
	const struct service_input input = { .characters = -1 };
	struct error err = ERROR_INIT;
	struct service_usage usage;
	struct chat_facts facts;
	struct arena arena;

	arena_init(&arena, 4096);
	chat_facts_init(&facts);
	service_usage_init(&usage);
	if (!format->read_reply(S("application/json"), body, &input, &arena,
		    &facts, &usage, &err))
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
	if (format->embed)
		for (int sent = 0; sent < EMBED_TYPES; sent++)
			try_vectors(format->embed, (enum embed_type)sent, body,
				&arena);
	else
		try_scores(format->rerank, body, &arena);
	arena_release(&arena);
}

static void try_vectors(const struct embed_format *format, enum embed_type sent,
	struct str body, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct embed_response response;

	if (!format->read_response(body, sent, arena, &response, &err)) {
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
		return;
	}
	assert(response.prompt_tokens >= -1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (int type = 0; type < EMBED_TYPES; type++) {
			const struct embed_format *to = service_format_find(
				str_of(names[i]), SERVICE_EMBEDDINGS)
								->embed;
			/* Whoever has no such type never asked for it. */
			bool may_ask = type == EMBED_FLOAT ||
				       to == &cohere_embed ||
				       (to->types & EMBED_TYPE(type));

			if (may_ask)
				try_answer(
					&response, to, EMBED_TYPE(type), arena);
		}
}

static void try_answer(const struct embed_response *response,
	const struct embed_format *to, unsigned types, struct arena *arena)
{
	struct embed_response copy = *response, again;
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct embed_request asked;
	bool ok;

	embed_request_init(&asked, to);
	asked.model = S("asked");
	asked.is_list = true;
	asked.types = types;
	asked.input_count = response->count;
	asked.inputs =
		ARENA_ARRAY(arena, struct embed_input, asked.input_count);
	if (!embed_response_fit(&copy, &asked, arena, &err)) {
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
		return;
	}
	to->write_response(&copy, &asked, &out);
	assert(!out.failed);
	assert_valid(buf_str(&out));
	ok = to->read_response(buf_str(&out), embed_type_sent(&asked, to),
		arena, &again, &err);
	assert(ok || (to == &cohere_embed && response->count == 0));
	for (size_t i = 0; ok && i < again.count; i++)
		assert(value_of(&again.vectors[i]).n > 0);
	assert(!ok || again.count == response->count);
	buf_release(&out);
}

static struct str value_of(const struct embed_vector *vector)
{
	for (int i = 0; i < EMBED_TYPES; i++)
		if (vector->values[i].p)
			return vector->values[i];
	return S("");
}

static void try_scores(const struct rerank_format *format, struct str body,
	struct arena *arena)
{
	static const struct rerank_format *const formats[] = { &openai_rerank,
		&cohere_rerank, &voyage_rerank };
	struct rerank_request asked = {
		.document_count = 3,
		.documents = ARENA_ARRAY(arena, struct rerank_document, 3),
		.return_documents = CHAT_YES,
	};
	struct rerank_response response, again;
	struct error err = ERROR_INIT;

	if (!rerank_read_response(format, body, arena, &response, &err)) {
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct buf out = BUF_INIT(MAX_BYTES);
		bool ok;

		asked.format = formats[i];
		if (rerank_write_response(&response, &asked, &out, &err)) {
			assert(!out.failed);
			ok = rerank_read_response(
				formats[i], buf_str(&out), arena, &again, &err);
			assert(ok && again.count == response.count);
		} else {
			assert(err.kind == ERR_UPSTREAM_GARBAGE);
		}
		buf_release(&out);
	}
}

static void assert_valid(struct str text)
{
	struct error err = ERROR_INIT;
	struct json value;
	bool ok = json_check(text, JSON_DEPTH_LIMIT, &value, &err);

	assert(ok);
}
