/*
 * balance.h - which of several goes first: by weight, or by how quickly each
 * answered lately.
 *
 * What is known of latencies is the process's own, and a hint: it is lost at
 * a restart and learnt again.
 */
#ifndef GATEWAY_BALANCE_H
#define GATEWAY_BALANCE_H

#include "base/base.h"

/*
 * A number for one of several things: put in rising order of it, each comes
 * first as often as its share of the weights says, the others behind it in
 * the same way. Weight 0 comes last.
 */
double balance_draw(double weight);
/* The same where 64 bits of the caller's stand for chance. */
double balance_draw_by(double weight, uint64_t bits);

/*
 * Would one more call be too many for one of several things, where so many
 * are under way at it and at all of them? Its share (of 1) of what is under
 * way, a quarter more, and rounded up: the first call of all is never too
 * many, and never are all of them above their bounds. Share 0: always.
 * V. Mirrokni, M. Thorup, M. Zadimoghaddam: Consistent Hashing with Bounded
 * Loads, https://arxiv.org/abs/1608.01350
 */
bool balance_is_over(int64_t here, int64_t everywhere, double share);

/* The peak-sensitive average of the time to the first byte. */
struct latencies;

struct latencies *latencies_new(void);
/* Safe with NULL. */
void latencies_free(struct latencies *latencies);

/* A call to the model begins; each is ended by one of the two below. */
void latencies_begin(struct latencies *latencies, int64_t model_id);
/* Its first byte came after so long, -1: none did; now_ms is monotonic. */
void latencies_end(struct latencies *latencies, int64_t model_id,
	int64_t first_byte_us, int64_t now_ms);
/* It failed. */
void latencies_fail(
	struct latencies *latencies, int64_t model_id, int64_t now_ms);

/* The smaller the sooner: the expected latency in microseconds, times the
 * calls that wait there already and this one. One of which nothing is known
 * and where nobody waits has 0: it is tried. */
double latencies_score(
	struct latencies *latencies, int64_t model_id, int64_t now_ms);

#endif
