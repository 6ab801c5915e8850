/*
 * call_log.h - the log lines of calls: what each was, and what it cost.
 *
 * On a loop they are gathered and written together before it waits: one
 * system call for each line would be a good part of what a call costs.
 */
#ifndef GATEWAY_CALL_LOG_H
#define GATEWAY_CALL_LOG_H

#include "gateway/call.h"

/* One complete line, without its '\n'. */
void call_log(struct call *call, struct str line);

/* Who, which model, how many tokens, how much: a line of costs.log. */
void call_log_cost(struct call *call, const struct usage_record *usage);

#endif
