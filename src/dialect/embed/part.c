/*
 * part.c - pieces of embedding requests and answers that several
 * formats have alike.
 */
#include "dialect/embed/embed.h"

static void read_input(
	struct json value, struct arena *arena, struct embed_input *out);

bool embed_read_inputs(struct json value, const char *member,
	struct arena *arena, struct embed_request *out, struct error *err)
{
	struct json_cursor cursor = json_members(value);
	struct json_member first;

	if (value.type == JSON_TYPE_ARRAY &&
		!(json_next(&cursor, &first) &&
			first.value.type == JSON_TYPE_NUMBER))
		return embed_read_list(value, member, arena, out, err);
	out->member = str_of(member);
	out->is_list = false;
	out->input_count = 1;
	out->inputs = ARENA_NEW(arena, struct embed_input);
	read_input(value, arena, out->inputs);
	return true;
}

bool embed_read_list(struct json value, const char *member, struct arena *arena,
	struct embed_request *out, struct error *err)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	out->member = str_of(member);
	out->is_list = true;
	out->input_count = json_length(value);
	if (out->input_count == 0)
		return error_refuse(err, ERR_BAD_FIELD, member,
			"'%s' is empty: send at least one text.", member);
	out->inputs = ARENA_ARRAY(arena, struct embed_input, out->input_count);
	for (size_t i = 0; json_next(&cursor, &item); i++)
		read_input(item.value, arena, &out->inputs[i]);
	return true;
}

static void read_input(
	struct json value, struct arena *arena, struct embed_input *out)
{
	out->json = value.text;
	if (!json_text(value, arena, &out->text))
		out->text = (struct str){ NULL, 0 };
}

void embed_write_inputs(const struct embed_request *request, bool own_words,
	struct json_writer *w)
{
	if (request->is_list)
		json_begin_array(w);
	for (size_t i = 0; i < request->input_count; i++)
		if (own_words)
			json_write_raw(w, request->inputs[i].json);
		else
			json_write_str(w, request->inputs[i].text);
	if (request->is_list)
		json_end_array(w);
}

bool embed_read_vectors(struct json list, enum embed_type type,
	struct arena *arena, struct embed_response *out, struct error *err)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	size_t count = json_length(list);

	if (list.type != JSON_TYPE_ARRAY ||
		(out->vectors && out->count != count))
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"the answer has no list of vectors, or of other length");
	if (!out->vectors)
		out->vectors = ARENA_ARRAY(arena, struct embed_vector, count);
	out->count = count;
	for (size_t i = 0; json_next(&cursor, &item); i++)
		if (!embed_read_vector(item.value, type, &out->vectors[i], err))
			return false;
	return true;
}

bool embed_read_vector(struct json value, enum embed_type type,
	struct embed_vector *out, struct error *err)
{
	bool is_base64 = value.type == JSON_TYPE_STRING;

	if (!is_base64 && value.type != JSON_TYPE_ARRAY)
		return error_set(err, ERR_UPSTREAM_GARBAGE, "a vector is %s",
			json_type_name(value.type));
	/* Perplexity's is of int8 whatever was asked for: who did not ask
	 * must not take it for floats. */
	if (is_base64 && type != EMBED_BASE64)
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"a vector is a string that was not asked for");
	/* Some that are asked for base64 know only lists. */
	if (!is_base64 && type == EMBED_BASE64)
		type = EMBED_FLOAT;
	out->values[type] = value.text;
	return true;
}

bool embed_read_nothing(struct json value, void *into, struct arena *arena)
{
	(void)value;
	(void)into;
	(void)arena;
	return true;
}

bool embed_read_encoding(struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;
	enum embed_type type = embed_type_find(value);

	return (type == EMBED_FLOAT || type == EMBED_BASE64) &&
	       json_text(value, arena, &request->encoding_word);
}

bool embed_read_dtype(struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;
	enum embed_type type = embed_type_find(value);

	if (type == EMBED_TYPES || type == EMBED_BASE64)
		return false;
	request->types = EMBED_TYPE(type);
	return json_text(value, arena, &request->dtype_word);
}

void embed_settle_types(struct embed_request *request)
{
	bool is_base64 = str_equal(request->encoding_word, S("base64"));

	if (is_base64 && (request->types & ~EMBED_FLOATS))
		request->packs_integers = true;
	else if (is_base64)
		request->types = EMBED_TYPE(EMBED_BASE64);
	else if (request->encoding_word.p && request->types == 0)
		request->types = EMBED_TYPE(EMBED_FLOAT);
}

bool embed_read_truncate(struct json value, void *into, struct arena *arena)
{
	struct embed_request *request = into;
	bool is_cut;

	(void)arena;
	if (!json_bool(value, &is_cut))
		return false;
	request->truncate = is_cut ? EMBED_TRUNCATE_END : EMBED_TRUNCATE_NONE;
	return true;
}

void embed_write_truncate(const char *name, const struct embed_request *request,
	const struct shape_out *out)
{
	if (request->truncate == EMBED_TRUNCATE_END)
		json_member_bool(out->w, name, true);
	else if (request->truncate == EMBED_TRUNCATE_NONE)
		json_member_bool(out->w, name, false);
}
