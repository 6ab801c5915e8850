/*
 * openai_chat_head.c - what the gateway must know of a client's request, and
 * the request with another model name.
 *
 * The members that the gateway itself acts on must mean the same to it and to
 * the provider. So their types are checked, and one that appears twice is
 * refused: parsers differ in which of the two they read, and a request must
 * not be admitted as one model or size and served as another. All other
 * members are the provider's business and pass.
 */
#include "dialect/openai_chat.h"

#include "dialect/pick.h"

/* The most choices that OpenAI's specification allows. */
#define MAX_CHOICES 128

struct reader {
	struct chat_head *head;
	struct arena *arena;
	struct error *err;
	const char *name; /* of the member that is being read */
};

struct field {
	struct str name;
	unsigned types;       /* those the value may have, see TYPE() */
	const char *expected; /* the same in words */
	bool once;            /* refused when it appears twice */
	bool (*read)(struct reader *r, struct json value);
};

static bool read_fields(struct reader *r);
static const struct field *find_field(const struct json_member *member);
static bool refuse_type(struct error *err, const char *path,
	const char *expected, struct json value);

static bool read_model(struct reader *r, struct json value);
static bool read_messages(struct reader *r, struct json value);
static bool read_stream(struct reader *r, struct json value);
static bool read_stream_options(struct reader *r, struct json value);
static bool read_max_tokens(struct reader *r, struct json value);
static bool read_n(struct reader *r, struct json value);
static bool read_user(struct reader *r, struct json value);
static bool read_tools(struct reader *r, struct json value);
static bool read_response_format(struct reader *r, struct json value);
static bool read_reasoning(struct reader *r, struct json value);
static bool read_logprobs(struct reader *r, struct json value);
static bool read_modalities(struct reader *r, struct json value);

#define TYPE(type) (1U << (type))
#define OR_NULL TYPE(JSON_TYPE_NULL)
#define IS_BOOL (TYPE(JSON_TYPE_TRUE) | TYPE(JSON_TYPE_FALSE) | OR_NULL)
#define IS_NUMBER (TYPE(JSON_TYPE_NUMBER) | OR_NULL)
#define IS_STRING (TYPE(JSON_TYPE_STRING) | OR_NULL)
#define IS_ARRAY (TYPE(JSON_TYPE_ARRAY) | OR_NULL)
#define IS_OBJECT (TYPE(JSON_TYPE_OBJECT) | OR_NULL)
#define IS_ANY (~0U)

/* clang-format off */
static const struct field fields[] = {
	{ STR("model"), IS_STRING, "a string", true, read_model },
	{ STR("messages"), TYPE(JSON_TYPE_ARRAY), "an array of messages", true,
		read_messages },
	{ STR("stream"), IS_BOOL, "true or false", true, read_stream },
	{ STR("stream_options"), IS_OBJECT, "an object", true,
		read_stream_options },
	{ STR("max_tokens"), IS_NUMBER, "a whole number", true,
		read_max_tokens },
	{ STR("max_completion_tokens"), IS_NUMBER, "a whole number", true,
		read_max_tokens },
	{ STR("n"), IS_NUMBER, "a whole number", true, read_n },
	{ STR("user"), IS_STRING, "a string", false, read_user },
	{ STR("temperature"), IS_NUMBER, "a number", false, NULL },
	{ STR("top_p"), IS_NUMBER, "a number", false, NULL },
	{ STR("presence_penalty"), IS_NUMBER, "a number", false, NULL },
	{ STR("frequency_penalty"), IS_NUMBER, "a number", false, NULL },
	{ STR("seed"), IS_NUMBER, "a whole number", false, NULL },
	{ STR("stop"), IS_STRING | TYPE(JSON_TYPE_ARRAY),
		"a string or an array of strings", false, NULL },
	{ STR("tools"), IS_ARRAY, "an array of tools", false, read_tools },
	{ STR("functions"), IS_ARRAY, "an array of functions", false,
		read_tools },
	{ STR("tool_choice"), IS_STRING | TYPE(JSON_TYPE_OBJECT),
		"a string or an object", false, NULL },
	{ STR("response_format"), IS_OBJECT, "an object", false,
		read_response_format },
	{ STR("metadata"), IS_OBJECT, "an object", false, NULL },
	{ STR("modalities"), IS_ARRAY, "an array of strings", false,
		read_modalities },
	{ STR("reasoning_effort"), IS_ANY, "", false, read_reasoning },
	{ STR("reasoning"), IS_ANY, "", false, read_reasoning },
	{ STR("thinking"), IS_ANY, "", false, read_reasoning },
	{ STR("logprobs"), IS_ANY, "", false, read_logprobs },
};
/* clang-format on */

struct role {
	struct str name;
	bool may_be_empty; /* content may be null or absent */
};

