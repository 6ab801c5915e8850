/*
 * call_id.c - ids for calls and results that need another one.
 *
 * Here an id has up to 64 letters, digits, hyphens and underscores. One that
 * has not is replaced by a digest of it. Dialects without ids match results
 * to calls by the tool's name and their order: the first result of a tool is
 * that of its first call.
 */
#include "dialect/bedrock/bedrock.h"

static bool is_allowed(struct str id);
static void name_nth(size_t n, char out[BEDROCK_ID_BYTES]);
static void name_digest(struct str id, char out[BEDROCK_ID_BYTES]);
static bool use_id(struct str id, char out[BEDROCK_ID_BYTES]);
static size_t count_results_before(
	const struct chat_request *request, const struct chat_message *result);
static size_t find_call(
	const struct chat_request *request, struct str name, size_t nth);

void bedrock_call_id(const struct chat_request *request,
	const struct chat_call *call, char out[BEDROCK_ID_BYTES])
{
	size_t n = 0;

	if (use_id(call->id, out))
		return;
	for (size_t i = 0; i < request->message_count; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next) {
			if (&part->call == call) {
				name_nth(n, out);
				return;
			}
			n += part->kind == CHAT_TOOL_CALL && !part->call.id.n;
		}
	name_nth(n, out);
}

void bedrock_result_id(const struct chat_request *request,
	const struct chat_message *result, char out[BEDROCK_ID_BYTES])
{
	size_t nth;

	if (use_id(result->tool_call_id, out))
		return;
	nth = count_results_before(request, result);
	name_nth(find_call(request, result->name, nth), out);
}

static bool use_id(struct str id, char out[BEDROCK_ID_BYTES])
{
	if (id.n == 0)
		return false;
	if (is_allowed(id))
		snprintf(out, BEDROCK_ID_BYTES, "%.*s", STR_ARG(id));
	else
		name_digest(id, out);
	return true;
}

static bool is_allowed(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!isascii(id.p[i]) ||
			(!isalnum((unsigned char)id.p[i]) && id.p[i] != '-' &&
				id.p[i] != '_'))
			return false;
	return id.n < BEDROCK_ID_BYTES;
}

static void name_nth(size_t n, char out[BEDROCK_ID_BYTES])
{
	snprintf(out, BEDROCK_ID_BYTES, "tooluse_%zu", n);
}

/* FNV-1a, 64 bits: ids of one conversation differ, and nobody gains by
 * making two of them alike. */
static void name_digest(struct str id, char out[BEDROCK_ID_BYTES])
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < id.n; i++)
		sum = (sum ^ (uint8_t)id.p[i]) * UINT64_C(0x100000001b3);
	snprintf(out, BEDROCK_ID_BYTES, "tooluse_%016" PRIx64, sum);
}

/* Of the same tool, as far as the results say which. */
static size_t count_results_before(
	const struct chat_request *request, const struct chat_message *result)
{
	size_t count = 0;

	for (const struct chat_message *message = request->messages;
		message < result; message++)
		count += message->role == CHAT_TOOL &&
			 message->tool_call_id.n == 0 &&
			 str_equal(message->name, result->name);
	return count;
}

/* Which of all calls without ids is the nth one of that tool. */
static size_t find_call(
	const struct chat_request *request, struct str name, size_t nth)
{
	size_t n = 0;

	for (size_t i = 0; i < request->message_count; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next) {
			if (part->kind != CHAT_TOOL_CALL || part->call.id.n > 0)
				continue;
			if ((name.n == 0 || str_equal(part->call.name, name)) &&
				nth-- == 0)
				return n;
			n++;
		}
	return n;
}
