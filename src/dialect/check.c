/*
 * check.c - is a conversation sound?
 *
 * A conversation may have very many calls, so they are looked up in a sorted
 * table: how many with this id have no result yet.
 */
#include "dialect/check.h"

#include "dialect/losses.h"
#include "dialect/media.h"

/* No provider takes longer names (OpenAI 64, Anthropic and Gemini 128), and a
 * schema of this size is longer than most models' memory. */
#define MAX_NAME_BYTES 128
#define MAX_SCHEMA_BYTES (512u << 10)

struct known_id {
	struct str id;
	size_t waiting; /* calls with it that have no result yet */
};

struct checker {
	const struct chat_request *request;
	const struct dialect *from;
	struct error *err;
	struct known_id *ids; /* sorted, each once */
	size_t id_count;
	size_t waiting; /* calls so far that have no result yet */
};

static void find_ids(struct checker *c, struct arena *arena);
static bool check_members(struct checker *c);
/* `of` as chat_extra_path() has it. */
static bool check_extra(
	struct checker *c, const struct chat_extra *extra, const char *of);
static const struct chat_member *find_wrong(const struct chat_extra *extra);
static bool check_message_extra(struct checker *c,
	const struct chat_extra *extra, const struct chat_message *message);
static bool check_messages(struct checker *c);
static bool check_result(struct checker *c, const struct chat_message *message);
static bool check_part(struct checker *c, const struct chat_message *message,
	const struct chat_part *part);
static const char *wrong_media(const struct chat_part *part);
static const char *kind_prefix(enum chat_part_kind kind);
static bool is_result(const struct chat_message *message);
static bool refuse(
	struct checker *c, const struct chat_message *message, const char *why);
static bool check_tools(struct checker *c, struct arena *arena);
static bool check_tool(struct checker *c, size_t index);
static void write_tool_path(
	const struct checker *c, size_t index, char *out, size_t size);
static bool refuse_tool(struct checker *c, size_t index, const char *why);
static bool check_format(struct checker *c);
static struct known_id *find_id(const struct checker *c, struct str id);
static int compare_ids(const void *a, const void *b);
static int compare_tools(const void *a, const void *b);

bool chat_request_check(const struct chat_request *request,
	const struct dialect *from, struct error *err)
{
	struct checker c = { .request = request, .from = from, .err = err };
	struct arena arena;
	bool ok;

	arena_init(&arena, 16384);
	find_ids(&c, &arena);
	ok = check_members(&c) && check_messages(&c) &&
	     check_tools(&c, &arena) && check_format(&c);
	arena_release(&arena);
	return ok;
}

static void find_ids(struct checker *c, struct arena *arena)
{
	const struct chat_request *r = c->request;
	const struct chat_part *part;
	size_t count = 0;

	for (size_t i = 0; i < r->message_count; i++)
		for (part = r->messages[i].parts; part; part = part->next)
			count += part->kind == CHAT_TOOL_CALL;
	c->ids = ARENA_ARRAY(arena, struct known_id, count);
	for (size_t i = 0; i < r->message_count; i++)
		for (part = r->messages[i].parts; part; part = part->next)
			if (part->kind == CHAT_TOOL_CALL)
				c->ids[c->id_count++].id = part->call.id;
	if (count == 0)
		return;
	qsort(c->ids, count, sizeof(c->ids[0]), compare_ids);
	c->id_count = 1;
	for (size_t i = 1; i < count; i++)
		if (compare_ids(&c->ids[i], &c->ids[c->id_count - 1]) != 0)
			c->ids[c->id_count++] = c->ids[i];
}

static bool check_members(struct checker *c)
{
	const struct chat_request *r = c->request;

	return check_extra(c, &r->extra, "") &&
	       check_extra(c, &r->inner_extra, "") &&
	       check_extra(c, &r->format.extra, "") &&
	       check_extra(c, &r->format.inner_extra, "") &&
	       check_extra(c, &r->reasoning.extra, "");
}

static bool check_extra(
	struct checker *c, const struct chat_extra *extra, const char *of)
{
	const struct chat_member *wrong = find_wrong(extra);
	char path[96];

	if (!wrong)
		return true;
	chat_extra_path(extra, wrong, of, path, sizeof(path));
	return error_refuse(c->err, ERR_BAD_FIELD, path, "'%s' must be %s.",
		path, wrong->expected);
}

static const struct chat_member *find_wrong(const struct chat_extra *extra)
{
	const struct chat_member *kept = extra->first;

	while (kept && !kept->expected)
		kept = kept->next;
	return kept;
}

static bool check_message_extra(struct checker *c,
	const struct chat_extra *extra, const struct chat_message *message)
{
	char path[96];

	if (!find_wrong(extra))
		return true;
	chat_message_path(c->from, message, path, sizeof(path));
	return check_extra(c, extra, path);
}

static bool check_messages(struct checker *c)
{
	for (size_t i = 0; i < c->request->message_count; i++) {
		const struct chat_message *message = &c->request->messages[i];

		if (!check_message_extra(c, &message->extra, message) ||
			!check_message_extra(c, &message->inner_extra, message))
			return false;
		if (is_result(message) && !check_result(c, message))
			return false;
		for (const struct chat_part *part = message->parts; part;
			part = part->next)
			if (!check_part(c, message, part))
				return false;
	}
	return true;
}