static const struct role roles[] = {
	{ STR("user"), false },
	{ STR("assistant"), true },
	{ STR("system"), false },
	{ STR("developer"), false },
	{ STR("tool"), false },
	{ STR("function"), true },
};

/* The name of a member within the messages, as an error tells it. */
struct path {
	char text[96];
};

/* The members of one message that matter here. */
struct message_view {
	struct json role;
	struct json content;
	struct json tool_calls;
};

static const struct pick_row message_rows[] = {
	{ STR("role"), offsetof(struct message_view, role) },
	{ STR("content"), offsetof(struct message_view, content) },
	{ STR("tool_calls"), offsetof(struct message_view, tool_calls) },
};

/* And those of a part of its content. */
struct part_view {
	struct json type;
	struct json text;
};

static const struct pick_row part_rows[] = {
	{ STR("type"), offsetof(struct part_view, type) },
	{ STR("text"), offsetof(struct part_view, text) },
};

static bool read_message(struct reader *r, size_t index, struct json message);
static bool read_role(struct reader *r, size_t index, struct json role);
static const struct role *find_role(struct json role);
static bool read_content(struct reader *r, size_t index,
	const struct role *role, struct json content);
static bool read_no_content(struct reader *r, size_t index,
	const struct role *role, struct json content);
static bool read_part(
	struct reader *r, size_t message, size_t index, struct json part);
static void count_part(
	struct chat_head *head, struct json type, struct json text);
static struct path message_path(size_t index, const char *member);
static struct path part_path(size_t message, size_t index, const char *member);
static size_t text_bytes(struct json string);

static struct chat_place place_of(
	const struct chat_head *head, struct json value);
static bool wants_other_model(
	const struct chat_head *head, struct str upstream_model);
static struct splice_edit edit_model(const struct chat_head *head,
	struct str upstream_model, struct arena *arena);
static struct splice_edit edit_usage(const struct chat_head *head);
static struct splice_edit insert_first(struct json object, const char *body,
	struct str with_comma, struct str alone);

bool openai_chat_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err)
{
	struct reader r = { .head = out, .arena = arena, .err = err };

	*out = (struct chat_head){ .body = body, .max_tokens = -1, .n = 1 };
	if (!json_check(body, JSON_MAX_DEPTH, &out->root, err))
		return false;
	if (out->root.type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"The request body must be a JSON object, but it is "
			"%s.",
			json_type_name(out->root.type));
	if (!read_fields(&r))
		return false;
	if (out->messages.type == JSON_TYPE_NONE)
		return error_refuse(err, ERR_MISSING_FIELD, "messages",
			"'messages' is missing: send an array of messages, "
			"such as [{\"role\": \"user\", \"content\": "
			"\"Hello\"}].");
	return true;
}

static bool read_fields(struct reader *r)
{
	struct json_cursor cursor = json_members(r->head->root);
	struct json_member member;
	uint64_t seen = 0;

	while (json_next(&cursor, &member)) {
		const struct field *field = find_field(&member);
		uint64_t bit;

		if (!field)
			continue;
		bit = UINT64_C(1) << (field - fields);
		if (field->once && seen & bit)
			return error_refuse(r->err, ERR_BAD_FIELD,
				field->name.p,
				"'%s' appears twice in the request body: send "
				"it once.",
				field->name.p);
		seen |= bit;
		if (!(field->types & TYPE(member.value.type)))
			return refuse_type(r->err, field->name.p,
				field->expected, member.value);
		r->name = field->name.p;
		if (field->read && !field->read(r, member.value))
			return false;
	}
	return true;
}

static const struct field *find_field(const struct json_member *member)
{
	_Static_assert(ARRAY_LEN(fields) <= 64, "`seen` has 64 bits");

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (pick_name_is(member, fields[i].name))
			return &fields[i];
	return NULL;
}

static bool refuse_type(struct error *err, const char *path,
	const char *expected, struct json value)
{
	return error_refuse(err, ERR_BAD_FIELD, path,
		"'%s' must be %s, but it is %s.", path, expected,
		json_type_name(value.type));
}

static bool read_model(struct reader *r, struct json value)
{
	struct chat_head *head = r->head;

	head->model_place = place_of(head, value);
	if (value.type == JSON_TYPE_NULL)
		return true;
	if (!json_text(value, r->arena, &head->model) || head->model.n == 0)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'model' is empty: send a model's name, or leave it "
			"out to let the gateway choose.");
	return true;
}

static bool read_messages(struct reader *r, struct json value)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	size_t index = 0;

	while (json_next(&cursor, &item))
		if (!read_message(r, index++, item.value))
			return false;
	if (index == 0)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'messages' is empty: send at least one message.");
	r->head->messages = value;
	r->head->message_count = index;
	return true;
}

