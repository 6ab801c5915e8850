/*
 * turns.c - another dialect's conversation as contents.
 *
 * Consecutive messages of one speaker become one content; results of tools
 * are a speaker of their own, because they must stand right behind the calls
 * that they answer, and all those of one turn together
 * (https://ai.google.dev/gemini-api/docs/function-calling). System prompts
 * stand in a member of their own, wherever in the conversation they were.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/head.h"
#include "dialect/losses.h"
#include "dialect/signature.h"

/* What Google documents for calls that its model did not make: Gemini 3
 * refuses the first call of a step without a signature
 * (https://ai.google.dev/gemini-api/docs/thought-signatures, "FAQs"). */
#define NO_SIGNATURE "skip_thought_signature_validator"

/* Results that are brought into the order of their calls. */
#define MAX_SORTED 64

enum speaker { SYSTEM, USER, MODEL, TOOL };

static bool write_contents(struct gemini_out *out, bool system_only);
static void write_system(struct gemini_out *out);
static bool has_turns(const struct chat_request *request);
static enum speaker speaker_of(const struct chat_message *message);
static bool says_anything(const struct chat_message *message);
static size_t find_turn_end(
	const struct chat_request *request, size_t begin, bool system_only);
static bool write_turn(struct gemini_out *out, size_t begin, size_t end);
static void begin_content(enum speaker speaker, struct json_writer *w);
static void end_content(struct json_writer *w);
static bool write_message(struct gemini_out *out,
	const struct chat_message *message, bool *needs_signature);
static void write_call(struct gemini_out *out, const struct chat_part *part,
	bool *needs_signature);
static struct head_path path_of(
	const struct gemini_out *out, const struct chat_message *message);
static bool write_results(struct gemini_out *out, size_t begin, size_t end);
static size_t sort_results(const struct chat_request *request, size_t begin,
	size_t end, size_t *order);
static size_t position_of(
	const struct chat_request *request, const struct chat_call *call);
static bool write_result(struct gemini_out *out, size_t index);
static void write_result_media(
	struct gemini_out *out, size_t begin, size_t end);
static bool stands_apart(
	const struct gemini_out *out, const struct chat_part *part);

bool gemini_is_old(struct str model)
{
	struct str family = S("gemini-");
	size_t at = str_find(model, family);
	struct str generation = str_from(model, at + family.n);

	return at < model.n && generation.n > 0 &&
	       (generation.p[0] == '1' || generation.p[0] == '2');
}

bool gemini_write_turns(struct gemini_out *out)
{
	/* Google wants contents: a system prompt alone is what is asked. */
	bool system_only = !has_turns(out->request);

	if (!system_only)
		write_system(out);
	return write_contents(out, system_only);
}

static bool has_turns(const struct chat_request *request)
{
	for (size_t i = 0; i < request->message_count; i++)
		if (speaker_of(&request->messages[i]) != SYSTEM)
			return true;
	return false;
}

static enum speaker speaker_of(const struct chat_message *message)
{
	switch (message->role) {
	case CHAT_SYSTEM:
	case CHAT_DEVELOPER: return SYSTEM;
	case CHAT_ASSISTANT: return MODEL;
	case CHAT_TOOL:
	case CHAT_FUNCTION: return TOOL;
	default: return USER;
	}
}

static void write_system(struct gemini_out *out)
{
	const struct chat_request *request = out->request;
	const struct shape_out to = { .w = out->w };
	bool began = false, is_late = false;

	for (size_t i = 0; i < request->message_count; i++) {
		const struct chat_message *message = &request->messages[i];

		if (speaker_of(message) != SYSTEM) {
			is_late = true;
			continue;
		}
		if (is_late && out->losses)
			chat_losses_add_in(out->losses, message, S("role"));
		for (const struct chat_part *part = message->parts; part;
			part = part->next) {
			if (!gemini_can_write(part, false))
				continue;
			if (!began) {
				json_name(out->w, "systemInstruction");
				json_begin_object(out->w);
				json_name(out->w, "parts");
				json_begin_array(out->w);
			}
			began = true;
			gemini_write_part(part, &to);
		}
	}
	if (!began)
		return;
	json_end_array(out->w);
	json_end_object(out->w);
}

