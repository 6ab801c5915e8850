/*
 * exchange.c - birth, reuse and end of an exchange.
 */
#include "http/exchange.h"

/* Parameters, the call and what it makes: one block for most. */
#define ARENA_BLOCK_BYTES 4800
#define MAX_HEAD_BYTES 32768
/* A slow client's answer waits here; the relay pauses long before. */
#define MAX_OUT_BYTES (SIZE_MAX / 4)

void http_exchange_init(struct http_exchange *x, size_t max_body_bytes)
{
	memset(x, 0, sizeof(*x));
	x->fd = -1;
	arena_init(&x->arena, ARENA_BLOCK_BYTES);
	buf_init(&x->body, max_body_bytes);
	buf_init(&x->head, MAX_HEAD_BYTES);
	buf_init(&x->out, MAX_OUT_BYTES);
}

void http_exchange_reset(struct http_exchange *x)
{
	struct http_exchange kept = *x;

	arena_reset(&kept.arena);
	buf_release(&kept.body);
	buf_release(&kept.head);
	buf_release(&kept.out);
	*x = (struct http_exchange){
		.arena = kept.arena,
		.body = kept.body,
		.head = kept.head,
		.out = kept.out,
		.fd = kept.fd,
		.server = kept.server,
		.app = kept.app,
		.loop = kept.loop,
		.upstreams = kept.upstreams,
	};
}

void http_exchange_release(struct http_exchange *x)
{
	arena_release(&x->arena);
	buf_release(&x->body);
	buf_release(&x->head);
	buf_release(&x->out);
}
