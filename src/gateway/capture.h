/*
 * capture.h - what a project keeps of a call beside its row in the log: both
 * directions as the client sent and received them.
 *
 * It is the choice of the key's project (accounts/capture_policy.h). Where it
 * keeps nothing, nothing is copied. Else the first bytes of the request are
 * copied when the key is known, and those of the answer as they are written to
 * the client; both are redacted and sealed when the call ends, and travel in
 * its journal record: there are both or none, and never in the clear.
 */
#ifndef GATEWAY_CAPTURE_H
#define GATEWAY_CAPTURE_H

#include "gateway/stages.h"

/* Add what was kept to the record; nothing where nothing was. */
void capture_record(struct call *call, struct usage_record *usage);

#endif