static bool write_contents(struct gemini_out *out, bool system_only)
{
	const struct chat_request *request = out->request;
	size_t end;

	json_name(out->w, "contents");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->message_count; i = end) {
		const struct chat_message *message = &request->messages[i];

		end = i + 1;
		if (!says_anything(message) ||
			(speaker_of(message) == SYSTEM && !system_only))
			continue;
		end = find_turn_end(request, i, system_only);
		if (!write_turn(out, i, end))
			return false;
	}
	json_end_array(out->w);
	return true;
}

/* An empty prompt is for the provider to refuse; an empty answer of the model
 * is none. */
static bool says_anything(const struct chat_message *message)
{
	if (speaker_of(message) != MODEL)
		return true;
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL ||
			gemini_can_write(part, false))
			return true;
	return false;
}

/* The messages of one speaker, those between that say nothing included. */
static size_t find_turn_end(
	const struct chat_request *request, size_t begin, bool system_only)
{
	enum speaker speaker = speaker_of(&request->messages[begin]);
	size_t end = begin + 1;

	for (size_t i = end; i < request->message_count; i++) {
		const struct chat_message *message = &request->messages[i];
		enum speaker next = speaker_of(message);

		if (!says_anything(message) || (next == SYSTEM && !system_only))
			continue;
		if (next != speaker)
			break;
		end = i + 1;
	}
	return end;
}

static bool write_turn(struct gemini_out *out, size_t begin, size_t end)
{
	const struct chat_request *request = out->request;
	enum speaker speaker = speaker_of(&request->messages[begin]);
	bool needs_signature = speaker == MODEL && !out->is_old;

	if (speaker == TOOL)
		return write_results(out, begin, end);
	begin_content(speaker, out->w);
	for (size_t i = begin; i < end; i++)
		if (speaker_of(&request->messages[i]) == speaker &&
			!write_message(
				out, &request->messages[i], &needs_signature))
			return false;
	end_content(out->w);
	return true;
}

static void begin_content(enum speaker speaker, struct json_writer *w)
{
	json_begin_object(w);
	json_member_str(w, "role", speaker == MODEL ? S("model") : S("user"));
	json_name(w, "parts");
	json_begin_array(w);
}

static void end_content(struct json_writer *w)
{
	json_end_array(w);
	json_end_object(w);
}

static bool write_message(struct gemini_out *out,
	const struct chat_message *message, bool *needs_signature)
{
	const struct shape_out to = { .w = out->w };
	bool wrote = false;

	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		if (part->kind == CHAT_THINKING && out->no_thoughts)
			continue;
		if (part->kind == CHAT_TOOL_CALL) {
			write_call(out, part, needs_signature);
		} else if (gemini_can_write(part, false)) {
			gemini_write_part(part, &to);
		} else {
			if (part->kind == CHAT_THINKING && out->losses)
				chat_losses_add_thought(
					out->losses, message, part);
			continue;
		}
		wrote = true;
	}
	if (wrote || speaker_of(message) == MODEL)
		return true;
	json_begin_object(out->w);
	json_member_str(out->w, "text", S(""));
	json_end_object(out->w);
	return true;
}

static void write_call(struct gemini_out *out, const struct chat_part *part,
	bool *needs_signature)
{
	const struct shape_out to = { .w = out->w };
	struct chat_part call = *part;

	if (out->is_old)
		call.call.id = (struct str){ NULL, 0 };
	if (*needs_signature &&
		!signature_is_from(&call.signature, S(GEMINI_NAME)))
		call.signature = (struct chat_signature){ S(NO_SIGNATURE),
			S(GEMINI_NAME) };
	*needs_signature = false;
	gemini_write_part(&call, &to);
}

