/*
 * options.c - the members of `options`, which steer the sampling, to
 * and from the neutral form. There are many more of them, for the machine that
 * runs the model: https://docs.ollama.com/modelfile#parameter
 */
#include "dialect/ollama/ollama.h"

#define OPTION(name, kind, field)                                            \
	{                                                                    \
		name, kind, offsetof(struct chat_request, field), NULL, NULL \
	}

static bool read_stop(struct json value, void *into, struct arena *arena);
static void write_stop(const void *from, const struct shape_out *out);

static const struct shape_row option_rows[] = {
	OPTION("temperature", SHAPE_NUMBER, temperature),
	OPTION("top_p", SHAPE_NUMBER, top_p),
	OPTION("top_k", SHAPE_NUMBER, top_k),
	OPTION("min_p", SHAPE_NUMBER, min_p),
	OPTION("frequency_penalty", SHAPE_NUMBER, frequency_penalty),
	OPTION("presence_penalty", SHAPE_NUMBER, presence_penalty),
	OPTION("repeat_penalty", SHAPE_NUMBER, repetition_penalty),
	OPTION("seed", SHAPE_NUMBER, seed),
	/* -1, no limit, and -2, the rest of the context, are its own. */
	OPTION("num_predict", SHAPE_COUNT, max_tokens),
	{ "stop", SHAPE_SPECIAL_TEXTS, 0, read_stop, write_stop },
};
static const struct shape options_shape = SHAPE_OF(option_rows);

static bool has_options(
	const struct chat_request *request, const struct shape_out *out);

/* {} stays among what asks for nothing. */
bool ollama_read_options(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	if (value.type != JSON_TYPE_OBJECT || json_is_empty(value))
		return false;
	request->inner_extra.within = "options";
	shape_read(
		&options_shape, value, request, &request->inner_extra, arena);
	return true;
}

void ollama_write_options(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (!has_options(request, out))
		return;
	json_name(out->w, "options");
	json_begin_object(out->w);
	shape_write(&options_shape, request, &request->inner_extra, out);
	json_end_object(out->w);
}

static bool has_options(
	const struct chat_request *request, const struct shape_out *out)
{
	return request->temperature.p || request->top_p.p || request->top_k.p ||
	       request->min_p.p || request->frequency_penalty.p ||
	       request->presence_penalty.p || request->repetition_penalty.p ||
	       request->seed.p || request->max_tokens >= 0 || request->stop ||
	       (out->own_words && request->inner_extra.first);
}

static bool read_stop(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct str text;

	if (!json_text(value, arena, &text))
		return chat_read_stops(value, request, arena);
	request->stop = ARENA_NEW(arena, struct chat_stop);
	request->stop->text = text;
	return true;
}

/* A list unless it came otherwise: "option "stop" must be of type array",
 * says api/types.go of what is not one. */
static void write_stop(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->stop && out->own_words && !request->stop_is_list)
		json_member_str(out->w, "stop", request->stop->text);
	else
		chat_write_stops("stop", request, out->w);
}
