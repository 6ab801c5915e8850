/*
 * dependency.h - what the gateway needs to work, and whether it is there.
 */
#ifndef SERVER_DEPENDENCY_H
#define SERVER_DEPENDENCY_H

#include "base/json.h"
#include "gateway/gateway.h"

/* Asks each and writes an array of {"name","status","needed","latency_us",
 * "reason"}. Blocks. True when all that calls need are up. */
bool dependency_write_all(struct gateway *gateway, struct json_writer *w);

#endif
