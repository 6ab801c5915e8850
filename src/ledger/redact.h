/*
 * redact.h - texts without personal data, as far as it has a form of its own:
 *
 *	[email]	an e-mail address
 *	[phone]	a telephone number
 *	[card]	the number of a payment card (its check digit is right)
 *	[iban]	a bank account (its check digits are right)
 *	[ip]	an IPv4 address
 *	[key]	a key or token that begins as those of well-known services do
 *
 * Names, addresses and what a text tells in words are not found: whoever must
 * not keep those keeps no bodies.
 */
#ifndef LEDGER_REDACT_H
#define LEDGER_REDACT_H

#include "base/arena.h"
#include "base/buf.h"

/* Append the text, that much left out. Takes time in proportion to it. */
void redact_text(struct str text, struct buf *out);

/*
 * The same for the strings of a JSON text, whose escapes are understood; what
 * is no string stays. The text may have been cut: its last string then ends
 * at the last space before the cut, for what a cut leaves of an address is not
 * found any more. False, and nothing appended: it is no JSON object or array.
 */
MUST_USE bool redact_json(
	struct str json, struct arena *arena, struct buf *out);

#endif
