/*
 * capture.c - the stage that begins to keep a call, and the closing step that
 * seals what was kept.
 *
 * A streamed answer is kept as the whole answer that it was: text that is cut
 * into events cannot be redacted, and nobody likes to read it.
 */
#include "gateway/capture.h"

#include "base/json.h"
#include "base/log.h"
#include "dialect/gather.h"
#include "ledger/redact.h"
#include "ledger/request_contents.h"

#define MAX_HEADERS_BYTES 8192
#define MAX_HEADER_VALUE_BYTES 512
#define MAX_NAME_BYTES 64

struct capture {
	struct capture_policy policy;
	struct buf request; /* the first bytes of its body */
	bool request_is_cut;
	struct http_copy answer;
};

/* One direction. */
struct side {
	struct str headers; /* JSON object */
	struct str body;
	enum contents_body kept; /* how */
};

static void release(void *thing);
static struct str request_headers(
	struct call *call, const struct capture_policy *policy);
static struct str answer_headers_of(struct call *call);
static void add_header(struct json_writer *w,
	const struct capture_policy *policy, struct str name, struct str value);
static bool param_name(struct str param, char name[MAX_NAME_BYTES]);
static bool is_harmless(struct str name);
static void redact_body(struct call *call, struct side *side);
static void gather_answer(struct call *call, struct side *side);
static struct str seal(struct call *call, const char *direction,
	const struct side *side, struct error *err);

enum verdict capture(struct call *call)
{
	const struct capture_policy *policy = &call->key->capture;
	struct str body = buf_str(&call->x->body);
	struct capture *capture;
	size_t max = 0;

	/* A stage before a look at the database runs again after it. */
	if (policy->mode == CAPTURE_OFF || call->capture)
		return GO_ON;
	if (policy->mode == CAPTURE_FULL)
		max = (size_t)policy->max_bytes;
	capture = ARENA_NEW(call->arena, struct capture);
	capture->policy = *policy;
	buf_init(&capture->request, max);
	buf_append(&capture->request, str_head(body, max));
	capture->request_is_cut = body.n > max;
	buf_init(&capture->answer.head, MAX_HEADERS_BYTES);
	buf_init(&capture->answer.body, max);
	call->capture = capture;
	call->x->copy = &capture->answer;
	arena_defer(call->arena, release, capture);
	return GO_ON;
}

static void release(void *thing)
{
	struct capture *capture = thing;

	buf_release(&capture->request);
	buf_release(&capture->answer.head);
	buf_release(&capture->answer.body);
}

void capture_record(struct call *call, struct usage_record *usage)
{
	struct capture *capture = call->capture;
	struct side request, answer;
	struct error err;

	if (!capture)
		return;
	request = (struct side){
		.headers = request_headers(call, &capture->policy),
		.body = buf_str(&capture->request),
		.kept = capture->request_is_cut ? CONTENTS_CUT : CONTENTS_WHOLE,
	};
	answer = (struct side){
		.headers = answer_headers_of(call),
		.body = buf_str(&capture->answer.body),
		.kept = capture->answer.is_cut ? CONTENTS_CUT : CONTENTS_WHOLE,
	};
	if (capture->policy.mode == CAPTURE_METADATA) {
		request.kept = answer.kept = CONTENTS_NONE;
	} else {
		gather_answer(call, &answer);
		if (capture->policy.is_redacted) {
			redact_body(call, &request);
			redact_body(call, &answer);
		}
	}
	usage->sealed_request = seal(call, "request", &request, &err);
	usage->sealed_response = seal(call, "response", &answer, &err);
	usage->contents_redacted = capture->policy.is_redacted;
	usage->contents_cut = capture->request_is_cut || capture->answer.is_cut;
	if (usage->sealed_request.n > 0 && usage->sealed_response.n > 0)
		return;
	/* Both or none. */
	usage->sealed_request = usage->sealed_response = S("");
	log_error("%s: its bodies are not kept: %s", call->request_id,
		error_detail(&err));
}

/* As the web server tells them: HTTP_USER_AGENT and CONTENT_TYPE. */
static struct str request_headers(
	struct call *call, const struct capture_policy *policy)
{
	const struct http_exchange *x = call->x;
	struct buf json = BUF_INIT(MAX_HEADERS_BYTES);
	struct json_writer w;
	struct str text;

	json_writer_init(&w, &json);
	json_begin_object(&w);
	for (size_t i = 0; i < x->param_count; i++) {
		char name[MAX_NAME_BYTES];

		if (param_name(x->params[i].name, name))
			add_header(
				&w, policy, str_of(name), x->params[i].value);
	}
	json_end_object(&w);
	text = json.failed ? S("{}") : arena_copy(call->arena, buf_str(&json));
	buf_release(&json);
	return text;
}

static struct str answer_headers_of(struct call *call)
{
	const struct capture *capture = call->capture;
	struct str head = buf_str(&capture->answer.head);
	struct buf json = BUF_INIT(2 * MAX_HEADERS_BYTES);
	struct json_writer w;
	struct str line, text;

