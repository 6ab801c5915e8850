/*
 * cache_batch.c - answers that came in one turn of a loop are kept in one
 * change: a change costs more than what it is for.
 *
 * Who asks again gets the answer, for the loop hears of nothing new before its
 * turn has ended.
 */
#include "gateway/cache.h"

#include "base/log.h"

#define TOGETHER 32
#define TOGETHER_BYTES (1024 * 1024)

struct batch {
	struct gateway *gateway;
	struct cache_item items[TOGETHER];
	struct buf texts[TOGETHER]; /* that the items' answers are views of */
	uint32_t owners[TOGETHER];
	size_t count;
	size_t bytes;
	struct task end_of_turn;
	bool is_deferred;
};

static _Thread_local struct batch batch;

static void on_end_of_turn(struct task *task);
static void keep_all(void);
static void count_misses(void);

void cache_batch_add(
	struct call *call, const struct cache_item *item, uint32_t owner)
{
	struct buf *text = &batch.texts[batch.count];

	batch.gateway = call->gateway;
	batch.items[batch.count] = *item;
	batch.owners[batch.count] = owner;
	buf_init(text, SIZE_MAX);
	cache_pack(&item->answer, text);
	if (!cache_unpack(buf_str(text), &batch.items[batch.count].answer))
		abort();
	batch.bytes += text->n;
	batch.count++;
	if (call->x->on_worker || batch.count == TOGETHER ||
		batch.bytes > TOGETHER_BYTES) {
		keep_all();
	} else if (!batch.is_deferred) {
		batch.is_deferred = true;
		batch.end_of_turn.run = on_end_of_turn;
		loop_defer(call->x->loop, &batch.end_of_turn);
	}
}

static void on_end_of_turn(struct task *task)
{
	(void)task;
	batch.is_deferred = false;
	keep_all();
}

static void keep_all(void)
{
	struct error err;
	bool kept = batch.count == 0 || cache_put(batch.gateway->cache,
						batch.items, batch.count, &err);

	if (!kept) {
		log_warn("%s", error_detail(&err));
		count_misses();
	}
	for (size_t i = 0; i < batch.count; i++) {
		if (batch.owners[i])
			cache_fill_end(batch.gateway->cache, batch.items[i].key,
				batch.owners[i], !kept,
				batch.items[i].answer.stored_unix_ms);
		buf_release(&batch.texts[i]);
	}
	batch.count = 0;
	batch.bytes = 0;
}

/* They were, also where nothing could be kept. */
static void count_misses(void)
{
	const struct cache_counts miss = { .misses = 1 };
	struct error err;

	for (size_t i = 0; i < batch.count; i++) {
		const struct cache_item *item = &batch.items[i];

		if (item->is_miss &&
			!cache_count(batch.gateway->cache,
				item->answer.project_id, item->answer.provider,
				item->answer.model, &miss, &err))
			log_debug("%s", error_detail(&err));
	}
}
