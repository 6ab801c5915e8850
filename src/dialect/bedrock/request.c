/*
 * request.c - whole requests in our own words, to and from the
 * neutral form.
 */
#include "dialect/bedrock/bedrock.h"

static bool read_messages(struct json value, void *into, struct arena *arena);
static bool read_tier(struct json value, void *into, struct arena *arena);
static void write_tier(const void *from, const struct shape_out *out);

/* `system` first: its message comes before the others. */
static const struct shape_row request_rows[] = {
	{ "system", SHAPE_SPECIAL, 0, bedrock_read_system,
		bedrock_write_system },
	{ "messages", SHAPE_SPECIAL, 0, read_messages, bedrock_write_messages },
	{ "inferenceConfig", SHAPE_SPECIAL, 0, bedrock_read_inference,
		bedrock_write_inference },
	{ "toolConfig", SHAPE_SPECIAL, 0, bedrock_read_tools,
		bedrock_write_tools },
	{ "additionalModelRequestFields", SHAPE_SPECIAL, 0,
		bedrock_read_additional, bedrock_write_additional },
	{ "outputConfig", SHAPE_SPECIAL, 0, bedrock_read_output,
		bedrock_write_output },
	{ "requestMetadata", SHAPE_OBJECT,
		offsetof(struct chat_request, metadata), NULL, NULL },
	{ "serviceTier", SHAPE_SPECIAL, 0, read_tier, write_tier },
};
static const struct shape request_shape = SHAPE_OF(request_rows);

static void set_idle_apart(struct chat_request *request);

bool bedrock_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	(void)err; /* read_head() found all that could be wrong */
	chat_request_init(out, S(BEDROCK_NAME));
	out->model = head->model;
	out->stream = head->stream ? CHAT_YES : CHAT_UNSET;
	shape_read(&request_shape, head->root, out, &out->extra, arena);
	set_idle_apart(out);
	return true;
}

/* An object without members asks for nothing. */
static void set_idle_apart(struct chat_request *request)
{
	struct chat_extra all = request->extra;
	struct chat_member *next;

	request->extra.first = request->extra.last = NULL;
	for (struct chat_member *kept = all.first; kept; kept = next) {
		bool is_idle = kept->member.value.type == JSON_TYPE_OBJECT &&
			       json_is_empty(kept->member.value);
		struct chat_extra *to =
			is_idle ? &request->idle_extra : &request->extra;

		next = kept->next;
		kept->next = NULL;
		if (to->last)
			to->last->next = kept;
		else
			to->first = kept;
		to->last = kept;
	}
}

bool bedrock_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	struct json_writer w;
	struct bedrock_translation t = { .request = request,
		.traits = traits,
		.losses = losses,
		.err = err,
		.model = bedrock_model_get(request->model),
		.out.w = &w };

	json_writer_init(&w, out);
	if (!str_equal(request->dialect, S(BEDROCK_NAME)))
		return bedrock_translate(&t);
	t.out.own_words = true;
	json_begin_object(&w);
	shape_write(&request_shape, request, &request->extra, &t.out);
	chat_extra_write(&request->idle_extra, &w);
	json_end_object(&w);
	return true;
}

static bool read_messages(struct json value, void *into, struct arena *arena)
{
	bedrock_read_messages(value, arena, into);
	return true;
}

static bool read_tier(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	return bedrock_read_tier(value, &request->service_tier, arena);
}

static void write_tier(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	bedrock_write_tier(request->service_tier, out->w);
}
