/*
 * embed.c - embeddings between formats: what fits, and what is lost.
 */
#include "dialect/embed/embed.h"

#include "dialect/losses.h"

static const char *const type_names[EMBED_TYPES] = {
	[EMBED_FLOAT] = "float",
	[EMBED_BASE64] = "base64",
	[EMBED_INT8] = "int8",
	[EMBED_UINT8] = "uint8",
	[EMBED_BINARY] = "binary",
	[EMBED_UBINARY] = "ubinary",
};

static bool is_query(enum embed_purpose purpose);
static bool check_types(const struct embed_request *request,
	const struct embed_format *to, struct error *err);
static bool check_inputs(
	const struct embed_request *request, struct error *err);
static bool find_in_extra(const struct embed_request *request,
	const struct chat_extra *extra, struct chat_losses *out,
	struct error *err);
static bool is_essential(const struct embed_format *format, struct str name);
static bool is_worth_a_word(struct json value);
static bool fit_vector(struct embed_vector *vector, unsigned wanted,
	struct arena *arena, struct error *err);
static struct json as_json(struct str text);

void embed_request_init(
	struct embed_request *request, const struct embed_format *format)
{
	*request = (struct embed_request){
		.format = format,
		.dimensions = -1,
	};
}

void embed_response_init(
	struct embed_response *response, const struct embed_format *format)
{
	*response = (struct embed_response){
		.format = format,
		.prompt_tokens = -1,
	};
}

enum embed_purpose embed_purpose_find(
	const struct embed_format *format, struct json word)
{
	for (int i = 0; i < EMBED_PURPOSES; i++)
		if (format->purposes[i] &&
			json_text_is(word, str_of(format->purposes[i])))
			return (enum embed_purpose)i;
	return EMBED_PURPOSE_UNSET;
}

const char *embed_purpose_word(
	const struct embed_request *request, const struct embed_format *to)
{
	enum embed_purpose purpose = request->purpose;

	if (!to->purposes[purpose] && is_query(purpose))
		purpose = EMBED_QUERY;
	return to->takes_purpose ? to->purposes[purpose] : NULL;
}

/* Kinds of queries that only some formats tell apart: each is compared with
 * what was embedded as a document. */
static bool is_query(enum embed_purpose purpose)
{
	return purpose == EMBED_QUESTION || purpose == EMBED_FACT_CHECK ||
	       purpose == EMBED_CODE_QUERY;
}

const char *embed_type_name(enum embed_type type)
{
	return type_names[type];
}

enum embed_type embed_type_find(struct json name)
{
	for (int i = 0; i < EMBED_TYPES; i++)
		if (json_text_is(name, str_of(type_names[i])))
			return (enum embed_type)i;
	return EMBED_TYPES;
}

unsigned embed_types_wanted(const struct embed_request *request)
{
	return request->types ? request->types : EMBED_TYPE(EMBED_FLOAT);
}

enum embed_type embed_type_sent(
	const struct embed_request *request, const struct embed_format *to)
{
	unsigned wanted = embed_types_wanted(request);

	for (int i = EMBED_INT8; i < EMBED_TYPES; i++)
		if (wanted & to->types & EMBED_TYPE(i))
			return (enum embed_type)i;
	if (wanted == EMBED_TYPE(EMBED_BASE64) && (wanted & to->types))
		return EMBED_BASE64;
	return EMBED_FLOAT;
}

bool embed_losses_find(const struct embed_request *request,
	const struct embed_format *to, struct chat_losses *out,
	struct error *err)
{
	const char *const *words = request->format->words;
	bool no_start = request->truncate == EMBED_TRUNCATE_START &&
			!to->truncates_start;

	if (request->dimensions == 0)
		return error_refuse(err, ERR_BAD_FIELD,
			words[EMBED_FIELD_DIMENSIONS],
			"'%s' must be a whole number, 1 or more.",
			words[EMBED_FIELD_DIMENSIONS]);
	if (!check_inputs(request, err) || !check_types(request, to, err))
		return false;
	if (request->purpose != EMBED_PURPOSE_UNSET &&
		(!to->takes_purpose || !to->purposes[request->purpose]))
		chat_losses_add(out, "%s", words[EMBED_FIELD_PURPOSE]);
	if (request->truncate != EMBED_TRUNCATE_UNSET &&
		(!to->words[EMBED_FIELD_TRUNCATE] || no_start))
		chat_losses_add(out, "%s", words[EMBED_FIELD_TRUNCATE]);
	if (request->user.n > 0 && !to->words[EMBED_FIELD_USER])
		chat_losses_add(out, "%s", words[EMBED_FIELD_USER]);
	for (size_t i = 0; i < request->input_count; i++) {
		const struct embed_input *input = &request->inputs[i];

		if (input->title.n > 0 && !to->words[EMBED_FIELD_TITLE])
			chat_losses_add(out, "%s", words[EMBED_FIELD_TITLE]);
		if (!find_in_extra(request, &input->extra, out, err) ||
			!find_in_extra(request, &input->inner_extra, out, err))
			return false;
	}
	return find_in_extra(request, &request->extra, out, err);
}

