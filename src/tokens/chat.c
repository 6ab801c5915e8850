/*
 * chat.c - OpenAI's frames around messages, calls, tools and answer formats.
 *
 * A request is written out as a row of messages: each begins with three
 * tokens that are no text and the name of who speaks, and the answer begins
 * with three more. Models that reason have two less there, one more elsewhere.
 * Numbers without another source were found by what was billed
 * (tests/tokens/README.md tells for which recordings they hold).
 */
#include "tokens/chat.h"

#include "tokens/declare.h"
#include "tokens/estimate.h"
#include "tokens/image.h"

/* As much of the tools as is written out; the rest is not counted. */
#define MAX_DECLARATION_BYTES (8u << 20)
/* Two lines between what the developer says and what is put behind it. */
#define TOOLS_HEAD "# Tools\n\n## functions\n\n"
#define FORMAT_HEAD "# Response Formats\n\n## "
/* A picture whose size is not known, as if it had 1024 x 1024 pixels. */
#define UNKNOWN_SIDE 1024
/* Sound: ten tokens a second, and as many bytes of it in base64 as a second
 * of speech has in the usual formats. */
#define SOUND_BYTES_PER_TOKEN 4267
/* A file in base64: what a page of a document has. */
#define FILE_BYTES_PER_TOKEN 32

/* What is around texts; in tokens. */
struct frame {
	int64_t message;        /* each, without its role */
	int64_t reply;          /* once: the answer's beginning */
	int64_t assistant_text; /* more for what the model said itself */
	int64_t call;           /* more for each call, its result included */
	int64_t tools;          /* more when there are tools */
	int64_t several_tools;  /* more when there are two or more */
	int64_t tools_alone;    /* more when nobody else speaks before */
	int64_t tools_behind;   /* more when somebody does */
	bool joins_calls;       /* several at once are one text */
	bool has_no_roles;
};

static const struct frame chat_frame = {
	.message = 3,
	.reply = 3,
	.call = 2,
	.tools_alone = -1,
	.tools_behind = -1,
	.joins_calls = true,
};
static const struct frame responses_frame = {
	.message = 3,
	.reply = 3,
	.call = 2,
	.tools_alone = -7,
	.tools_behind = -3,
	.joins_calls = true,
};
static const struct frame reasoning_chat_frame = {
	.message = 3,
	.reply = 2,
	.assistant_text = 2,
	.call = 8,
	.tools = 81,
	.several_tools = 1,
	.tools_alone = -1,
	.tools_behind = 3,
};
static const struct frame reasoning_responses_frame = {
	.message = 3,
	.reply = 2,
	.assistant_text = 2,
	.call = 9,
	.tools_alone = -1,
	.tools_behind = 3,
};
/* The first of those that reason write no channels yet. */
static const struct frame early_frame = {
	.message = 3,
	.reply = 2,
	.call = 2,
	.tools_alone = -1,
	.tools_behind = 3,
};
/* Models that search are paid by the search; of what is said, for the text
 * alone. */
static const struct frame search_frame = { .has_no_roles = true };

struct count {
	const struct token_chat *chat;
	const struct vocabulary *vocabulary;
	const struct frame *frame;
	struct arena *arena;
	bool tools_are_written; /* behind somebody's text */
	bool format_is_written;
	int64_t tokens;
	enum token_certainty certainty;
};

static const struct frame *frame_of(const struct token_chat *chat);
static bool model_reasons(struct str model);
static struct str bare(struct str model);
static void message(struct count *count, const struct token_message *message);
static void named(struct count *count, struct str name);
static void said(struct count *count, const struct token_message *message);
static int64_t beginning(const struct frame *frame);
static bool takes_tools(
	const struct count *count, const struct token_message *message);
static void append_behind(struct count *count, struct buf *text);
static void append_tools(struct count *count, struct buf *text);
static void append_format(struct count *count, struct buf *text);
static void calls(struct count *count, const struct token_message *message);
static void joined_calls(
	struct count *count, const struct token_message *message);
static void append_arguments(
	struct count *count, struct str arguments, struct buf *out);
