/*
 * signature.c - "origin:signature" and back.
 */
#include "dialect/signature.h"

#include "dialect/dialect.h"

struct chat_signature signature_read(struct str text, struct str own)
{
	size_t colon = str_index(text, ':');
	struct str origin = str_head(text, colon);

	/* Nobody writes the client's own dialect in front: it is part of the
	 * signature, which must come back as it was. */
	if (colon < text.n && !str_equal(origin, own) && dialect_find(origin))
		return (struct chat_signature){ str_from(text, colon + 1),
			origin };
	return (struct chat_signature){ text, own };
}

void signature_append(
	const struct chat_signature *signature, struct str own, struct buf *out)
{
	if (!signature->text.p)
		return;
	if (signature->origin.n > 0 && !str_equal(signature->origin, own)) {
		buf_append(out, signature->origin);
		buf_append_char(out, ':');
	}
	buf_append(out, signature->text);
}

bool signature_is_from(const struct chat_signature *signature, struct str own)
{
	return signature->text.p && str_equal(signature->origin, own);
}
