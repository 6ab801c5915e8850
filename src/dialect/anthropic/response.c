/*
 * response.c - whole answers, to and from the neutral form. An
 * answer is one message, so there is always one choice.
 */
#include "dialect/anthropic/anthropic.h"

#define RESPONSE(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_response, field), NULL, NULL \
	}

static bool read_content(struct json value, void *into, struct arena *arena);
static void write_content(const void *from, const struct shape_out *out);
static bool read_stop_reason(
	struct json value, void *into, struct arena *arena);
static void write_stop_reason(const void *from, const struct shape_out *out);
static bool read_stop_sequence(
	struct json value, void *into, struct arena *arena);
static void write_stop_sequence(const void *from, const struct shape_out *out);
static bool read_usage(struct json value, void *into, struct arena *arena);
static void write_usage(const void *from, const struct shape_out *out);

/* `type` and `role` say what every answer is, and stay among the extras. */
static const struct shape_row response_rows[] = {
	RESPONSE("id", SHAPE_TEXT, id),
	RESPONSE("model", SHAPE_TEXT, model),
	{ "content", SHAPE_SPECIAL, 0, read_content, write_content },
	{ "stop_reason", SHAPE_SPECIAL, 0, read_stop_reason,
		write_stop_reason },
	{ "stop_sequence", SHAPE_SPECIAL, 0, read_stop_sequence,
		write_stop_sequence },
	{ "usage", SHAPE_SPECIAL, 0, read_usage, write_usage },
};
static const struct shape response_shape = SHAPE_OF(response_rows);

static const struct {
	struct str word;
	enum chat_finish finish;
} reasons[] = {
	{ STR("end_turn"), CHAT_FINISH_STOP },
	{ STR("stop_sequence"), CHAT_FINISH_STOP },
	{ STR("max_tokens"), CHAT_FINISH_LENGTH },
	{ STR("model_context_window_exceeded"), CHAT_FINISH_LENGTH },
	{ STR("tool_use"), CHAT_FINISH_TOOL_CALLS },
	{ STR("refusal"), CHAT_FINISH_FILTER },
};

static void write_foreign(
	const struct chat_response *response, struct json_writer *w);
static void write_blocks(
	const struct chat_message *message, struct json_writer *w);
static void write_block(const struct chat_message *message,
	const struct chat_part *part, struct json_writer *w);
static bool is_last_text(const struct chat_part *part);
static bool has_call(const struct chat_message *message);
static int64_t take(int64_t count, int64_t *left);
static int64_t count_or_none(int64_t count);

bool anthropic_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err)
{
	struct chat_choice *choice = ARENA_NEW(arena, struct chat_choice);
	struct json root;

	if (!facts_check(body, &root, err))
		return false;
	chat_response_init(out, S(ANTHROPIC_NAME));
	chat_message_init(&choice->message);
	choice->message.role = CHAT_ASSISTANT;
	out->choices = choice;
	out->choice_count = 1;
	shape_read(&response_shape, root, out, &out->extra, arena);
	chat_number_calls(&choice->message);
	return true;
}

void anthropic_write_response(
	const struct chat_response *response, struct buf *out)
{
	struct json_writer w;
	struct shape_out to = { .w = &w, .own_words = true, .is_reply = true };

	json_writer_init(&w, out);
	json_begin_object(&w);
	if (str_equal(response->dialect, S(ANTHROPIC_NAME)))
		shape_write(&response_shape, response, &response->extra, &to);
	else
		write_foreign(response, &w);
	json_end_object(&w);
}

/* Absent is another thing than empty only to write it again. */
static bool read_content(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;
	struct chat_message *message = &response->choices->message;
	struct json_cursor cursor = json_members(value);
	struct json_member block;

	if (!anthropic_is_block_list(value))
		return false;
	message->content_is_list = true;
	while (json_next(&cursor, &block))
		anthropic_read_block(
			block.value, ANTHROPIC_IN_ASSISTANT, arena, message);
	return true;
}

static void write_content(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;
	const struct chat_message *message = &response->choices->message;

	if (!message->content_is_list)
		return;
	json_name(out->w, "content");
	json_begin_array(out->w);
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		anthropic_write_block(part, out);
	json_end_array(out->w);
}

static bool read_stop_reason(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;

	return anthropic_read_stop_reason(value, arena, response->choices);
}

bool anthropic_read_stop_reason(
	struct json value, struct arena *arena, struct chat_choice *choice)
{
	if (!json_text(value, arena, &choice->finish_word))
		return false;
	choice->finish = CHAT_FINISH_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (str_equal(choice->finish_word, reasons[i].word))
			choice->finish = reasons[i].finish;
	return true;
}

static void write_stop_reason(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (response->choices->finish_word.p)
		json_member_str(
			out->w, "stop_reason", response->choices->finish_word);
}

static bool read_stop_sequence(
	struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;

	return json_text(value, arena, &response->choices->stop_sequence);
}

static void write_stop_sequence(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (response->choices->stop_sequence.p)
		json_member_str(out->w, "stop_sequence",
			response->choices->stop_sequence);
}

static bool read_usage(struct json value, void *into, struct arena *arena)
{
	struct chat_response *response = into;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	response->has_usage = true;
	response->usage_json = value.text;
	anthropic_read_usage(value, &response->usage);
	response->service_tier =
		anthropic_read_tier(json_find(value, S("service_tier")));
	return true;
}