	json_writer_init(&w, &json);
	json_begin_object(&w);
	while (str_next_field(&head, '\n', &line)) {
		size_t colon = str_index(line, ':');
		char name[MAX_NAME_BYTES];

		if (colon < line.n && colon < sizeof(name)) {
			for (size_t i = 0; i < colon; i++)
				name[i] =
					(char)tolower((unsigned char)line.p[i]);
			name[colon] = '\0';
			add_header(&w, &capture->policy, str_of(name),
				str_trim(str_from(line, colon + 1)));
		}
	}
	json_end_object(&w);
	text = json.failed ? S("{}") : arena_copy(call->arena, buf_str(&json));
	buf_release(&json);
	return text;
}

static void add_header(struct json_writer *w,
	const struct capture_policy *policy, struct str name, struct str value)
{
	struct buf redacted = BUF_INIT(4 * MAX_HEADER_VALUE_BYTES);
	char text[MAX_NAME_BYTES];

	if (!is_harmless(name) || value.n == 0)
		return;
	value = str_head(value, MAX_HEADER_VALUE_BYTES);
	if (policy->is_redacted) {
		redact_text(value, &redacted);
		value = buf_str(&redacted);
	}
	snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
	json_member_str(w, text, value);
	buf_release(&redacted);
}

/* "user-agent" of HTTP_USER_AGENT; false: the parameter is no header. */
static bool param_name(struct str param, char name[MAX_NAME_BYTES])
{
	size_t i;

	if (str_starts(param, S("HTTP_")))
		param = str_from(param, 5);
	else if (!str_starts(param, S("CONTENT_")))
		return false;
	if (param.n >= MAX_NAME_BYTES)
		return false;
	for (i = 0; i < param.n; i++)
		name[i] = param.p[i] == '_'
				  ? '-'
				  : (char)tolower((unsigned char)param.p[i]);
	name[i] = '\0';
	return true;
}

/* Those that are known to hold no secret; any other may be one. */
static bool is_harmless(struct str name)
{
	static const struct str names[] = { STR("accept"),
		STR("accept-encoding"), STR("accept-language"),
		STR("cache-control"), STR("content-encoding"),
		STR("content-length"), STR("content-type"),
		STR("idempotency-key"), STR("origin"), STR("request-id"),
		STR("retry-after"), STR("status"), STR("traceparent"),
		STR("user-agent"), STR("vary"), STR("www-authenticate"),
		STR("x-request-id") };
	static const struct str beginnings[] = { STR("access-control-"),
		STR("anthropic-"), STR("openai-"), STR("x-gateway-"),
		STR("x-ratelimit-"), STR("x-stainless-") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_equal(name, names[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++)
		if (str_starts(name, beginnings[i]))
			return true;
	return false;
}

/* What cannot be read as JSON cannot be redacted: it is not kept. */
static void redact_body(struct call *call, struct side *side)
{
	struct buf out = BUF_INIT(2 * CAPTURE_MAX_BYTES);

	if (side->body.n > 0 && redact_json(side->body, call->arena, &out) &&
		!out.failed && out.n <= CAPTURE_MAX_BYTES) {
		side->body = arena_copy(call->arena, buf_str(&out));
	} else if (side->body.n > 0) {
		side->body = S("");
		side->kept = CONTENTS_WITHHELD;
	}
	buf_release(&out);
}

/* A stream of a chat that came to its end becomes a whole answer. */
static void gather_answer(struct call *call, struct side *side)
{
	struct error error = call->error;
	struct buf out = BUF_INIT(CAPTURE_MAX_BYTES);
	struct chat_response response;

	if (!call->head.stream || call->service || !call->complete ||
		!call->target || side->kept != CONTENTS_WHOLE)
		return;
	if (gather_stream(call->dialect,
		    call->as_array ? FRAMING_JSON_ARRAY
				   : call->dialect->framing,
		    side->body, call->arena, &response, &call->error) &&
		translate_response(call, &response, &out)) {
		side->body = arena_copy(call->arena, buf_str(&out));
		side->kept = CONTENTS_GATHERED;
	}
	call->error = error;
	buf_release(&out);
}

/* In the arena; "" with *err set when it cannot be sealed. */
static struct str seal(struct call *call, const char *direction,
	const struct side *side, struct error *err)
{
	struct buf plain = BUF_INIT(CAPTURE_MAX_BYTES + 2 * MAX_HEADERS_BYTES);
	struct buf sealed = BUF_INIT(plain.max + VAULT_OVERHEAD_BYTES);
	struct str blob = S("");

	contents_write(side->headers, side->kept, side->body, &plain);
	if (plain.failed)
		error_set(err, ERR_INTERNAL, "its %s is too large", direction);
	else if (vault_seal(call->gateway->vault,
			 contents_context(
				 call->arena, direction, call->request_id),
			 buf_str(&plain), &sealed, err))
		blob = arena_copy(call->arena, buf_str(&sealed));
	vault_wipe(&plain);
	buf_release(&sealed);
	return blob;
}
