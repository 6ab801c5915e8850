/*
 * form.c - reading and checking fields.
 */
#include "site/form.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/json_text.h"
#include "http/query.h"

#define DEFAULT_MAX_BYTES 255
#define MAX_JSON_DEPTH 4

static bool read_pairs(struct site_request *request, struct site_values *values,
	struct str encoded, struct error *err);
static bool add_text(struct site_request *request, struct site_value *value,
	struct str text, struct error *err);
static size_t max_bytes_of(const struct site_field *field);
static bool refuse_length(const struct site_field *field, struct error *err);
static bool read_object(struct site_request *request,
	struct site_values *values, struct error *err);
static bool read_array(struct site_request *request, struct json array,
	struct site_value *out, struct error *err);
static bool read_member(struct site_request *request, struct json value,
	struct site_value *out, struct error *err);
static struct site_value *find(struct site_values *values, struct str name);
static bool check(struct site_value *value, struct error *err);
static bool check_type(struct site_value *value, struct error *err);
static bool is_choice(struct str choices, struct str word);
static bool is_form(struct str content_type);

bool form_read(struct site_request *request, struct error *err)
{
	struct http_exchange *x = request->exchange;
	struct site_values *values =
		ARENA_NEW(request->arena, struct site_values);
	bool ok = true;

	request->values = values;
	for (const struct site_field *field = request->page->fields;
		field && field->name; field++) {
		assert(values->count < FORM_MAX_FIELDS);
		values->values[values->count++].field = field;
	}
	if (values->count == 0)
		return true;
	if (request->page->method == SITE_GET)
		ok = read_pairs(request, values, x->query, err);
	else if (x->body.n > 0 && is_form(x->content_type))
		ok = read_pairs(request, values, buf_str(&x->body), err);
	else if (x->body.n > 0)
		ok = read_object(request, values, err);
	for (size_t i = 0; ok && i < values->count; i++)
		ok = check(&values->values[i], err);
	return ok;
}

json_t *form_json(const struct site_request *request)
{
	const struct site_values *values = request->values;
	json_t *form = json_object();

	for (size_t i = 0; values && i < values->count; i++) {
		const struct site_value *value = &values->values[i];
		const char *name = value->field->name;

		if (value->field->type == SITE_BOOL)
			site_put_bool(form, name, value->number != 0);
		else if (value->field->type == SITE_CHOICE && value->is_there)
			/* {{#form.role_is.admin}}selected{{/...}} */
			json_object_set_new(form, name,
				json_pack("{s:s%,s:{s:b}}", "value",
					value->text.p, value->text.n, "is",
					arena_cstr(request->arena, value->text),
					1));
		else if (value->field->type != SITE_SECRET)
			site_put(form, name, value->text);
	}
	return form;
}

struct str form_param(struct str encoded, struct str name, struct arena *arena)
{
	return query_param(encoded, name, arena);
}