static bool read_message(struct reader *r, size_t index, struct json message)
{
	struct message_view view;

	if (message.type != JSON_TYPE_OBJECT)
		return refuse_type(r->err, message_path(index, "").text,
			"an object", message);
	pick_members(message, message_rows, ARRAY_LEN(message_rows), &view);
	if (view.tool_calls.type != JSON_TYPE_NONE &&
		!(IS_ARRAY & TYPE(view.tool_calls.type)))
		return refuse_type(r->err,
			message_path(index, ".tool_calls").text, "an array",
			view.tool_calls);
	r->head->prompt_bytes += (int64_t)view.tool_calls.text.n;
	return read_role(r, index, view.role) &&
	       read_content(r, index, find_role(view.role), view.content);
}

static bool read_role(struct reader *r, size_t index, struct json role)
{
	struct path path;

	if (find_role(role))
		return true;
	path = message_path(index, ".role");
	if (role.type == JSON_TYPE_NONE)
		return error_refuse(r->err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing: say who speaks, such as \"user\".",
			path.text);
	if (role.type != JSON_TYPE_STRING)
		return refuse_type(r->err, path.text, "a string", role);
	return error_refuse(r->err, ERR_BAD_FIELD, path.text,
		"'%s' must be one of system, developer, user, assistant, tool "
		"and function.",
		path.text);
}

static const struct role *find_role(struct json role)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (json_text_is(role, roles[i].name))
			return &roles[i];
	return NULL;
}

static bool read_content(struct reader *r, size_t index,
	const struct role *role, struct json content)
{
	struct json_cursor cursor = json_members(content);
	struct json_member part;
	size_t part_index = 0;

	if (content.type == JSON_TYPE_STRING) {
		r->head->prompt_text_bytes += (int64_t)text_bytes(content);
		r->head->prompt_bytes += (int64_t)text_bytes(content);
		return true;
	}
	if (content.type != JSON_TYPE_ARRAY)
		return read_no_content(r, index, role, content);
	while (json_next(&cursor, &part))
		if (!read_part(r, index, part_index++, part.value))
			return false;
	return true;
}

static bool read_no_content(struct reader *r, size_t index,
	const struct role *role, struct json content)
{
	struct path path = message_path(index, ".content");
	bool is_empty = content.type == JSON_TYPE_NONE ||
			content.type == JSON_TYPE_NULL;

	if (is_empty && role->may_be_empty)
		return true;
	if (content.type == JSON_TYPE_NONE)
		return error_refuse(r->err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing: send a string or an array of "
			"content parts.",
			path.text);
	return refuse_type(r->err, path.text,
		"a string or an array of content parts", content);
}

static bool read_part(
	struct reader *r, size_t message, size_t index, struct json part)
{
	struct part_view view;
	struct path path;

	if (part.type != JSON_TYPE_OBJECT)
		return refuse_type(r->err, part_path(message, index, "").text,
			"an object", part);
	pick_members(part, part_rows, ARRAY_LEN(part_rows), &view);
	if (view.type.type == JSON_TYPE_STRING) {
		count_part(r->head, view.type, view.text);
		return true;
	}
	path = part_path(message, index, ".type");
	if (view.type.type == JSON_TYPE_NONE)
		return error_refuse(r->err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing: say what the part is, such as "
			"\"text\".",
			path.text);
	return refuse_type(r->err, path.text, "a string", view.type);
}

/* Made only when something is wrong: a conversation has many messages. */
static struct path message_path(size_t index, const char *member)
{
	struct path path;

	snprintf(
		path.text, sizeof(path.text), "messages[%zu]%s", index, member);
	return path;
}

static struct path part_path(size_t message, size_t index, const char *member)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), "messages[%zu].content[%zu]%s",
		message, index, member);
	return path;
}

static void count_part(
	struct chat_head *head, struct json type, struct json text)
{
	size_t bytes = text_bytes(text);

	head->prompt_text_bytes += (int64_t)bytes;
	head->prompt_bytes += (int64_t)bytes;
	if (json_text_is(type, S("text")))
		return;
	if (json_text_is(type, S("image_url")))
		head->has_images = true;
	else if (json_text_is(type, S("input_audio")))
		head->has_audio = true;
	else if (json_text_is(type, S("file")) ||
		 json_text_is(type, S("file_url")) ||
		 json_text_is(type, S("document_url")))
		head->has_files = true;
}

/* Between the quotes, escapes as they stand; 0 of anything but a string. */
static size_t text_bytes(struct json string)
{
	return string.type == JSON_TYPE_STRING ? string.text.n - 2 : 0;
}

static bool read_stream(struct reader *r, struct json value)
{
	r->head->stream = value.type == JSON_TYPE_TRUE;
	return true;
}