static void result(struct count *count, const struct token_message *message);
static void alone(struct count *count);
static void choice(struct count *count);
static void medium(struct count *count, const struct token_part *part);
static void picture(struct count *count, const struct token_part *part);
static int64_t text_tokens(const struct count *count, struct str text);
static bool is_uncertain(const struct token_chat *chat);

struct token_count token_chat_count(const struct tokenizer *tokenizer,
	const struct token_chat *chat, struct arena *arena)
{
	struct count count = {
		.chat = chat,
		.vocabulary = tokenizer_vocabulary(tokenizer, chat->model),
		.frame = frame_of(chat),
		.arena = arena,
	};

	if (!count.vocabulary || !count.frame)
		return token_chat_estimate(tokenizer, chat);
	count.tokens = count.frame->reply;
	for (size_t i = 0; i < chat->message_count; i++)
		message(&count, &chat->messages[i]);
	alone(&count);
	choice(&count);
	if (is_uncertain(chat))
		count.certainty = TOKENS_ESTIMATED;
	return (struct token_count){ count.tokens, count.certainty };
}

/* NULL: who serves the model puts something of its own around. */
static const struct frame *frame_of(const struct token_chat *chat)
{
	bool responses = chat->api == TOKEN_API_RESPONSES;

	if (str_starts(bare(chat->model), S("gpt-oss")))
		return NULL;
	if (str_find(chat->model, S("-search-preview")) < chat->model.n)
		return &search_frame;
	if (str_starts(bare(chat->model), S("o")))
		return &early_frame;
	if (model_reasons(chat->model))
		return responses ? &reasoning_responses_frame
				 : &reasoning_chat_frame;
	return responses ? &responses_frame : &chat_frame;
}

/* Those whose answers are written in channels, speech among them. */
static bool model_reasons(struct str model)
{
	static const struct str prefixes[] = { STR("gpt-5"), STR("gpt-audio"),
		STR("codex-mini"), STR("computer-use-preview") };

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(bare(model), prefixes[i]))
			return true;
	return false;
}

static struct str bare(struct str model)
{
	return str_starts(model, S("openai/")) ? str_from(model, S("openai/").n)
					       : model;
}

static void message(struct count *count, const struct token_message *message)
{
	/* The first version of a model whose later ones have one less. */
	if (str_starts(count->chat->model, S("gpt-3.5-turbo-0301")))
		count->tokens++;
	if (message->role == TOKEN_TOOL) {
		result(count, message);
		return;
	}
	said(count, message);
	if (message->name.n > 0)
		named(count, message->name);
	if (message->role == TOKEN_ASSISTANT)
		calls(count, message);
}

/* Published is one more than the name has; of the only one that is recorded,
 * which repeats the role, that one is not billed. */
static void named(struct count *count, struct str name)
{
	bool is_role = str_equal(name, S("user"));

	count->tokens += text_tokens(count, name) + (is_role ? 0 : 1);
	if (!is_role)
		count->certainty = TOKENS_ESTIMATED;
}

/* The texts of a message are one text, and the tools stand behind the first
 * that is not the user's. */
static void said(struct count *count, const struct token_message *message)
{
	struct buf text = BUF_INIT(SIZE_MAX / 2);
	const struct token_part *part;
	bool has_calls = false, has_text = false;

	for (part = message->parts; part; part = part->next) {
		has_calls |= part->kind == TOKEN_CALL;
		has_text |= part->kind == TOKEN_TEXT && part->text.n > 0;
		if (part->kind == TOKEN_TEXT)
			buf_append(&text, part->text);
		else
			medium(count, part);
	}
	/* Nobody recorded what the two are together. */
	if (has_text && has_calls)
		count->certainty = TOKENS_ESTIMATED;
	/* A message that only calls is counted with its calls. */
	if (has_text || !has_calls) {
		if (takes_tools(count, message))
			append_behind(count, &text);
		count->tokens += text_tokens(count, buf_str(&text)) +
				 beginning(count->frame);
		if (message->role == TOKEN_ASSISTANT)
			count->tokens += count->frame->assistant_text;
	}
	buf_release(&text);
}

