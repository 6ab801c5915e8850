/*
 * parse.c - the second stage: read what the gateway must know of the body.
 */
#include "gateway/stages.h"

static bool is_json(struct str content_type);
static bool force_stream(struct call *call);

enum verdict parse(struct call *call)
{
	struct str body = buf_str(&call->x->body);

	if (!is_json(call->x->content_type)) {
		error_refuse(&call->error, ERR_CONTENT_TYPE, NULL,
			"The Content-Type is '%.*s'; send the body as "
			"application/json.",
			STR_ARG(str_head(call->x->content_type, 100)));
		return FAILED;
	}
	if (body.n == 0) {
		error_refuse(&call->error, ERR_BAD_JSON, NULL,
			"The request has no body; send a JSON object.");
		return FAILED;
	}
	if (!call->dialect->read_head(
		    body, call->arena, &call->head, &call->error))
		return FAILED;
	if (call->url_model.n > 0) {
		/* Where the address names the model, it also says this. */
		call->head.model = call->url_model;
		call->head.stream = call->form == STREAM_ALWAYS;
	} else if (call->form != STREAM_AS_ASKED && !force_stream(call)) {
		return FAILED;
	}
	/* The record names them when the body is gone. */
	call->head.model = arena_copy(call->arena, call->head.model);
	call->head.user = arena_copy(call->arena, call->head.user);
	return GO_ON;
}

/* Clients that send none mean JSON as well. */
static bool is_json(struct str content_type)
{
	struct str type =
		str_trim(str_head(content_type, str_index(content_type, ';')));

	return type.n == 0 || str_equal_nocase(type, S("application/json")) ||
	       (str_starts(type, S("application/")) &&
		       str_ends(type, S("+json")));
}

/* The short forms of the route decide: the `stream` member is made to fit. */
static bool force_stream(struct call *call)
{
	bool stream = call->form == STREAM_ALWAYS;
	struct str body = call->head.body;
	struct json old = json_find(call->head.root, S("stream"));
	struct splice_edit edit = { .insert = stream ? S("true") : S("false") };
	struct splice splice;

	if (call->head.stream == stream)
		return true;
	if (old.type != JSON_TYPE_NONE) {
		edit.at = (size_t)(old.text.p - body.p);
		edit.remove = old.text.n;
	} else {
		edit.at = (size_t)(call->head.root.text.p - body.p) + 1;
		edit.insert =
			stream ? S("\"stream\":true,") : S("\"stream\":false,");
	}
	splice_make(&splice, body, &edit, 1);
	return call->dialect->read_head(splice_join(&splice, call->arena),
		call->arena, &call->head, &call->error);
}
