/*
 * call_service.c - calls for something else than a chat: embeddings,
 * rerankings, completions, moderations, images, speech.
 *
 * They take the same way as a chat. What differs is here: the reading of the
 * request, what goes to the provider, and what the client gets of the answer.
 */
#include "gateway/stages.h"

static bool is_same_format(const struct call *call);

enum verdict parse_service(struct call *call)
{
	struct http_exchange *x = call->x;
	struct str type =
		x->content_type.n ? x->content_type : S("application/json");

	if (!call->service->read_head(type, buf_str(&x->body), call->arena,
		    &call->head, &call->service_input, &call->error))
		return FAILED;
	if (call->url_model.n > 0)
		call->head.model = call->url_model;
	call->head.model = arena_copy(call->arena, call->head.model);
	call->head.user = arena_copy(call->arena, call->head.user);
	return GO_ON;
}

bool call_service_write_body(struct call *call)
{
	const struct provider *provider = call->target->provider;
	const struct service_format *format = service_find(
		provider_first_dialect(provider), call->service->service);

	if (!format)
		return error_refuse(&call->error, ERR_UNSUPPORTED, "model",
			"The provider '%.*s' has no %s.",
			STR_ARG(provider->name),
			service_name(call->service->service));
	chat_losses_release(&call->losses);
	chat_losses_init(&call->losses, call->dialect);
	service_usage_init(&call->service_usage);
	if (!service_call_make(&call->service_call, call->service, format,
		    &call->head, &call->service_input,
		    call->target->upstream_name,
		    provider->quirks.stream_usage == STREAM_USAGE_ASK,
		    call->arena, &call->losses, &call->error) ||
		!call_check_losses(call))
		return false;
	/* Errors and headers follow the format. */
	call->upstream_dialect = is_same_format(call)
					 ? call->dialect
					 : provider_dialect_for(provider, NULL);
	call->upstream_body = call->service_call.body;
	return true;
}

static bool is_same_format(const struct call *call)
{
	return call->service_call.client == call->service_call.provider;
}

bool call_service_read_frame(struct call *call, const struct frame *frame)
{
	const struct service_format *format = call->service_call.provider;

	if (format->read_frame)
		return format->read_frame(frame, &call->facts,
			&call->service_usage, call->arena, &call->error);
	/* Sound and transcripts: nothing in them is ours to understand. */
	call->facts.frame = FRAME_OTHER;
	return true;
}

bool call_service_ends_unmarked(const struct call *call)
{
	return call->service && !call->service_call.provider->read_frame;
}

bool call_service_read_reply(struct call *call, struct splice *out)
{
	struct str type = upstream_header(call->upstream, S("content-type"));
	struct str body = buf_str(&call->reply);

	if (!call->service_call.provider->read_reply(type, body,
		    &call->service_input, call->arena, &call->facts,
		    &call->service_usage, &call->error) ||
		!service_call_answer(&call->service_call, body,
			str_of(call->request_id), call->arena, out,
			&call->error))
		return false;
	for (unsigned i = 0; i < out->count; i++)
		cache_collect(call, out->pieces[i]);
	return true;
}