static bool check_inputs(const struct embed_request *request, struct error *err)
{
	char path[64];

	for (size_t i = 0; i < request->input_count; i++) {
		const struct embed_input *input = &request->inputs[i];

		if (input->text.p)
			continue;
		snprintf(path, sizeof(path),
			request->is_list ? "%.*s[%zu]" : "%.*s",
			STR_ARG(request->member), i);
		return error_refuse(err, ERR_UNSUPPORTED, path,
			"'%s' is %s; the provider of the chosen model takes "
			"texts.",
			path,
			str_starts(input->json, S("[")) ? "a list of tokens"
							: "not one plain text");
	}
	return true;
}

/* Quantized vectors are another thing than floats, and cannot be made of
 * them without knowing how the provider does it. */
static bool check_types(const struct embed_request *request,
	const struct embed_format *to, struct error *err)
{
	unsigned quantized = embed_types_wanted(request) & ~EMBED_FLOATS;
	const char *path = request->format->words[EMBED_FIELD_TYPES];
	bool is_one = !(quantized & (quantized - 1)) &&
		      embed_types_wanted(request) == quantized;

	if (quantized == 0)
		return true;
	if (!request->packs_integers && (quantized & ~to->types) == 0 &&
		(to->has_many_types || is_one))
		return true;
	return error_refuse(err, ERR_UNSUPPORTED, path,
		"'%s': the provider of the chosen model does not give vectors "
		"of %s.",
		path,
		(to->types & quantized) && !is_one ? "several types at once"
						   : "this type");
}

static bool find_in_extra(const struct embed_request *request,
	const struct chat_extra *extra, struct chat_losses *out,
	struct error *err)
{
	char path[96];

	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next) {
		struct str name = kept->member.name;

		if (!is_worth_a_word(kept->member.value))
			continue;
		snprintf(path, sizeof(path), "%.*s", STR_ARG(name));
		if (is_essential(request->format, name))
			return error_refuse(err, ERR_UNSUPPORTED, path,
				"'%s' has a value that the provider of the "
				"chosen model does not take.",
				path);
		chat_losses_add(out, "%s", path);
	}
	return true;
}

static bool is_essential(const struct embed_format *format, struct str name)
{
	for (const char *const *row = format->essential; *row; row++)
		if (str_equal(name, str_of(*row)))
			return true;
	return false;
}

/* A null asks for nothing, nor does an empty list. */
static bool is_worth_a_word(struct json value)
{
	if (value.type == JSON_TYPE_NULL)
		return false;
	return value.type != JSON_TYPE_ARRAY || !json_is_empty(value);
}

bool embed_response_fit(struct embed_response *response,
	const struct embed_request *asked, struct arena *arena,
	struct error *err)
{
	unsigned wanted = embed_types_wanted(asked);

	if (response->count != asked->input_count)
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"the provider gave %zu vectors for %zu inputs",
			response->count, asked->input_count);
	for (size_t i = 0; i < response->count; i++)
		if (!fit_vector(&response->vectors[i], wanted, arena, err))
			return false;
	return true;
}

static bool fit_vector(struct embed_vector *vector, unsigned wanted,
	struct arena *arena, struct error *err)
{
	struct str *floats = &vector->values[EMBED_FLOAT];
	struct str *base64 = &vector->values[EMBED_BASE64];

	if ((wanted & EMBED_TYPE(EMBED_BASE64)) && !base64->p && floats->p &&
		!embed_vector_to_base64(as_json(*floats), arena, base64))
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"a vector has what is no float32");
	if ((wanted & EMBED_TYPE(EMBED_FLOAT)) && !floats->p && base64->p &&
		!embed_vector_to_floats(as_json(*base64), arena, floats))
		return error_set(err, ERR_UPSTREAM_GARBAGE,
			"a vector is no base64 of float32");
	for (int i = 0; i < EMBED_TYPES; i++) {
		if ((wanted & EMBED_TYPE(i)) && !vector->values[i].p)
			return error_set(err, ERR_UPSTREAM_GARBAGE,
				"a vector is not of type %s", type_names[i]);
	}
	return true;
}

/* Checked JSON that starts with what it is. */
static struct json as_json(struct str text)
{
	return (struct json){
		text.p[0] == '"' ? JSON_TYPE_STRING : JSON_TYPE_ARRAY, text
	};
}
