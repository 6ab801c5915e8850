/*
 * head.c - reads members of a request by a table, and changes the model.
 */
#include "dialect/head.h"

#include "dialect/pick.h"

static bool read_member(struct head_reader *r, const struct json_member *member,
	const struct head_field *field, bool seen);
static const struct head_field *find_field(const struct head_field *fields,
	size_t count, const struct json_member *member);
static bool leans_on_provider(const struct json_member *member);

bool head_read(struct head_reader *r, struct str body,
	const struct head_field *fields, size_t count)
{
	struct chat_head *head = r->head;
	struct json_cursor cursor;
	struct json_member member;
	uint64_t seen = 0;

	assert(count <= HEAD_FIELDS);
	*head = (struct chat_head){ .body = body, .max_tokens = -1, .n = 1 };
	if (!json_check(body, JSON_MAX_DEPTH, &head->root, r->err))
		return false;
	if (head->root.type != JSON_TYPE_OBJECT)
		return error_refuse(r->err, ERR_BAD_REQUEST, NULL,
			"The request body must be a JSON object, but it is "
			"%s.",
			json_type_name(head->root.type));
	cursor = json_members(head->root);
	while (json_next(&cursor, &member)) {
		const struct head_field *field =
			find_field(fields, count, &member);
		uint64_t bit;

		head->leans_on_provider |= leans_on_provider(&member);
		if (!field)
			continue;
		bit = UINT64_C(1) << (field - fields);
		if (!read_member(r, &member, field, seen & bit))
			return false;
		seen |= bit;
	}
	return true;
}

static bool read_member(struct head_reader *r, const struct json_member *member,
	const struct head_field *field, bool seen)
{
	if (field->once && seen)
		return error_refuse(r->err, ERR_BAD_FIELD, field->name.p,
			"'%s' appears twice in the request body: send it "
			"once.",
			field->name.p);
	if (!(field->types & HEAD_TYPE(member->value.type)))
		return head_refuse_type(
			r->err, field->name.p, field->expected, member->value);
	r->name = field->name.p;
	return !field->read || field->read(r, member->value);
}

static const struct head_field *find_field(const struct head_field *fields,
	size_t count, const struct json_member *member)
{
	for (size_t i = 0; i < count; i++)
		if (pick_name_is(member, fields[i].name))
			return &fields[i];
	return NULL;
}

/* By the names that the formats have for it. */
static bool leans_on_provider(const struct json_member *member)
{
	static const struct str names[] = { STR("previous_response_id"),
		STR("conversation"), STR("prompt"), STR("cachedContent"),
		STR("cached_content") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (pick_name_is(member, names[i]))
			return member->value.type != JSON_TYPE_NULL;
	return false;
}

bool head_refuse_type(struct error *err, const char *path, const char *expected,
	struct json value)
{
	return error_refuse(err, ERR_BAD_FIELD, path,
		"'%s' must be %s, but it is %s.", path, expected,
		json_type_name(value.type));
}

bool head_refuse_missing(struct error *err, const char *path, const char *hint)
{
	return error_refuse(err, ERR_MISSING_FIELD, path, "'%s' is missing: %s",
		path, hint);
}

struct head_path head_path(const char *format, ...)
{
	struct head_path path;
	va_list args;

	va_start(args, format);
	vsnprintf(path.text, sizeof(path.text), format, args);
	va_end(args);
	return path;
}

bool head_read_model(struct head_reader *r, struct json value)
{
	struct chat_head *head = r->head;

	head->model_place = head_place(head, value);
	if (value.type == JSON_TYPE_NULL)
		return true;
	if (!json_text(value, r->arena, &head->model) || head->model.n == 0)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'%s' is empty: send a model's name, or leave it out "
			"to let the gateway choose.",
			r->name);
	return true;
}

bool head_read_stream(struct head_reader *r, struct json value)
{
	r->head->stream = value.type == JSON_TYPE_TRUE;
	return true;
}

bool head_read_service_tier(struct head_reader *r, struct json value)
{
	struct str tier;

	if (json_text(value, r->arena, &tier))
		r->head->service_tier = arena_copy(r->arena, tier);
	return true;
}

/* Of several limits the larger counts: which of them a provider obeys is not
 * known, and a reservation must not be too small. */
