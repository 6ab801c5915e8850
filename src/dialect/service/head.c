/*
 * head.c - what the readers of services' requests share.
 */
#include "dialect/service/head.h"

/* What gives one token in text, on average. */
#define TOKEN_BYTES 4

/* A batch, its request, content, parts, a part, its text; and some. */
#define COUNTED_DEPTH 8

static void count_within(
	struct chat_head *head, struct json value, unsigned depth);
static void count_member(struct chat_head *head,
	const struct json_member *member, unsigned depth);
static void count_bytes(struct chat_head *head, int64_t bytes);

struct service_input *service_reader_input(struct head_reader *r)
{
	return CONTAINER_OF(r, struct service_reader, head)->input;
}

void service_input_init(struct service_input *input, struct str content_type)
{
	*input = (struct service_input){
		.content_type = content_type,
		.item_count = -1,
		.image_count = -1,
		.characters = -1,
		.file_bytes = -1,
	};
}

bool service_read_json(struct str content_type, struct str body,
	struct arena *arena, const struct head_field *fields, size_t count,
	struct chat_head *out, struct service_input *input, struct error *err)
{
	struct service_reader r = {
		.head = { .head = out, .arena = arena, .err = err },
		.input = input,
	};

	service_input_init(input, content_type);
	if (!service_is_json(content_type))
		return error_refuse(err, ERR_CONTENT_TYPE, NULL,
			"The Content-Type is '%.*s'; send the body as "
			"application/json.",
			STR_ARG(str_head(content_type, 100)));
	return head_read(&r.head, body, fields, count);
}

struct str service_media_type(struct str content_type)
{
	return str_trim(str_head(content_type, str_index(content_type, ';')));
}

bool service_is_json(struct str content_type)
{
	struct str type = service_media_type(content_type);

	return type.n == 0 || str_equal_nocase(type, S("application/json")) ||
	       (str_starts(type, S("application/")) &&
		       str_ends(type, S("+json")));
}

bool service_read_texts(struct head_reader *r, struct json value)
{
	struct service_input *input = service_reader_input(r);
	struct json_cursor cursor = json_members(value);
	struct json_member first = { .value.type = JSON_TYPE_NONE };
	bool has_first = json_next(&cursor, &first);

	if (value.type == JSON_TYPE_NULL)
		return true;
	input->member = str_of(r->name);
	/* A flat list of token ids is one text. */
	input->is_list = value.type == JSON_TYPE_ARRAY &&
			 !(has_first && first.value.type == JSON_TYPE_NUMBER);
	input->item_count = input->is_list ? (int64_t)json_length(value) : 1;
	service_count(r->head, value);
	return true;
}

bool service_read_text(struct head_reader *r, struct json value)
{
	service_count(r->head, value);
	return true;
}

bool service_read_user(struct head_reader *r, struct json value)
{
	if (!json_text(value, r->arena, &r->head->user))
		r->head->user = S(""); /* null */
	return true;
}

bool service_read_response_format(struct head_reader *r, struct json value)
{
	struct service_input *input = service_reader_input(r);

	if (!json_text(value, r->arena, &input->response_format))
		input->response_format = S(""); /* null */
	return true;
}

bool service_read_n(struct head_reader *r, struct json value)
{
	int64_t n;

	if (value.type == JSON_TYPE_NULL)
		return true;
	if (!json_int(value, &n) || n < 1 || n > 128)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'%s' must be a whole number from 1 to 128.", r->name);
	r->head->n = n;
	return true;
}

void service_count(struct chat_head *head, struct json value)
{
	count_within(head, value, COUNTED_DEPTH);
}

/* Each level is walked over once more: what is nested deeper than any format
 * has it is not looked at. */
static void count_within(
	struct chat_head *head, struct json value, unsigned depth)
{
	struct json_cursor cursor = json_members(value);
	struct json_member member;

	if (value.type == JSON_TYPE_STRING)
		count_bytes(head, (int64_t)head_text_bytes(value));
	else if (value.type == JSON_TYPE_NUMBER)
		count_bytes(head, TOKEN_BYTES);
	while (depth > 0 && json_next(&cursor, &member))
		if (value.type == JSON_TYPE_ARRAY)
			count_within(head, member.value, depth - 1);
		else
			count_member(head, &member, depth - 1);
}

/* Of an object only its texts count: an image is no text. */
static void count_member(struct chat_head *head,
	const struct json_member *member, unsigned depth)
{
	bool is_container = member->value.type == JSON_TYPE_OBJECT ||
			    member->value.type == JSON_TYPE_ARRAY;

	if (is_container || json_name_is(*member, S("text")))
		count_within(head, member->value, depth);
	head->has_images |= json_name_is(*member, S("image_url")) ||
			    json_name_is(*member, S("inlineData"));
}

static void count_bytes(struct chat_head *head, int64_t bytes)
{
	head->prompt_text_bytes += bytes;
	head->prompt_bytes += bytes;
}

void service_splice_model(const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out)
{
	(void)input;
	head_splice_model(head, upstream_model, ask_usage, arena, out);
}
