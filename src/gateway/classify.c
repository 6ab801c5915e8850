/*
 * classify.c - the stage that looks at what is asked: whether a name or the
 * router says who answers, and how hard the request is, where that decides.
 *
 * A request that we cannot read, the provider may: it counts as medium.
 */
#include "gateway/routing.h"

#include "base/clock.h"

/* More than this of a text the classifier does not look at. */
#define TEXT_MAX_BYTES 16384

static bool is_short(const struct call *call);
static void run(struct call *call);
static struct prompt prompt_of(struct call *call);
static const struct chat_message *last_of_user(
	const struct chat_request *request);
static struct str text_of(
	struct call *call, const struct chat_message *message);
static struct str context_of(
	struct call *call, const struct chat_message *last);
static void append_texts(const struct chat_message *message, struct buf *out);
static size_t count_images(const struct chat_request *request);

enum verdict classify(struct call *call)
{
	if (!route_resolve(call))
		return FAILED;
	if (!call->is_classified &&
		(call->is_dry_run || route_needs_class(call) || is_short(call)))
		run(call);
	return GO_ON;
}

/* Where it is told and nothing else, it must cost next to nothing. */
static bool is_short(const struct call *call)
{
	return (int64_t)call->request_bytes <=
		       call->gateway->settings->routing_classify_bytes &&
	       call->gateway->classifier && !call->is_count;
}

static void run(struct call *call)
{
	struct prompt prompt;
	struct error ignored;

	call->classification = (struct classification){
		.score = 0.5,
		.complexity = COMPLEXITY_MEDIUM,
		.task = "other",
	};
	call->is_classified = true;
	if (!call->gateway->classifier ||
		!translate_read_request(call, &ignored))
		return;
	prompt = prompt_of(call);
	classifier_run(
		call->gateway->classifier, &prompt, &call->classification);
}

static struct prompt prompt_of(struct call *call)
{
	const struct chat_request *request = call->request;
	const struct chat_message *last = last_of_user(request);
	struct prompt prompt = {
		.text = last ? text_of(call, last) : S(""),
		.context = context_of(call, last),
		.tools = request->tool_count,
		.images = count_images(request),
		.wants_json = request->format.kind == CHAT_FORMAT_JSON ||
			      request->format.kind == CHAT_FORMAT_SCHEMA,
		.max_tokens = call->head.max_tokens,
	};

	for (size_t i = 0; i < request->message_count; i++)
		prompt.turns += request->messages[i].role == CHAT_USER;
	return prompt;
}

static const struct chat_message *last_of_user(
	const struct chat_request *request)
{
	for (size_t i = request->message_count; i-- > 0;)
		if (request->messages[i].role == CHAT_USER)
			return &request->messages[i];
	return NULL;
}

/* As a rule it is one text, which is not copied. */
static struct str text_of(struct call *call, const struct chat_message *message)
{
	const struct chat_part *part = message->parts;
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);
	struct str copy;

	if (part && part->kind == CHAT_TEXT && !part->next)
		return part->text;
	append_texts(message, &text);
	copy = arena_copy(call->arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

/* What was said before: the instructions first, for they come first. */
static struct str context_of(struct call *call, const struct chat_message *last)
{
	const struct chat_request *request = call->request;
	struct buf text = BUF_INIT(TEXT_MAX_BYTES);
	struct str copy;

	for (size_t i = 0; i < request->message_count; i++)
		if (&request->messages[i] != last)
			append_texts(&request->messages[i], &text);
	copy = arena_copy(call->arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

/* As much of them as there is room for. */
static void append_texts(const struct chat_message *message, struct buf *out)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		size_t room = out->max - out->n;

		if (part->kind != CHAT_TEXT || !part->text.p || room < 2)
			continue;
		buf_append(out, str_head(part->text, room - 1));
		buf_append_char(out, '\n');
	}
}

static size_t count_images(const struct chat_request *request)
{
	size_t count = 0;

	for (size_t i = 0; i < request->message_count; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next)
			count += part->kind == CHAT_IMAGE;
	return count;
}
