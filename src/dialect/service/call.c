/*
 * call.c - one call to a service: spliced where the client's format is
 * the provider's, else translated, there and back.
 */
#include "dialect/service/service.h"

#include "dialect/embed/embed.h"
#include "dialect/service/multipart.h"
#include "dialect/service/rerank.h"

static void write_path(struct service_call *call, struct str model,
	const struct service_input *input, struct arena *arena);
static bool translate_embed(struct service_call *call,
	const struct chat_head *head, struct str model, struct arena *arena,
	struct chat_losses *losses, struct buf *out, struct error *err);
static bool translate_rerank(struct service_call *call,
	const struct chat_head *head, struct str model, struct arena *arena,
	struct chat_losses *losses, struct buf *out, struct error *err);
static bool answer_embed(const struct service_call *call, struct str reply,
	struct str request_id, struct arena *arena, struct buf *out,
	struct error *err);
static bool answer_rerank(const struct service_call *call, struct str reply,
	struct str request_id, struct arena *arena, struct buf *out,
	struct error *err);
static bool answer_base64(const struct service_call *call, struct str reply,
	struct arena *arena, struct buf *out, struct error *err);
static struct buf *new_buf(struct arena *arena, size_t max_bytes);
static void release_buf(void *buf);
static bool take_text(const struct buf *text, enum error_kind too_large,
	struct splice *out, struct error *err);

bool service_call_make(struct service_call *out,
	const struct service_format *client,
	const struct service_format *provider, const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct chat_losses *losses,
	struct error *err)
{
	struct buf *body;

	assert(client->service == provider->service);
	*out = (struct service_call){
		.client = client,
		.provider = provider,
		.input = input,
		.content_type = S("application/json"),
		.request_bytes = head->body.n,
	};
	if (client == provider) {
		if (multipart_is_form(input->content_type))
			out->content_type = input->content_type;
		write_path(out, upstream_model, input, arena);
		provider->splice_request(head, input, upstream_model, ask_usage,
			arena, &out->body);
		return true;
	}
	/* A text may grow by its escapes, an item by what each repeats. */
	body = new_buf(arena,
		head->body.n * 6 + (size_t)(input->item_count + 1) *
					   (upstream_model.n * 6 + 1024));
	return (client->embed ? translate_embed(out, head, upstream_model,
					arena, losses, body, err)
			      : translate_rerank(out, head, upstream_model,
					arena, losses, body, err)) &&
	       take_text(body, ERR_TOO_LARGE, &out->body, err);
}

static void write_path(struct service_call *call, struct str model,
	const struct service_input *input, struct arena *arena)
{
	struct buf path = BUF_INIT(model.n * 3 + 64);

	if (call->provider->path) {
		call->path = str_of(call->provider->path);
		return;
	}
	call->provider->write_path(model, input, &path);
	call->path = arena_copy(arena, buf_str(&path));
	buf_release(&path);
}

static bool translate_embed(struct service_call *call,
	const struct chat_head *head, struct str model, struct arena *arena,
	struct chat_losses *losses, struct buf *out, struct error *err)
{
	const struct embed_format *to = call->provider->embed;
	struct embed_request *asked = ARENA_NEW(arena, struct embed_request);
	struct service_input sent = { .member = S("") };
	struct embed_request request;

	if (!call->client->embed->read_request(head, arena, asked, err) ||
		!embed_losses_find(asked, to, losses, err))
		return false;
	asked->model = head->model.n > 0 ? head->model : model;
	call->embed = asked;
	request = *asked;
	request.model = model;
	to->write_request(&request, out);
	sent.is_list = asked->is_list;
	write_path(call, model, &sent, arena);
	return true;
}

static bool translate_rerank(struct service_call *call,
	const struct chat_head *head, struct str model, struct arena *arena,
	struct chat_losses *losses, struct buf *out, struct error *err)
{
	struct rerank_request *asked = ARENA_NEW(arena, struct rerank_request);
	struct rerank_request request;

	if (!rerank_read_request(call->client->rerank, head, arena, asked, err))
		return false;
	asked->model = head->model.n > 0 ? head->model : model;
	call->rerank = asked;
	request = *asked;
	request.model = model;
	write_path(call, model, call->input, arena);
	return rerank_write_request(
		&request, call->provider->rerank, losses, out, err);
}

bool service_call_answer(const struct service_call *call, struct str reply,
	struct str request_id, struct arena *arena, struct splice *out,
	struct error *err)
{
	/* Around a short vector there is more than in it. */
	struct buf *text =
		new_buf(arena, reply.n * 32 + call->request_bytes * 6 + 4096);

	if (call->embed) {
		if (!answer_embed(call, reply, request_id, arena, text, err))
			return false;
	} else if (call->rerank) {
		if (!answer_rerank(call, reply, request_id, arena, text, err))
			return false;
	} else if (!call->input->wants_base64 ||
		   !answer_base64(call, reply, arena, text, err)) {
		splice_make(out, reply, NULL, 0);
		return true;
	}
	return take_text(text, ERR_UPSTREAM_TOO_LARGE, out, err);
}

static bool answer_embed(const struct service_call *call, struct str reply,
	struct str request_id, struct arena *arena, struct buf *out,
	struct error *err)
{
	const struct embed_format *from = call->provider->embed;
	struct embed_response response;

	if (!from->read_response(reply, embed_type_sent(call->embed, from),
		    arena, &response, err) ||
		!embed_response_fit(&response, call->embed, arena, err))
		return false;
	if (!response.id.p)
		response.id = request_id;
	call->client->embed->write_response(&response, call->embed, out);
	return true;
}

static bool answer_rerank(const struct service_call *call, struct str reply,
	struct str request_id, struct arena *arena, struct buf *out,
	struct error *err)
{
	struct rerank_response response;

	if (!rerank_read_response(
		    call->provider->rerank, reply, arena, &response, err))
		return false;
	if (!response.id.p)
		response.id = request_id;
	return rerank_write_response(&response, call->rerank, out, err);
}

/* False: there is nothing to be changed, or no way to do it. */
static bool answer_base64(const struct service_call *call, struct str reply,
	struct arena *arena, struct buf *out, struct error *err)
{
	const struct embed_format *format = call->provider->embed;
	struct embed_response response;
	struct embed_request asked;

	if (!format->read_response(
		    reply, EMBED_BASE64, arena, &response, err) ||
		response.count == 0 ||
		!response.vectors[0].values[EMBED_FLOAT].p)
		return false;
	embed_request_init(&asked, format);
	asked.types = EMBED_TYPE(EMBED_BASE64);
	asked.input_count = response.count;
	if (!embed_response_fit(&response, &asked, arena, err))
		return false;
	format->write_response(&response, &asked, out);
	return true;
}

static struct buf *new_buf(struct arena *arena, size_t max_bytes)
{
	struct buf *buf = ARENA_NEW(arena, struct buf);

	buf_init(buf, max_bytes);
	arena_defer(arena, release_buf, buf);
	return buf;
}

static void release_buf(void *buf)
{
	buf_release(buf);
}

static bool take_text(const struct buf *text, enum error_kind too_large,
	struct splice *out, struct error *err)
{
	if (text->failed)
		return error_set(err, too_large,
			"a translated body does not fit %zu bytes", text->max);
	splice_make(out, buf_str(text), NULL, 0);
	return true;
}