void form_encode(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (isalnum(c) || memchr("-._~/", c, 5))
			buf_append_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* a=b&c=d; the first of two with the same name counts, unless it is a list. */
static bool read_pairs(struct site_request *request, struct site_values *values,
	struct str encoded, struct error *err)
{
	struct str pair;

	while (str_next_field(&encoded, '&', &pair)) {
		size_t equals = str_index(pair, '=');
		struct site_value *value;
		struct str name, text;

		if (!query_decode(
			    str_head(pair, equals), request->arena, &name))
			continue;
		value = find(values, name);
		if (!value)
			continue;
		value->is_sent = true;
		if (value->is_there && value->field->type != SITE_LIST)
			continue;
		if (!query_decode(
			    str_from(pair, equals + 1), request->arena, &text))
			return error_refuse(err, ERR_BAD_FIELD,
				value->field->name,
				"This is not text in UTF-8.");
		if (!add_text(request, value, text, err))
			return false;
	}
	return true;
}

/* One more of a list, or the only one. */
static bool add_text(struct site_request *request, struct site_value *value,
	struct str text, struct error *err)
{
	if (value->text.n > 0 && text.n > 0)
		text = arena_printf(request->arena, "%.*s,%.*s",
			STR_ARG(value->text), STR_ARG(text));
	else if (text.n == 0)
		text = value->text;
	/* Each one is copied anew: so it ends before that costs much. */
	if (value->text.n > max_bytes_of(value->field))
		return refuse_length(value->field, err);
	value->text = text;
	value->is_there = text.n > 0;
	return true;
}

static size_t max_bytes_of(const struct site_field *field)
{
	return field->max_bytes ? field->max_bytes : DEFAULT_MAX_BYTES;
}

static bool refuse_length(const struct site_field *field, struct error *err)
{
	return error_refuse(err, ERR_BAD_FIELD, field->name,
		"'%s' is too long: at most %zu bytes.", field->name,
		max_bytes_of(field));
}

static bool read_object(struct site_request *request,
	struct site_values *values, struct error *err)
{
	struct json_cursor cursor;
	struct json_member member;
	struct json object;

	if (!str_starts(request->exchange->content_type, S("application/json")))
		return error_refuse(err, ERR_CONTENT_TYPE, NULL,
			"Send a form, or JSON with its Content-Type.");
	if (!json_check(buf_str(&request->exchange->body), MAX_JSON_DEPTH,
		    &object, err))
		return false;
	if (object.type != JSON_TYPE_OBJECT)
		return error_refuse(
			err, ERR_BAD_REQUEST, NULL, "Send one JSON object.");
	cursor = json_members(object);
	while (json_next(&cursor, &member)) {
		for (size_t i = 0; i < values->count; i++) {
			struct site_value *value = &values->values[i];

			if (json_name_is(member, str_of(value->field->name)) &&
				!read_member(request, member.value, value, err))
				return false;
		}
	}
	return true;
}

/* As a form would have sent it. */
static bool read_member(struct site_request *request, struct json value,
	struct site_value *out, struct error *err)
{
	bool ok = true;

	out->is_sent = true;
	if (value.type == JSON_TYPE_ARRAY && out->field->type == SITE_LIST)
		return read_array(request, value, out, err);
	switch (value.type) {
	case JSON_TYPE_NULL:
	case JSON_TYPE_FALSE: break;
	case JSON_TYPE_TRUE: out->text = S("on"); break;
	case JSON_TYPE_NUMBER: out->text = value.text; break;
	case JSON_TYPE_STRING:
		ok = json_text(value, request->arena, &out->text);
		break;
	case JSON_TYPE_NONE:
	case JSON_TYPE_ARRAY:
	case JSON_TYPE_OBJECT: ok = false; break;
	}
	out->is_there = ok && out->text.n > 0;
	return ok || error_refuse(err, ERR_BAD_FIELD, out->field->name,
			     "'%s' is not %s.", out->field->name,
			     json_type_name(value.type));
}

/* Texts; a comma would make two of one. */
static bool read_array(struct site_request *request, struct json array,
	struct site_value *out, struct error *err)
{
	struct json_cursor cursor = json_members(array);
	struct json_member member;
	struct str text;

	while (json_next(&cursor, &member)) {
		if (!json_text(member.value, request->arena, &text) ||
			memchr(text.p, ',', text.n))
			return error_refuse(err, ERR_BAD_FIELD,
				out->field->name,
				"'%s' is a list of texts without commas.",
				out->field->name);
		if (!add_text(request, out, text, err))
			return false;
	}
	return true;
}

static struct site_value *find(struct site_values *values, struct str name)
{
	for (size_t i = 0; i < values->count; i++) {
		if (str_equal(str_of(values->values[i].field->name), name))
			return &values->values[i];
	}
	return NULL;
}

static bool check(struct site_value *value, struct error *err)
{
	const struct site_field *field = value->field;
	if (field->type != SITE_SECRET && field->type != SITE_LINES)
		value->text = str_trim(value->text);
	value->is_there = value->text.n > 0;
	if (!value->is_there)
		return !field->required ||
		       error_refuse(err, ERR_MISSING_FIELD, field->name,
			       "Fill in '%s'.", field->name);
	if (value->text.n > max_bytes_of(field))
		return refuse_length(field, err);
	if (!form_is_plain(value->text, field->type == SITE_LINES))
		return error_refuse(err, ERR_BAD_FIELD, field->name,
			"'%s' has characters that are not text.", field->name);
	return check_type(value, err);
}

static bool check_type(struct site_value *value, struct error *err)
{
	const struct site_field *field = value->field;

	switch (field->type) {
	case SITE_TEXT:
	case SITE_LINES:
	case SITE_LIST:
	case SITE_SECRET: return true;
	case SITE_BOOL:
		value->number = !str_equal(value->text, S("0")) &&
				!str_equal(value->text, S("off")) &&
				!str_equal(value->text, S("false"));
		return true;
	case SITE_INT:
		return str_to_int64_in(value->text, field->min, field->max,
			       &value->number) ||
		       error_refuse(err, ERR_BAD_FIELD, field->name,
			       "'%s' is a whole number from %" PRId64
			       " to %" PRId64 ".",
			       field->name, field->min, field->max);
	case SITE_CHOICE:
		return is_choice(str_of(field->choices), value->text) ||
		       error_refuse(err, ERR_BAD_FIELD, field->name,
			       "'%s' is one of %s.", field->name,
			       field->choices);
	case SITE_DATE:
		return (value->text.n == 10 &&
			       clock_parse(value->text, &value->number)) ||
		       error_refuse(err, ERR_BAD_FIELD, field->name,
			       "'%s' is a date, as in 2026-11-21.",
			       field->name);
	}
	abort();
}

static bool is_choice(struct str choices, struct str word)
{
	struct str choice;

	while (str_next_field(&choices, '|', &choice)) {
		if (str_equal(choice, word))
			return true;
	}
	return false;
}

bool form_is_plain(struct str text, bool lines)
{
	const char *end = text.p + text.n;

	for (const char *p = text.p; p < end;) {
		unsigned char c = (unsigned char)*p;
		int n = c < 0x80 ? 1 : json_text_utf8(p, end);

		if (n < 0 || c == 127 ||
			(c < ' ' && !(lines && memchr("\n\r\t", c, 3))))
			return false;
		p += n;
	}
	return true;
}

static bool is_form(struct str content_type)
{
	return str_starts(content_type, S("application/x-www-form-urlencoded"));
}
