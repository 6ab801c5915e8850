/*
 * chat_texts.c - the tokens of a request's texts, without what is around them.
 */
#include "tokens/chat.h"

typedef int64_t count_text(
	const struct vocabulary *vocabulary, struct str text);

static int64_t texts_of(count_text *count, const struct vocabulary *vocabulary,
	const struct token_chat *chat);
static int64_t message_texts(count_text *count,
	const struct vocabulary *vocabulary,
	const struct token_message *message);

int64_t token_chat_texts(
	const struct vocabulary *vocabulary, const struct token_chat *chat)
{
	return texts_of(vocabulary_count, vocabulary, chat);
}

int64_t token_chat_bound(
	const struct vocabulary *vocabulary, const struct token_chat *chat)
{
	return texts_of(vocabulary_bound, vocabulary, chat);
}

static int64_t texts_of(count_text *count, const struct vocabulary *vocabulary,
	const struct token_chat *chat)
{
	int64_t tokens = count(vocabulary, chat->schema.text);

	for (size_t i = 0; i < chat->message_count; i++)
		tokens += message_texts(count, vocabulary, &chat->messages[i]);
	for (size_t i = 0; i < chat->tool_count; i++) {
		const struct token_tool *tool = &chat->tools[i];

		tokens += count(vocabulary, tool->name) +
			  count(vocabulary, tool->description) +
			  count(vocabulary, tool->parameters.text) +
			  count(vocabulary, tool->other.text);
	}
	return tokens;
}

static int64_t message_texts(count_text *count,
	const struct vocabulary *vocabulary,
	const struct token_message *message)
{
	int64_t tokens = count(vocabulary, message->name);

	for (const struct token_part *part = message->parts; part;
		part = part->next)
		tokens += count(vocabulary, part->text) +
			  count(vocabulary, part->name);
	return tokens;
}
