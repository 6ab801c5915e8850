/*
 * results.c - tool calls and their results in the order and with
 * the ids that this format demands: results right behind the message with
 * the calls, and ids that are there and not too long.
 */
#include "dialect/openai_chat/openai_chat.h"

/* "Expected a string with maximum length 40", says OpenAI:
 * https://github.com/agno-agi/agno/issues/5382 */
#define MAX_ID_BYTES 40
/* How far ahead a result without an id looks for the call of its name. */
#define MAX_LOOK_AHEAD 64

/* A call of a turn, and how it was called before. */
struct known_call {
	struct str id;
	struct chat_part *part;
	bool answered;
};

struct turn {
	struct known_call *calls; /* in the order in which they were made */
	struct known_call **by_id;
	size_t count;
	size_t next; /* the first that may not have been answered */
};

static bool is_result(const struct chat_message *message);
static size_t order_turn(struct chat_message *messages, size_t from,
	size_t count, struct chat_message *room);
static bool needs_ids(const struct chat_request *request);
static bool is_bad_id(struct str id);
static void begin_turn(struct turn *turn, struct chat_message *message,
	size_t *number, struct arena *arena);
static void answer(struct turn *turn, struct chat_message *result);
static struct known_call *find_by_id(const struct turn *turn, struct str id);
static struct known_call *find_next(struct turn *turn, struct str name);
static int compare(const void *a, const void *b);

void openai_chat_order_results(
	struct chat_request *request, struct arena *arena)
{
	struct chat_message *room =
		ARENA_ARRAY(arena, struct chat_message, request->message_count);
	size_t i = 0;

	while (i < request->message_count)
		if (request->messages[i++].role == CHAT_ASSISTANT)
			i = order_turn(request->messages, i,
				request->message_count, room);
}

/* What stands between two messages of the assistant: results first. */
static size_t order_turn(struct chat_message *messages, size_t from,
	size_t count, struct chat_message *room)
{
	size_t end = from, results = 0, others = 0;

	while (end < count && messages[end].role != CHAT_ASSISTANT)
		end++;
	for (size_t i = from; i < end; i++)
		results += is_result(&messages[i]);
	for (size_t i = from, at = 0; i < end; i++)
		room[is_result(&messages[i]) ? at++ : results + others++] =
			messages[i];
	memcpy(messages + from, room, (end - from) * sizeof(*messages));
	return end;
}

static bool is_result(const struct chat_message *message)
{
	return message->role == CHAT_TOOL || message->role == CHAT_FUNCTION;
}

void openai_chat_adapt_call_ids(
	struct chat_request *request, struct arena *arena)
{
	struct turn turn = { .count = 0 };
	size_t number = 0;

	if (!needs_ids(request))
		return;
	for (size_t i = 0; i < request->message_count; i++) {
		struct chat_message *message = &request->messages[i];

		if (message->role == CHAT_ASSISTANT)
			begin_turn(&turn, message, &number, arena);
		else if (is_result(message))
			answer(&turn, message);
	}
}

static bool needs_ids(const struct chat_request *request)
{
	for (size_t i = 0; i < request->message_count; i++) {
		const struct chat_message *message = &request->messages[i];

		if (is_result(message) && is_bad_id(message->tool_call_id))
			return true;
		for (const struct chat_part *part = message->parts; part;
			part = part->next)
			if (part->kind == CHAT_TOOL_CALL &&
				is_bad_id(part->call.id))
				return true;
	}
	return false;
}

static bool is_bad_id(struct str id)
{
	return id.n == 0 || id.n > MAX_ID_BYTES;
}

/* All calls are named anew: a new name must not be another call's old one. */
static void begin_turn(struct turn *turn, struct chat_message *message,
	size_t *number, struct arena *arena)
{
	size_t count = 0;

	for (struct chat_part *part = message->parts; part; part = part->next)
		count += part->kind == CHAT_TOOL_CALL;
	*turn = (struct turn){ .count = count };
	turn->calls = ARENA_ARRAY(arena, struct known_call, count);
	turn->by_id = ARENA_ARRAY(arena, struct known_call *, count);
	count = 0;
	for (struct chat_part *part = message->parts; part; part = part->next) {
		if (part->kind != CHAT_TOOL_CALL)
			continue;
		turn->calls[count] =
			(struct known_call){ part->call.id, part, false };
		turn->by_id[count] = &turn->calls[count];
		part->call.id = arena_printf(arena, "call_%zu", (*number)++);
		count++;
	}
	if (count > 0)
		qsort(turn->by_id, count, sizeof(turn->by_id[0]), compare);
}

static void answer(struct turn *turn, struct chat_message *result)
{
	struct known_call *call =
		result->tool_call_id.n > 0
			? find_by_id(turn, result->tool_call_id)
			: find_next(turn, result->name);

	if (!call)
		return;
	call->answered = true;
	result->tool_call_id = call->part->call.id;
}

static struct known_call *find_by_id(const struct turn *turn, struct str id)
{
	struct known_call key = { .id = id };
	const struct known_call *wanted = &key;
	struct known_call **found;

	if (turn->count == 0)
		return NULL;
	found = bsearch(&wanted, turn->by_id, turn->count,
		sizeof(turn->by_id[0]), compare);
	return found ? *found : NULL;
}

/* The next call of that name that has no result yet, or the next at all. */
static struct known_call *find_next(struct turn *turn, struct str name)
{
	size_t end;

	while (turn->next < turn->count && turn->calls[turn->next].answered)
		turn->next++;
	end = turn->count - turn->next > MAX_LOOK_AHEAD
		      ? turn->next + MAX_LOOK_AHEAD
		      : turn->count;
	for (size_t i = turn->next; i < end; i++) {
		struct known_call *call = &turn->calls[i];

		if (!call->answered && str_equal(call->part->call.name, name))
			return call;
	}
	return turn->next < turn->count ? &turn->calls[turn->next] : NULL;
}

static int compare(const void *a, const void *b)
{
	const struct known_call *const *one = a;
	const struct known_call *const *other = b;
	struct str x = (*one)->id, y = (*other)->id;
	size_t n = x.n < y.n ? x.n : y.n;
	int order = n > 0 ? memcmp(x.p, y.p, n) : 0;

	return order ? order : (x.n > y.n) - (x.n < y.n);
}
