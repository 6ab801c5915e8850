/*
 * signature.h - what the simulator signs, so that it knows its own again.
 *
 * A provider proves with a signature that its model thought this, and refuses
 * one that it did not make. Ours is made of the dialect's name and a text,
 * with a key that everybody can read: it finds mistakes, not attackers.
 */
#ifndef SIMULATOR_SIGNATURE_H
#define SIMULATOR_SIGNATURE_H

#include "base/buf.h"

/* Append a signature, in base64. */
void signature_append(struct str dialect, struct str text, struct buf *out);
bool signature_is_ours(
	struct str dialect, struct str text, struct str signature);

#endif
