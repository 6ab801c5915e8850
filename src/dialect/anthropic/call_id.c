/*
 * call_id.c - the ids that join tool calls and their results.
 *
 * Our format demands them, of letters, digits, '_' and '-' alone. A dialect
 * without ids joins a result to its call by the tool's name, or by its place:
 * the same is done here, and both get an id made of the call's place.
 */
#include "dialect/anthropic/anthropic.h"

static void append_clean(struct str id, struct buf *out);
static bool is_clean(char c);
static uint32_t hash(struct str text);
static const struct chat_message *find_calls(
	const struct chat_request *request, size_t result, size_t *message);
static size_t count_earlier(
	const struct chat_request *request, size_t calls, size_t result);
static bool is_alike(
	const struct chat_message *result, const struct chat_message *other);

void anthropic_append_call_id(const struct chat_request *request,
	size_t message, const struct chat_part *call, struct buf *out)
{
	size_t place = 0;

	if (call->call.id.n > 0) {
		append_clean(call->call.id, out);
		return;
	}
	for (const struct chat_part *part = request->messages[message].parts;
		part != call; part = part->next)
		place += part->kind == CHAT_TOOL_CALL;
	buf_printf(out, "call_%zu_%zu", message, place);
}

/* Another id after cleaning than before must not become a third one's. */
static void append_clean(struct str id, struct buf *out)
{
	bool was_clean = true;

	for (size_t i = 0; i < id.n; i++) {
		was_clean &= is_clean(id.p[i]);
		buf_append_char(out, is_clean(id.p[i]) ? id.p[i] : '_');
	}
	if (!was_clean)
		buf_printf(out, "_%08" PRIx32, hash(id));
}

static bool is_clean(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* FNV-1a */
static uint32_t hash(struct str text)
{
	uint32_t value = 2166136261U;

	for (size_t i = 0; i < text.n; i++)
		value = (value ^ (unsigned char)text.p[i]) * 16777619U;
	return value;
}

bool anthropic_append_result_id(
	const struct chat_request *request, size_t result, struct buf *out)
{
	const struct chat_message *wanted = &request->messages[result];
	const struct chat_message *calls;
	size_t message, left;

	if (wanted->tool_call_id.n > 0) {
		append_clean(wanted->tool_call_id, out);
		return true;
	}
	calls = find_calls(request, result, &message);
	left = calls ? count_earlier(request, message, result) : 0;
	for (const struct chat_part *part = calls ? calls->parts : NULL; part;
		part = part->next) {
		if (part->kind != CHAT_TOOL_CALL ||
			(wanted->name.n > 0 &&
				!str_equal(part->call.name, wanted->name)))
			continue;
		if (left > 0) {
			left--;
			continue;
		}
		anthropic_append_call_id(request, message, part, out);
		return true;
	}
	return false;
}

/* The last message before the result that calls tools. */
static const struct chat_message *find_calls(
	const struct chat_request *request, size_t result, size_t *message)
{
	for (*message = result; (*message)-- > 0;)
		for (const struct chat_part *part =
				request->messages[*message].parts;
			part; part = part->next)
			if (part->kind == CHAT_TOOL_CALL)
				return &request->messages[*message];
	return NULL;
}

/* How many calls that this result could answer are answered already. */
static size_t count_earlier(
	const struct chat_request *request, size_t calls, size_t result)
{
	size_t count = 0;

	for (size_t i = calls + 1; i < result; i++)
		count += is_alike(
			&request->messages[result], &request->messages[i]);
	return count;
}

static bool is_alike(
	const struct chat_message *result, const struct chat_message *other)
{
	return (other->role == CHAT_TOOL || other->role == CHAT_FUNCTION) &&
	       other->tool_call_id.n == 0 &&
	       str_equal(other->name, result->name);
}