/* Of a message: what is no text, and its role. */
static int64_t beginning(const struct frame *frame)
{
	return frame->has_no_roles ? 0 : frame->message + 1;
}

static bool takes_tools(
	const struct count *count, const struct token_message *message)
{
	return (message->role == TOKEN_SYSTEM ||
		       message->role == TOKEN_DEVELOPER) &&
	       !count->tools_are_written && !count->format_is_written;
}

static void append_behind(struct count *count, struct buf *text)
{
	if (count->chat->tool_count > 0) {
		buf_append(text, S("\n\n"));
		append_tools(count, text);
		count->tokens += count->frame->tools_behind;
		count->tools_are_written = true;
	}
	if (count->chat->schema.type != JSON_TYPE_NONE) {
		buf_append(text, S("\n\n"));
		append_format(count, text);
		count->format_is_written = true;
	}
}

static void append_tools(struct count *count, struct buf *text)
{
	struct buf declarations = BUF_INIT(MAX_DECLARATION_BYTES);
	struct buf other = BUF_INIT(MAX_DECLARATION_BYTES);

	count->tokens += count->frame->tools;
	if (count->chat->tool_count > 1)
		count->tokens += count->frame->several_tools;
	buf_append(text, S(TOOLS_HEAD));
	if (!declare_tools(count->chat, count->arena, &declarations))
		count->certainty = TOKENS_ESTIMATED;
	buf_append(text, buf_str(&declarations));
	for (size_t i = 0; i < count->chat->tool_count; i++)
		if (count->chat->tools[i].other.type != JSON_TYPE_NONE) {
			declare_json(
				count->chat->tools[i].other, false, &other);
			count->certainty = TOKENS_ESTIMATED;
		}
	buf_append(text, buf_str(&other));
	buf_release(&other);
	buf_release(&declarations);
}

static void append_format(struct count *count, struct buf *text)
{
	const struct token_chat *chat = count->chat;

	/* Behind tools it has no head. */
	if (chat->tool_count == 0) {
		buf_append(text, S(FORMAT_HEAD));
		buf_append(text, chat->schema_name);
		buf_append(text, S("\n\n"));
		count->tokens += chat->schema_is_strict ? 5 : 4;
	}
	declare_json(chat->schema, true, text);
	count->certainty = TOKENS_ESTIMATED;
}

/* " to=functions.NAME" behind the role, then the arguments. */
static void calls(struct count *count, const struct token_message *message)
{
	const struct token_part *part;
	size_t number = 0;

	for (part = message->parts; part; part = part->next)
		number += part->kind == TOKEN_CALL;
	if (number > 1 && count->frame->joins_calls) {
		joined_calls(count, message);
		return;
	}
	for (part = message->parts; part; part = part->next) {
		struct buf text = BUF_INIT(SIZE_MAX / 2);

		if (part->kind != TOKEN_CALL)
			continue;
		append_arguments(count, part->text, &text);
		count->tokens += beginning(count->frame) + count->frame->call +
				 text_tokens(count, buf_str(&text));
		buf_clear(&text);
		buf_append(&text, S(" to=functions."));
		buf_append(&text, part->name);
		count->tokens += text_tokens(count, buf_str(&text));
		buf_release(&text);
	}
}

static void joined_calls(
	struct count *count, const struct token_message *message)
{
	struct buf text = BUF_INIT(SIZE_MAX / 2);
	const struct token_part *part;
	bool more = false;

	buf_append(&text, S("{\"tool_uses\":["));
	for (part = message->parts; part; part = part->next) {
		if (part->kind != TOKEN_CALL)
			continue;
		buf_append(&text, more ? S(",") : S(""));
		more = true;
		buf_append(&text, S("{\"recipient_name\":\"functions."));
		buf_append(&text, part->name);
		buf_append(&text, S("\",\"parameters\":"));
		append_arguments(count, part->text, &text);
		buf_append_char(&text, '}');
	}
	buf_append(&text, S("]}"));
	count->tokens += beginning(count->frame) + count->frame->call +
			 text_tokens(count, buf_str(&text)) +
			 text_tokens(count, S(" to=multi_tool_use.parallel"));
	count->certainty = TOKENS_ESTIMATED;
	buf_release(&text);
}

