/*
 * input.c - another dialect's messages as `instructions` and
 * a list of input items.
 *
 * The first system prompt becomes the instructions; others stay where they
 * are. The model's turn is several items: its reasoning, as far as OpenAI
 * sealed it, its texts, its calls. A result must name its call: where the
 * other dialect has no ids, calls and results are matched in order.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/losses.h"
#include "dialect/signature.h"

struct input {
	const struct chat_request *request;
	struct chat_losses *losses;
	struct json_writer *w;
	struct error *err;
	struct shape_out out; /* for parts */
	const struct chat_message *message;
	size_t message_index;
	size_t calls;   /* without an id, so far */
	size_t results; /* the same */
};

static const struct chat_message *find_instructions(
	const struct chat_request *request);
static bool write_message(struct input *in);
static bool write_content(
	struct input *in, const char *name, const struct chat_part *parts);
static bool is_plain(const struct chat_part *parts);
static bool write_turn(struct input *in);
static void write_reasoning(struct input *in, const struct chat_part *part);
static void lose(struct input *in, enum chat_field field);
static bool write_texts(struct input *in, const struct chat_part **part);
static bool is_said(const struct chat_part *part);
static struct chat_part with_citations(
	const struct input *in, const struct chat_part *part);
static bool has_text_behind(const struct chat_part *part);
static void lose_citations(struct input *in);
static bool lacks_url(const struct chat_citation *citation);
static void write_call(struct input *in, const struct chat_part *part);
static bool write_result(struct input *in);
static void write_call_id(struct input *in, struct str id, size_t *count);
static bool can_write(struct input *in, const struct chat_part *part);
static bool refuse(struct input *in);

bool openai_responses_write_input(const struct chat_request *request,
	struct chat_losses *losses, struct json_writer *w, struct error *err)
{
	struct input in = { .request = request,
		.losses = losses,
		.w = w,
		.err = err,
		.out = { .w = w } };
	const struct chat_message *instructions = find_instructions(request);

	if (instructions)
		json_member_str(w, "instructions", instructions->parts->text);
	json_name(w, "input");
	json_begin_array(w);
	for (size_t i = 0; i < request->message_count; i++) {
		in.message = &request->messages[i];
		in.message_index = i;
		if (in.message != instructions && !write_message(&in))
			return false;
	}
	json_end_array(w);
	return true;
}

static const struct chat_message *find_instructions(
	const struct chat_request *request)
{
	const struct chat_message *first = request->messages;

	if (request->message_count < 2 || first->role != CHAT_SYSTEM ||
		!is_plain(first->parts))
		return NULL;
	return first;
}

/* One text. */
static bool is_plain(const struct chat_part *parts)
{
	return parts && !parts->next && parts->kind == CHAT_TEXT;
}

static bool write_message(struct input *in)
{
	struct str role = S("user");

	lose_citations(in);
	switch (in->message->role) {
	case CHAT_ASSISTANT: return write_turn(in);
	case CHAT_TOOL: return write_result(in);
	case CHAT_FUNCTION: return refuse(in);
	case CHAT_SYSTEM: role = S("system"); break;
	case CHAT_DEVELOPER: role = S("developer"); break;
	case CHAT_USER:
	case CHAT_ROLE_UNSET: break;
	}
	json_begin_object(in->w);
	json_member_str(in->w, "type", S("message"));
	json_member_str(in->w, "role", role);
	if (!write_content(in, "content", in->message->parts))
		return false;
	json_end_object(in->w);
	return true;
}

static bool write_content(
	struct input *in, const char *name, const struct chat_part *parts)
{
	if (!parts || is_plain(parts)) {
		json_member_str(in->w, name, parts ? parts->text : S(""));
		return true;
	}
	json_name(in->w, name);
	json_begin_array(in->w);
	for (; parts; parts = parts->next) {
		if (!can_write(in, parts))
			return false;
		openai_responses_write_part(parts, false, &in->out);
	}
	json_end_array(in->w);
	return true;
}

static bool can_write(struct input *in, const struct chat_part *part)
{
	if (part->kind == CHAT_TEXT || part->kind == CHAT_IMAGE ||
		part->kind == CHAT_FILE || part->kind == CHAT_REFUSAL)
		return true;
	return refuse(in);
}

static bool refuse(struct input *in)
{
	const char *name = in->losses ? in->losses->from->messages : "messages";
	char path[96];

	snprintf(path, sizeof(path), "%s[%" PRId64 "]", name,
		in->message->wire_index);
	return error_refuse(in->err, ERR_UNSUPPORTED, path,
		"'%s' has a part that the provider of the chosen model does "
		"not take.",
		path);
}

static bool write_turn(struct input *in)
{
	const struct chat_part *part = in->message->parts;

	while (part) {
		switch (part->kind) {
		case CHAT_THINKING:
		case CHAT_REDACTED_THINKING: write_reasoning(in, part); break;
		case CHAT_TOOL_CALL: write_call(in, part); break;
		default:
			if (!write_texts(in, &part))
				return false;
			continue;
		}
		part = part->next;
	}
	return true;
}