static bool read_stream_options(struct reader *r, struct json value)
{
	static const char path[] = "stream_options.include_usage";
	struct json wants = json_find(value, S("include_usage"));

	if (json_count(value, S("include_usage")) > 1)
		return error_refuse(r->err, ERR_BAD_FIELD, path,
			"'%s' appears twice: send it once.", path);
	if (wants.type != JSON_TYPE_NONE && !(IS_BOOL & TYPE(wants.type)))
		return refuse_type(r->err, path, "true or false", wants);
	r->head->stream_options = value;
	r->head->stream_options_place = place_of(r->head, value);
	r->head->wants_usage = wants.type == JSON_TYPE_TRUE;
	return true;
}

/* Of max_tokens and max_completion_tokens the larger counts: which of them a
 * provider obeys is not known, and a reservation must not be too small. */
static bool read_max_tokens(struct reader *r, struct json value)
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

static bool read_n(struct reader *r, struct json value)
{
	int64_t n;

	if (value.type == JSON_TYPE_NULL)
		return true;
	if (!json_int(value, &n) || n < 1 || n > MAX_CHOICES)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'n' must be a whole number from 1 to %d.",
			MAX_CHOICES);
	r->head->n = n;
	return true;
}

static bool read_user(struct reader *r, struct json value)
{
	if (!json_text(value, r->arena, &r->head->user))
		r->head->user = S(""); /* null */
	return true;
}

static bool read_tools(struct reader *r, struct json value)
{
	r->head->has_tools |= json_length(value) > 0;
	r->head->prompt_bytes += (int64_t)value.text.n;
	return true;
}

static bool read_response_format(struct reader *r, struct json value)
{
	struct json type = json_find(value, S("type"));

	if (value.type == JSON_TYPE_NULL)
		return true;
	r->head->has_json_schema = json_text_is(type, S("json_schema"));
	r->head->prompt_bytes += (int64_t)value.text.n;
	return true;
}

static bool read_reasoning(struct reader *r, struct json value)
{
	r->head->has_reasoning |= value.type == JSON_TYPE_STRING ||
				  value.type == JSON_TYPE_OBJECT;
	return true;
}

static bool read_logprobs(struct reader *r, struct json value)
{
	r->head->has_logprobs =
		value.type == JSON_TYPE_TRUE || value.type == JSON_TYPE_NUMBER;
	return true;
}

static bool read_modalities(struct reader *r, struct json value)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	while (json_next(&cursor, &item))
		r->head->has_audio |= json_text_is(item.value, S("audio"));
	return true;
}

void openai_chat_splice_request(const struct chat_head *head,
	struct str upstream_model, bool ask_usage, struct arena *arena,
	struct splice *out)
{
	struct splice_edit edits[2];
	size_t count = 0;

	if (wants_other_model(head, upstream_model))
		edits[count++] = edit_model(head, upstream_model, arena);
	if (ask_usage && head->stream && !head->wants_usage)
		edits[count++] = edit_usage(head);
	if (count == 2 && edits[1].at < edits[0].at) {
		struct splice_edit first = edits[1];

		edits[1] = edits[0];
		edits[0] = first;
	}
	splice_make(out, head->body, edits, count);
}

static struct chat_place place_of(
	const struct chat_head *head, struct json value)
{
	return (struct chat_place){ (size_t)(value.text.p - head->body.p),
		value.text.n };
}

static bool wants_other_model(
	const struct chat_head *head, struct str upstream_model)
{
	return head->model_place.bytes == 0 ||
	       !str_equal(head->model, upstream_model);
}

static struct splice_edit edit_model(const struct chat_head *head,
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
	/* There is a first member: `messages` at least. */
	return insert_first(head->root, head->body.p, text, text);
}

static struct splice_edit edit_usage(const struct chat_head *head)
{
	struct json options = head->stream_options;
	struct json asked = json_find(options, S("include_usage"));
	struct chat_place place;

	if (options.type == JSON_TYPE_NONE)
		return insert_first(head->root, head->body.p,
			S("\"stream_options\":{\"include_usage\":true},"),
			S(""));
	if (options.type == JSON_TYPE_NULL)
		return (struct splice_edit){ head->stream_options_place.at,
			head->stream_options_place.bytes,
			S("{\"include_usage\":true}") };
	if (asked.type == JSON_TYPE_NONE)
		return insert_first(options, head->body.p,
			S("\"include_usage\":true,"),
			S("\"include_usage\":true"));
	place = place_of(head, asked);
	return (struct splice_edit){ place.at, place.bytes, S("true") };
}

/* Insert a member behind the opening brace. */
static struct splice_edit insert_first(struct json object, const char *body,
	struct str with_comma, struct str alone)
{
	return (struct splice_edit){
		.at = (size_t)(object.text.p - body) + 1,
		.insert = json_length(object) > 0 ? with_comma : alone,
	};
}