static struct head_path path_of(
	const struct gemini_out *out, const struct chat_message *message)
{
	return head_path("%s[%" PRId64 "]",
		out->losses ? out->losses->from->messages : "messages",
		message->wire_index);
}

/* Models before Gemini 3 know no ids of calls and no media in a result: their
 * results are told apart by their order, and the media come as a turn of
 * their own. So do, with all models, media that are not sent but named by a
 * URL. */
static bool write_results(struct gemini_out *out, size_t begin, size_t end)
{
	size_t order[MAX_SORTED];
	size_t sorted = 0;

	if (out->is_old)
		sorted = sort_results(out->request, begin, end, order);
	begin_content(TOOL, out->w);
	for (size_t i = 0; i < sorted; i++)
		if (!write_result(out, order[i]))
			return false;
	for (size_t i = begin; i < end && sorted == 0; i++)
		if (speaker_of(&out->request->messages[i]) == TOOL &&
			!write_result(out, i))
			return false;
	end_content(out->w);
	write_result_media(out, begin, end);
	return true;
}

/* In the order in which their calls were made. 0: left as they are. */
static size_t sort_results(const struct chat_request *request, size_t begin,
	size_t end, size_t *order)
{
	size_t positions[MAX_SORTED];
	size_t count = 0;

	for (size_t i = begin; i < end; i++) {
		const struct chat_message *message = &request->messages[i];
		const struct chat_call *call;
		size_t at = count, position;

		if (speaker_of(message) != TOOL)
			continue;
		call = chat_find_call(request, i, message->tool_call_id);
		if (!call || count == MAX_SORTED)
			return 0;
		position = position_of(request, call);
		for (; at > 0 && position < positions[at - 1]; at--) {
			positions[at] = positions[at - 1];
			order[at] = order[at - 1];
		}
		positions[at] = position;
		order[at] = i;
		count++;
	}
	return count;
}

static size_t position_of(
	const struct chat_request *request, const struct chat_call *call)
{
	size_t position = 0;

	for (size_t i = 0; i < request->message_count; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next) {
			if (&part->call == call)
				return position;
			position += part->kind == CHAT_TOOL_CALL;
		}
	return position;
}

static bool write_result(struct gemini_out *out, size_t index)
{
	const struct chat_message *message = &out->request->messages[index];
	const struct chat_call *call =
		chat_find_call(out->request, index, message->tool_call_id);
	struct gemini_result result = {
		.message = message,
		.name = call ? call->name : message->name,
		.with_media = !out->is_old,
	};

	if (result.name.n == 0) {
		struct head_path path = path_of(out, message);

		return error_refuse(out->err, ERR_BAD_FIELD, path.text,
			"'%s' is the result of a tool call that is not in the "
			"conversation.",
			path.text);
	}
	if (call && !out->is_old)
		result.id = message->tool_call_id;
	gemini_write_foreign_result(&result, out->w);
	return true;
}

/* What may not stand inside a result. */
static void write_result_media(struct gemini_out *out, size_t begin, size_t end)
{
	const struct shape_out to = { .w = out->w };
	bool began = false;

	for (size_t i = begin; i < end; i++) {
		const struct chat_message *message = &out->request->messages[i];

		if (speaker_of(message) != TOOL)
			continue;
		for (const struct chat_part *part = message->parts; part;
			part = part->next) {
			if (!stands_apart(out, part))
				continue;
			if (!began)
				begin_content(USER, out->w);
			began = true;
			gemini_write_part(part, &to);
		}
	}
	if (began)
		end_content(out->w);
}

static bool stands_apart(
	const struct gemini_out *out, const struct chat_part *part)
{
	return part->kind != CHAT_TEXT && gemini_can_write(part, false) &&
	       (out->is_old || !part->data.p);
}
