/*
 * form.c - requests that are forms, with files in them: what matters
 * of them, and the same form with another model.
 *
 * Fields: OpenAI's OpenAPI description, /audio/transcriptions,
 * /audio/translations, /images/edits.
 */
#include "dialect/service/head.h"

#include "dialect/service/multipart.h"

struct form_reader {
	struct chat_head *head;
	struct service_input *input;
	struct error *err;
};

static bool read_parts(struct multipart *form, struct form_reader *r);
static bool read_part(struct form_reader *r, const struct multipart_part *part,
	unsigned *seen);
static bool read_file(struct form_reader *r, const struct multipart_part *part);
static bool read_model(
	struct form_reader *r, const struct multipart_part *part);
static bool read_prompt(
	struct form_reader *r, const struct multipart_part *part);
static bool read_stream(
	struct form_reader *r, const struct multipart_part *part);
static bool read_n(struct form_reader *r, const struct multipart_part *part);
static bool read_user(struct form_reader *r, const struct multipart_part *part);
static bool read_language(
	struct form_reader *r, const struct multipart_part *part);
static bool read_response_format(
	struct form_reader *r, const struct multipart_part *part);

/* The fields that the gateway acts on or reports: none may come twice. */
static const struct form_field {
	struct str name;
	bool (*read)(struct form_reader *r, const struct multipart_part *part);
} fields[] = {
	{ STR("model"), read_model },
	{ STR("prompt"), read_prompt },
	{ STR("stream"), read_stream },
	{ STR("n"), read_n },
	{ STR("user"), read_user },
	{ STR("language"), read_language },
	{ STR("response_format"), read_response_format },
};

bool service_read_form(struct str content_type, struct str body,
	struct chat_head *out, struct service_input *input, struct error *err)
{
	struct form_reader r = { out, input, err };
	struct multipart form;

	*out = (struct chat_head){ .body = body, .max_tokens = -1, .n = 1 };
	service_input_init(input, content_type);
	return multipart_init(&form, content_type, body, err) &&
	       read_parts(&form, &r);
}

static bool read_parts(struct multipart *form, struct form_reader *r)
{
	struct multipart_part part;
	unsigned seen = 0;

	while (multipart_next(form, &part, r->err))
		if (!read_part(r, &part, &seen))
			return false;
	return form->done;
}

static bool read_part(struct form_reader *r, const struct multipart_part *part,
	unsigned *seen)
{
	size_t i = 0;
	const char *name;

	while (i < ARRAY_LEN(fields) && !str_equal(part->name, fields[i].name))
		i++;
	if (i == ARRAY_LEN(fields))
		return !part->is_file || read_file(r, part);
	name = fields[i].name.p;
	if (*seen & 1U << i)
		return error_refuse(r->err, ERR_BAD_FIELD, name,
			"'%s' appears twice in the form: send it once.", name);
	if (part->is_file)
		return error_refuse(r->err, ERR_BAD_FIELD, name,
			"'%s' must be a field of the form, not a file.", name);
	*seen |= 1U << i;
	return fields[i].read(r, part);
}

static bool read_file(struct form_reader *r, const struct multipart_part *part)
{
	struct service_input *input = r->input;

	if (input->file_bytes < 0) {
		input->file_bytes = 0;
		input->member = part->name;
	}
	input->file_bytes += (int64_t)part->value.n;
	return true;
}

static bool read_model(struct form_reader *r, const struct multipart_part *part)
{
	if (part->value.n == 0)
		return error_refuse(r->err, ERR_BAD_FIELD, "model",
			"'model' is empty: send a model's name, or leave it "
			"out to let the gateway choose.");
	r->head->model = part->value;
	r->head->model_place =
		(struct chat_place){ part->value_at, part->value.n };
	return true;
}

static bool read_prompt(
	struct form_reader *r, const struct multipart_part *part)
{
	r->head->prompt_text_bytes += (int64_t)part->value.n;
	r->head->prompt_bytes += (int64_t)part->value.n;
	return true;
}

/* As FastAPI's and Pydantic's servers read booleans in forms. */
static bool read_stream(
	struct form_reader *r, const struct multipart_part *part)
{
	static const char *const words[] = { "true", "1", "yes", "on", "t",
		"y" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		r->head->stream |=
			str_equal_nocase(part->value, str_of(words[i]));
	return true;
}

static bool read_n(struct form_reader *r, const struct multipart_part *part)
{
	if (str_to_int64_in(part->value, 1, 128, &r->head->n))
		return true;
	return error_refuse(r->err, ERR_BAD_FIELD, "n",
		"'n' must be a whole number from 1 to 128.");
}

static bool read_user(struct form_reader *r, const struct multipart_part *part)
{
	r->head->user = part->value;
	return true;
}

static bool read_language(
	struct form_reader *r, const struct multipart_part *part)
{
	r->input->language = part->value;
	return true;
}

static bool read_response_format(
	struct form_reader *r, const struct multipart_part *part)
{
	r->input->response_format = part->value;
	return true;
}

void service_splice_form(const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out)
{
	struct splice_edit edit = { .insert = upstream_model };
	struct multipart form;
	struct error err;
	bool was_read;

	if (!multipart_is_form(input->content_type)) {
		head_splice_model(head, upstream_model, ask_usage, arena, out);
		return;
	}
	if (head->model_place.bytes > 0) {
		edit.at = head->model_place.at;
		edit.remove = head->model_place.bytes;
	} else {
		was_read = multipart_init(
			&form, input->content_type, head->body, &err);
		assert(was_read); /* read_head accepted it */
		edit.at = form.first_at;
		edit.insert = arena_printf(arena,
			"%s\r\nContent-Disposition: form-data; "
			"name=\"model\"\r\n\r\n%.*s\r\n",
			form.delimiter + 2, STR_ARG(upstream_model));
	}
	splice_make(out, head->body, &edit,
		head_wants_other_model(head, upstream_model));
}