/* Absent when it is none of these: "batch" is no tier elsewhere. */
struct str anthropic_read_tier(struct json word)
{
	static const struct {
		struct str word;
		struct str neutral;
	} tiers[] = {
		{ STR("standard"), STR("default") },
		{ STR("priority"), STR("priority") },
	};

	for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
		if (json_text_is(word, tiers[i].word))
			return tiers[i].neutral;
	return (struct str){ NULL, 0 };
}

static void write_usage(const void *from, const struct shape_out *out)
{
	const struct chat_response *response = from;

	if (response->has_usage)
		json_member_raw(out->w, "usage", response->usage_json);
}

/* Another dialect's answer: its first choice, for a client that could not ask
 * for more. */
static void write_foreign(
	const struct chat_response *response, struct json_writer *w)
{
	static const struct chat_choice none;
	const struct chat_choice *choice =
		response->choice_count > 0 ? response->choices : &none;

	json_member_str(w, "id", response->id);
	json_member_str(w, "type", S("message"));
	json_member_str(w, "role", S("assistant"));
	json_member_str(w, "model", response->model);
	json_name(w, "content");
	json_begin_array(w);
	write_blocks(&choice->message, w);
	json_end_array(w);
	anthropic_write_stop(choice->finish, choice->stop_sequence,
		has_call(&choice->message), w);
	json_name(w, "usage");
	json_begin_object(w);
	anthropic_write_usage(&response->usage, w);
	json_end_object(w);
}

static void write_blocks(
	const struct chat_message *message, struct json_writer *w)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		write_block(message, part, w);
}

/* Answers hold texts, thinking and calls; a sound is its transcript. */
static void write_block(const struct chat_message *message,
	const struct chat_part *part, struct json_writer *w)
{
	struct shape_out out = { .w = w, .is_reply = true };
	struct chat_part ours = *part;

	switch (part->kind) {
	case CHAT_TEXT:
		if (!ours.citations && is_last_text(part))
			ours.citations = message->citations;
		break;
	case CHAT_REFUSAL:
	case CHAT_AUDIO: ours.kind = CHAT_TEXT; break;
	case CHAT_THINKING:
	case CHAT_REDACTED_THINKING:
	case CHAT_TOOL_CALL: break;
	default: return;
	}
	if (ours.kind != CHAT_TEXT || ours.text.n > 0 || ours.signature.text.p)
		anthropic_write_block(&ours, &out);
}

static bool is_last_text(const struct chat_part *part)
{
	for (part = part->next; part; part = part->next)
		if (part->kind == CHAT_TEXT && part->text.n > 0)
			return false;
	return true;
}

static bool has_call(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL)
			return true;
	return false;
}

/* Some providers say "stop" though they call a tool. */
void anthropic_write_stop(enum chat_finish finish, struct str stop_sequence,
	bool has_calls, struct json_writer *w)
{
	struct str word = S("end_turn");
	bool met = finish == CHAT_FINISH_STOP && stop_sequence.p;

	if (finish == CHAT_FINISH_LENGTH)
		word = S("max_tokens");
	else if (finish == CHAT_FINISH_FILTER)
		word = S("refusal");
	else if (has_calls || finish == CHAT_FINISH_TOOL_CALLS)
		word = S("tool_use");
	else if (met)
		word = S("stop_sequence");
	json_member_str(w, "stop_reason", word);
	if (met)
		json_member_str(w, "stop_sequence", stop_sequence);
	else
		json_member_null(w, "stop_sequence");
	/* Why it was refused, other providers do not say. */
	json_member_null(w, "stop_details");
}

/* The two counts that clients insist on, and what is known besides. Some count
 * more as read from a cache than the prompt has. */
void anthropic_write_usage(
	const struct chat_usage *usage, struct json_writer *w)
{
	int64_t left = count_or_none(usage->prompt);
	int64_t written = take(usage->cache_write, &left);
	int64_t cached = take(usage->cached, &left);
	int64_t hour = count_or_none(usage->cache_write_1h);

	json_member_int(w, "input_tokens", left);
	if (usage->cache_write >= 0)
		json_member_int(w, "cache_creation_input_tokens", written);
	if (usage->cached >= 0)
		json_member_int(w, "cache_read_input_tokens", cached);
	if (usage->cache_write_1h >= 0) {
		json_name(w, "cache_creation");
		json_begin_object(w);
		json_member_int(w, "ephemeral_5m_input_tokens",
			count_or_none(written - hour));
		json_member_int(w, "ephemeral_1h_input_tokens", hour);
		json_end_object(w);
	}
	json_member_int(w, "output_tokens", count_or_none(usage->completion));
	if (usage->reasoning >= 0) {
		json_name(w, "output_tokens_details");
		json_begin_object(w);
		json_member_int(w, "thinking_tokens", usage->reasoning);
		json_end_object(w);
	}
}

/* At most what is left. */
static int64_t take(int64_t count, int64_t *left)
{
	int64_t taken = count_or_none(count < *left ? count : *left);

	*left -= taken;
	return taken;
}

static int64_t count_or_none(int64_t count)
{
	return count > 0 ? count : 0;
}
