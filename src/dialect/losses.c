/*
 * losses.c - the names of what is lost, in the words of the client.
 */
#include "dialect/losses.h"

#define MAX_NAMES_BYTES 4096

void chat_losses_init(struct chat_losses *losses, const struct dialect *from)
{
	losses->from = from;
	buf_init(&losses->names, MAX_NAMES_BYTES);
}

void chat_losses_release(struct chat_losses *losses)
{
	buf_release(&losses->names);
}

void chat_losses_add(struct chat_losses *losses, const char *format, ...)
{
	char name[128];
	va_list args;
	struct str rest = buf_str(&losses->names);

	if (losses->names.n + sizeof(name) + 2 > MAX_NAMES_BYTES)
		return; /* a header has an end; the first ones tell enough */
	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	/* A client chooses its own names, and these go into a header. */
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
			*c = '?';
	while (rest.n > 0) {
		struct str one = str_head(rest, str_index(rest, ','));

		if (str_equal(one, str_of(name)))
			return;
		rest = str_from(rest, one.n + 2);
	}
	buf_printf(&losses->names, "%s%s", losses->names.n ? ", " : "", name);
}

void chat_losses_add_in(struct chat_losses *losses,
	const struct chat_message *message, struct str what)
{
	if (message->wire_index < 0 && message->member.p)
		chat_losses_add(losses, "%.*s.%.*s", STR_ARG(message->member),
			STR_ARG(what));
	else
		chat_losses_add(losses, "%s[%" PRId64 "].%.*s",
			losses->from->messages, message->wire_index,
			STR_ARG(what));
}

void chat_losses_add_field(struct chat_losses *losses,
	const struct chat_message *message, enum chat_field field)
{
	const char *name = chat_losses_word(losses->from, field);

	if (message)
		chat_losses_add_in(losses, message, str_of(name));
	else
		chat_losses_add(losses, "%s", name);
}

void chat_losses_add_thought(struct chat_losses *losses,
	const struct chat_message *message, const struct chat_part *thought)
{
	bool is_redacted = thought->kind == CHAT_REDACTED_THINKING;

	if (thought->text.n > 0 || thought->data.n > 0 ||
		thought->signature.text.n > 0)
		chat_losses_add_field(losses, message,
			is_redacted ? FIELD_REDACTED_THINKING : FIELD_THINKING);
}

/* A client can say only what its format has a word for; should a reader ever
 * find more than its table has, the client is not at fault. */
const char *chat_losses_word(const struct dialect *from, enum chat_field field)
{
	return from->words[field] ? from->words[field] : "unnamed";
}

void chat_message_path(const struct dialect *from,
	const struct chat_message *message, char *out, size_t size)
{
	if (message->wire_index < 0 && message->member.p)
		snprintf(out, size, "%.*s", STR_ARG(message->member));
	else
		snprintf(out, size, "%s[%" PRId64 "]", from->messages,
			message->wire_index);
}

bool chat_losses_refuse(const struct chat_losses *losses,
	const struct chat_message *message, struct error *err, const char *why)
{
	char path[96];

	chat_message_path(losses->from, message, path, sizeof(path));
	return error_refuse(err, ERR_UNSUPPORTED, path, "'%s' %s.", path, why);
}