/* As JSON without white space, or as they are. */
static void append_arguments(
	struct count *count, struct str arguments, struct buf *out)
{
	struct error err;
	struct json json;

	if (json_check(arguments, JSON_MAX_DEPTH, &json, &err))
		declare_json(json, false, out);
	else if (arguments.n > 0)
		count->certainty = TOKENS_ESTIMATED, buf_append(out, arguments);
}

/* A result has its function's name for a role. */
static void result(struct count *count, const struct token_message *message)
{
	struct buf name = BUF_INIT(SIZE_MAX / 2);
	struct buf text = BUF_INIT(SIZE_MAX / 2);

	for (const struct token_part *part = message->parts; part;
		part = part->next) {
		if (part->kind == TOKEN_TEXT)
			buf_append(&text, part->text);
		else
			medium(count, part);
	}
	buf_append(&name, S("functions."));
	buf_append(&name, message->name);
	count->tokens += count->frame->message +
			 text_tokens(count, buf_str(&name)) +
			 text_tokens(count, buf_str(&text));
	buf_release(&name);
	buf_release(&text);
}

/* Tools and format in a message of their own. */
static void alone(struct count *count)
{
	struct buf text = BUF_INIT(SIZE_MAX / 2);
	bool has_tools =
		count->chat->tool_count > 0 && !count->tools_are_written;
	bool has_format = count->chat->schema.type != JSON_TYPE_NONE &&
			  !count->format_is_written;

	if (has_tools) {
		append_tools(count, &text);
		count->tokens += count->frame->tools_alone;
	}
	if (has_tools && has_format)
		buf_append(&text, S("\n\n"));
	if (has_format)
		append_format(count, &text);
	if (text.n > 0)
		count->tokens += beginning(count->frame) +
				 text_tokens(count, buf_str(&text));
	buf_release(&text);
}

/* The answer begins with the name of what it must call. */
static void choice(struct count *count)
{
	struct buf text = BUF_INIT(SIZE_MAX / 2);

	if (count->chat->choice != TOKEN_CHOICE_NAMED ||
		!count->frame->joins_calls)
		return;
	buf_append(&text, S(" to=functions."));
	buf_append(&text, count->chat->choice_name);
	count->tokens += 4 + text_tokens(count, buf_str(&text));
	buf_release(&text);
}

static void medium(struct count *count, const struct token_part *part)
{
	int64_t bytes = (int64_t)part->data.n;

	switch (part->kind) {
	case TOKEN_IMAGE: picture(count, part); break;
	case TOKEN_AUDIO:
		count->tokens += bytes / SOUND_BYTES_PER_TOKEN + 1;
		break;
	case TOKEN_FILE:
		count->tokens += bytes / FILE_BYTES_PER_TOKEN + 1;
		break;
	case TOKEN_OTHER:
		count->tokens += text_tokens(count, part->text);
		break;
	case TOKEN_TEXT:
	case TOKEN_CALL: return;
	}
	count->certainty = TOKENS_ESTIMATED;
}

static void picture(struct count *count, const struct token_part *part)
{
	int64_t width = UNKNOWN_SIDE, height = UNKNOWN_SIDE;

	if (!image_size(part->data, &width, &height))
		width = height = UNKNOWN_SIDE;
	count->tokens += image_tokens(
		bare(count->chat->model), part->detail, width, height);
}

static int64_t text_tokens(const struct count *count, struct str text)
{
	return vocabulary_count(count->vocabulary, text);
}

/* What is known of Responses with tools holds for some of the recordings; of
 * the first models that reason there is none with them. */
static bool is_uncertain(const struct token_chat *chat)
{
	return chat->is_partial ||
	       (chat->tool_count > 0 &&
		       (chat->api == TOKEN_API_RESPONSES ||
			       frame_of(chat) == &early_frame));
}