static bool is_result(const struct chat_message *message)
{
	return message->role == CHAT_TOOL || message->role == CHAT_FUNCTION;
}

/* Some formats have no ids, or need none: then the order says it. */
static bool check_result(struct checker *c, const struct chat_message *message)
{
	struct known_id *known = find_id(c, message->tool_call_id);

	if (message->tool_call_id.n == 0 && c->waiting == 0)
		return refuse(c, message,
			"is the result of a tool, but no call before it has "
			"none yet");
	c->waiting -= c->waiting > 0;
	if (message->tool_call_id.n == 0)
		return true;
	if (!known)
		return refuse(c, message,
			"is the result of a call that is not there");
	if (known->waiting == 0)
		return refuse(c, message,
			"is the result of a call that was made later, or has "
			"a result already");
	known->waiting--;
	return true;
}

static bool check_part(struct checker *c, const struct chat_message *message,
	const struct chat_part *part)
{
	const char *wrong;

	if (!check_message_extra(c, &part->extra, message) ||
		!check_message_extra(c, &part->inner_extra, message))
		return false;
	if (part->kind == CHAT_TOOL_CALL) {
		c->waiting++;
		find_id(c, part->call.id)->waiting++;
		return true;
	}
	wrong = wrong_media(part);
	return !wrong || refuse(c, message, wrong);
}

/* NULL: nothing. */
static const char *wrong_media(const struct chat_part *part)
{
	const char *prefix = kind_prefix(part->kind);

	if (!prefix || !part->data.p)
		return NULL;
	if (part->data.n == 0 || !media_is_base64(part->data))
		return "has an image, sound or file whose data is not base64";
	if (part->media_type.p && !str_starts(part->media_type, str_of(prefix)))
		return "has an image, sound or video whose type is another "
		       "kind's";
	return NULL;
}

static const char *kind_prefix(enum chat_part_kind kind)
{
	switch (kind) {
	case CHAT_IMAGE: return "image/";
	case CHAT_AUDIO: return "audio/";
	case CHAT_VIDEO: return "video/";
	case CHAT_FILE: return ""; /* a file may be anything */
	default: return NULL;
	}
}

static bool refuse(
	struct checker *c, const struct chat_message *message, const char *why)
{
	char path[96];

	chat_message_path(c->from, message, path, sizeof(path));
	return error_refuse(c->err, ERR_BAD_FIELD, path, "'%s' %s.", path, why);
}

static bool check_tools(struct checker *c, struct arena *arena)
{
	const struct chat_request *r = c->request;
	const struct chat_tool **by_name =
		ARENA_ARRAY(arena, const struct chat_tool *, r->tool_count);
	size_t count = 0;

	for (size_t i = 0; i < r->tool_count; i++) {
		if (r->tools[i].json.p)
			continue; /* a provider's own */
		if (!check_tool(c, i))
			return false;
		by_name[count++] = &r->tools[i];
	}
	if (count > 0)
		qsort(by_name, count, sizeof(by_name[0]), compare_tools);
	for (size_t i = 1; i < count; i++)
		if (str_equal(by_name[i]->name, by_name[i - 1]->name))
			return refuse_tool(c, (size_t)(by_name[i] - r->tools),
				"has the name of another tool");
	return true;
}

static bool check_tool(struct checker *c, size_t index)
{
	const struct chat_tool *tool = &c->request->tools[index];
	char path[96];

	write_tool_path(c, index, path, sizeof(path));
	if (!check_extra(c, &tool->extra, path) ||
		!check_extra(c, &tool->inner_extra, path))
		return false;
	if (tool->name.n == 0)
		return refuse_tool(c, index, "has no name");
	if (tool->name.n > MAX_NAME_BYTES)
		return refuse_tool(
			c, index, "has a name of more than 128 characters");
	if (tool->parameters.n > MAX_SCHEMA_BYTES)
		return refuse_tool(
			c, index, "has a schema of more than 512 KB");
	return true;
}

static void write_tool_path(
	const struct checker *c, size_t index, char *out, size_t size)
{
	const char *word = c->from->words[FIELD_TOOLS];

	snprintf(out, size, "%s[%zu]", word ? word : "tools", index);
}

static bool refuse_tool(struct checker *c, size_t index, const char *why)
{
	char path[96];

	write_tool_path(c, index, path, sizeof(path));
	return error_refuse(c->err, ERR_BAD_FIELD, path, "'%s' %s.", path, why);
}

static bool check_format(struct checker *c)
{
	const char *word = c->from->words[FIELD_FORMAT_SCHEMA];

	if (c->request->format.schema.n <= MAX_SCHEMA_BYTES)
		return true;
	return error_refuse(c->err, ERR_BAD_FIELD, word,
		"The schema of the answer has more than 512 KB.");
}

static struct known_id *find_id(const struct checker *c, struct str id)
{
	struct known_id key = { .id = id };

	if (c->id_count == 0)
		return NULL;
	return bsearch(
		&key, c->ids, c->id_count, sizeof(c->ids[0]), compare_ids);
}

static int compare_ids(const void *a, const void *b)
{
	return str_compare(((const struct known_id *)a)->id,
		((const struct known_id *)b)->id);
}

static int compare_tools(const void *a, const void *b)
{
	return str_compare((*(const struct chat_tool *const *)a)->name,
		(*(const struct chat_tool *const *)b)->name);
}