bool head_read_max_tokens(struct head_reader *r, struct json value)
{
	int64_t tokens;

	if (value.type == JSON_TYPE_NULL)
		return true;
	if (!json_int(value, &tokens) || tokens < 1)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'%s' must be a whole number, 1 or more.", r->name);
	if (tokens > r->head->max_tokens)
		r->head->max_tokens = tokens;
	return true;
}

bool head_read_messages(struct head_reader *r, struct json value,
	head_read_message *read_message)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	size_t index = 0;

	while (json_next(&cursor, &item))
		if (!read_message(r, index++, item.value))
			return false;
	if (index == 0)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'%s' is empty: send at least one message.", r->name);
	r->head->messages = value;
	r->head->message_count = index;
	return true;
}

bool head_require_messages(
	const struct chat_head *head, const char *content, struct error *err)
{
	if (head->messages.type != JSON_TYPE_NONE)
		return true;
	return error_refuse(err, ERR_MISSING_FIELD, "messages",
		"'messages' is missing: send an array of messages, such as "
		"[{\"role\": \"user\", \"content\": %s}].",
		content);
}

struct head_path head_message_path(size_t index, const char *member)
{
	return head_path("messages[%zu]%s", index, member);
}

bool head_refuse_role(struct head_reader *r, size_t index, struct json role,
	const char *known)
{
	struct head_path path = head_message_path(index, ".role");

	if (role.type == JSON_TYPE_NONE)
		return head_refuse_missing(
			r->err, path.text, "say who speaks, such as \"user\".");
	if (role.type != JSON_TYPE_STRING)
		return head_refuse_type(r->err, path.text, "a string", role);
	assert(known);
	return error_refuse(r->err, ERR_BAD_FIELD, path.text,
		"'%s' must be one of %s.", path.text, known);
}

bool head_read_tools(struct head_reader *r, struct json value)
{
	r->head->has_tools |= !json_is_empty(value);
	r->head->prompt_bytes += (int64_t)value.text.n;
	return true;
}

size_t head_text_bytes(struct json string)
{
	return string.type == JSON_TYPE_STRING ? string.text.n - 2 : 0;
}

void head_count_text(struct chat_head *head, struct json string)
{
	int64_t bytes = (int64_t)head_text_bytes(string);

	head->prompt_text_bytes += bytes;
	head->prompt_bytes += bytes;
}

struct chat_place head_place(const struct chat_head *head, struct json value)
{
	return (struct chat_place){ (size_t)(value.text.p - head->body.p),
		value.text.n };
}

struct splice_edit head_insert_first(struct json object, const char *body,
	struct str with_comma, struct str alone)
{
	return (struct splice_edit){
		.at = (size_t)(object.text.p - body) + 1,
		.insert = json_is_empty(object) ? alone : with_comma,
	};
}

bool head_wants_other_model(
	const struct chat_head *head, struct str upstream_model)
{
	return head->model_place.bytes == 0 ||
	       !str_equal(head->model, upstream_model);
}

struct splice_edit head_edit_model(const struct chat_head *head,
	struct str upstream_model, struct arena *arena)
{
	struct buf quoted = BUF_INIT(upstream_model.n * 6 + 2);
	struct str text;

	json_append_quoted(&quoted, upstream_model);
	text = arena_copy(arena, buf_str(&quoted));
	buf_release(&quoted);
	if (head->model_place.bytes > 0)
		return (struct splice_edit){ head->model_place.at,
			head->model_place.bytes, text };
	text = arena_printf(arena, "\"model\":%.*s,", STR_ARG(text));
	return head_insert_first(
		head->root, head->body.p, text, str_head(text, text.n - 1));
}

void head_splice_model(const struct chat_head *head, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out)
{
	struct splice_edit edit;
	size_t count = head_wants_other_model(head, upstream_model);

	(void)ask_usage; /* these formats always tell */
	if (count > 0)
		edit = head_edit_model(head, upstream_model, arena);
	splice_make(out, head->body, &edit, count);
}

void head_splice_nothing(const struct chat_head *head,
	struct str upstream_model, bool ask_usage, struct arena *arena,
	struct splice *out)
{
	(void)upstream_model;
	(void)ask_usage;
	(void)arena;
	splice_make(out, head->body, NULL, 0);
}