/* Only what OpenAI sealed may be sent back: a reasoning item without its
 * encrypted content is looked for among those that were stored. */
static void write_reasoning(struct input *in, const struct chat_part *part)
{
	if (!signature_is_from(&part->signature, S(OPENAI_RESPONSES_NAME))) {
		if (in->losses)
			chat_losses_add_thought(in->losses, in->message, part);
		return;
	}
	json_begin_object(in->w);
	json_member_str(in->w, "type", S("reasoning"));
	if (part->id.n > 0)
		json_member_str(in->w, "id", part->id);
	json_name(in->w, "summary");
	json_begin_array(in->w);
	if (part->text.n > 0) {
		json_begin_object(in->w);
		json_member_str(in->w, "type", S("summary_text"));
		json_member_str(in->w, "text", part->text);
		json_end_object(in->w);
	}
	json_end_array(in->w);
	json_member_str(in->w, "encrypted_content", part->signature.text);
	json_end_object(in->w);
}

static void lose(struct input *in, enum chat_field field)
{
	struct chat_losses *losses = in->losses;

	if (losses && losses->from->words[field])
		chat_losses_add_in(losses, in->message,
			str_of(losses->from->words[field]));
}

/* A run of texts and refusals is one message. OpenAI's schema has no list of
 * output parts without an id, but its API takes one: the recordings show it.
 * One text is a string, which nobody can misunderstand. */
static bool write_texts(struct input *in, const struct chat_part **part)
{
	const struct chat_part *first = *part, *end = first;
	struct chat_part ours = with_citations(in, first);

	if (!is_said(first))
		return refuse(in);
	while (end && is_said(end))
		end = end->next;
	json_begin_object(in->w);
	json_member_str(in->w, "type", S("message"));
	json_member_str(in->w, "role", S("assistant"));
	if (first->next == end && first->kind == CHAT_TEXT && !ours.citations) {
		json_member_str(in->w, "content", first->text);
	} else {
		json_name(in->w, "content");
		json_begin_array(in->w);
		for (; first != end; first = first->next) {
			ours = with_citations(in, first);
			openai_responses_write_part(&ours, true, &in->out);
		}
		json_end_array(in->w);
	}
	json_end_object(in->w);
	*part = end;
	return true;
}

static bool is_said(const struct chat_part *part)
{
	return part->kind == CHAT_TEXT || part->kind == CHAT_REFUSAL;
}

/* Citations of a whole message are those of its last text. */
static struct chat_part with_citations(
	const struct input *in, const struct chat_part *part)
{
	struct chat_part ours = *part;

	if (part->kind == CHAT_TEXT && !part->citations &&
		!has_text_behind(part))
		ours.citations = in->message->citations;
	return ours;
}

static bool has_text_behind(const struct chat_part *part)
{
	for (part = part->next; part; part = part->next)
		if (part->kind == CHAT_TEXT)
			return true;
	return false;
}

/* Name those that have no place here: of a source without a URL, and of what
 * the model did not say. */
static void lose_citations(struct input *in)
{
	const struct chat_message *message = in->message;
	bool by_model = message->role == CHAT_ASSISTANT;
	bool has_place = false; /* for those of the whole message */
	bool loses = false;

	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		if (part->kind == CHAT_TEXT)
			has_place = by_model && !part->citations;
		loses |= part->citations &&
			 (!by_model || lacks_url(part->citations));
	}
	loses |= message->citations &&
		 (!has_place || lacks_url(message->citations));
	if (loses)
		lose(in, FIELD_CITATIONS);
}

static bool lacks_url(const struct chat_citation *citation)
{
	for (; citation; citation = citation->next)
		if (citation->url.n == 0)
			return true;
	return false;
}

static void write_call(struct input *in, const struct chat_part *part)
{
	bool is_custom = str_equal(part->call.type, S("custom"));
	struct str arguments = part->call.arguments;

	if (arguments.n == 0 && !is_custom)
		arguments = S("{}");
	json_begin_object(in->w);
	json_member_str(in->w, "type",
		is_custom ? S("custom_tool_call") : S("function_call"));
	write_call_id(in, part->call.id, &in->calls);
	json_member_str(in->w, "name", part->call.name);
	json_member_str(in->w, is_custom ? "input" : "arguments", arguments);
	json_end_object(in->w);
}

static void write_call_id(struct input *in, struct str id, size_t *count)
{
	char made[32];

	if (id.n == 0) {
		snprintf(made, sizeof(made), "call_%zu", (*count)++);
		id = str_of(made);
	}
	json_member_str(in->w, "call_id", id);
}

static bool write_result(struct input *in)
{
	const struct chat_message *message = in->message;
	const struct chat_call *call = chat_find_call(
		in->request, in->message_index, message->tool_call_id);
	bool is_custom = call && str_equal(call->type, S("custom"));

	json_begin_object(in->w);
	json_member_str(in->w, "type",
		is_custom ? S("custom_tool_call_output")
			  : S("function_call_output"));
	write_call_id(in, message->tool_call_id, &in->results);
	if (!write_content(in, "output", message->parts))
		return false;
	json_end_object(in->w);
	return true;
}
