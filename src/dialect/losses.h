/*
 * losses.h - what a translated request asks for and the provider's format
 * cannot say.
 *
 * Parameters that merely steer the answer are left out and named; what the
 * answer would be wrong without (an image, a tool that only another provider
 * has, several answers) refuses the request. Nothing is lost in silence.
 */
#ifndef DIALECT_LOSSES_H
#define DIALECT_LOSSES_H

#include "dialect/dialect.h"

/* The names of what was left out, in the client's words: "seed, top_k". */
struct chat_losses {
	struct buf names;
	const struct dialect *from; /* the client's */
};

void chat_losses_init(struct chat_losses *losses, const struct dialect *from);
void chat_losses_release(struct chat_losses *losses);

/* One more, unless it is named already. */
void chat_losses_add(struct chat_losses *losses, const char *format, ...)
	PRINTF_LIKE(2, 3);
/* The same of a member or part of one message: "messages[2].name". */
void chat_losses_add_in(struct chat_losses *losses,
	const struct chat_message *message, struct str what);

/* The same of a field, by the client's word for it; of the request when
 * message is NULL. */
void chat_losses_add_field(struct chat_losses *losses,
	const struct chat_message *message, enum chat_field field);

/* The same of what a model thought, in words or under its seal; of an empty
 * thought nothing is lost. */
void chat_losses_add_thought(struct chat_losses *losses,
	const struct chat_message *message, const struct chat_part *thought);

/* The client's word for a field. */
const char *chat_losses_word(const struct dialect *from, enum chat_field field);
/* Where the client's message stands, in its words: "messages[2]", or the
 * member that holds it. */
void chat_message_path(const struct dialect *from,
	const struct chat_message *message, char *out, size_t size);

/* ERR_UNSUPPORTED for one message: `why` goes on from "'messages[2]' ". */
bool chat_losses_refuse(const struct chat_losses *losses,
	const struct chat_message *message, struct error *err, const char *why);

/*
 * Compare what the request asks for with what `to` has words for, traits
 * (may be NULL) considered. ERR_UNSUPPORTED with the path in `param` when it
 * must not go out.
 */
MUST_USE bool chat_losses_find(const struct chat_request *request,
	const struct dialect *to, const struct dialect_traits *traits,
	struct chat_losses *out, struct error *err);

#endif
