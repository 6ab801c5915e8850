/*
 * arena.c - memory that is given back all at once: a list of blocks, each
 * filled from the front. A thing larger than a block gets a block of its own.
 *
 * The first block is meant to be enough. The next ones begin small and grow:
 * thousands of waiting streams that need a little more must not each hold a
 * second whole block.
 */
#include "base/arena.h"

#define ALIGNMENT _Alignof(max_align_t)
/* What part of the first block the second one is. */
#define FIRST_GROWTH 4

struct arena_block {
	struct arena_block *older;
	size_t capacity;
	size_t used;
	_Alignas(max_align_t) char bytes[];
};

struct arena_deferred {
	struct arena_deferred *older;
	void (*release)(void *);
	void *thing;
};

static size_t next_capacity(const struct arena *arena);
static void *block_take(struct arena_block *block, size_t bytes);
static struct arena_block *block_new(size_t capacity);
static void run_deferred(struct arena *arena, struct arena_deferred *until);

void arena_init(struct arena *arena, size_t block_bytes)
{
	*arena = (struct arena){ .block_bytes = block_bytes };
}

void arena_release(struct arena *arena)
{
	arena_rewind(arena, (struct arena_mark){ 0 });
}

void arena_reset(struct arena *arena)
{
	struct arena_block *keep;

	run_deferred(arena, NULL);
	keep = arena->block;
	while (keep && keep->older) {
		arena->block = keep->older;
		free(keep);
		keep = arena->block;
	}
	if (keep)
		keep->used = 0;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	void *p = arena->block ? block_take(arena->block, bytes) : NULL;

	if (!p) {
		size_t capacity = next_capacity(arena);
		struct arena_block *block =
			block_new(bytes > capacity ? bytes : capacity);

		block->older = arena->block;
		arena->block = block;
		p = block_take(block, bytes);
	}
	return memset(p, 0, bytes);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total))
		abort();
	return arena_alloc(arena, total);
}

void *arena_widen(struct arena *arena, void *array, size_t count, size_t *room,
	size_t bytes)
{
	void *wider;

	if (count < *room)
		return array;
	wider = arena_alloc_array(arena, *room, 2 * bytes);
	memcpy(wider, array, count * bytes);
	*room *= 2;
	return wider;
}

struct str arena_copy(struct arena *arena, struct str s)
{
	return (struct str){ arena_cstr(arena, s), s.n };
}

char *arena_cstr(struct arena *arena, struct str s)
{
	char *p = arena_alloc(arena, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

/* Written where it is to stay, if there is room: most texts are short. */
struct str arena_join(
	struct arena *arena, const struct str *parts, size_t count)
{
	size_t n = 0;
	char *text, *end;

	for (size_t i = 0; i < count; i++)
		n += parts[i].n;
	text = end = arena_alloc(arena, n + 1);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].n > 0)
			memcpy(end, parts[i].p, parts[i].n);
		end += parts[i].n;
	}
	return (struct str){ text, n };
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
	struct arena_block *block = arena->block;
	size_t room = block ? block->capacity - block->used : 0;
	char *p = block ? block->bytes + block->used : NULL;
	va_list args;
	va_list again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(p, room, format, args);
	va_end(args);
	assert(n >= 0);
	if ((size_t)n < room) {
		void *taken = block_take(block, (size_t)n + 1);

		assert(taken == p);
	} else {
		p = arena_alloc(arena, (size_t)n + 1);
		vsnprintf(p, (size_t)n + 1, format, again);
	}
	va_end(again);
	return (struct str){ p, (size_t)n };
}

void arena_defer(struct arena *arena, void (*release)(void *), void *thing)
{
	struct arena_deferred *deferred =
		ARENA_NEW(arena, struct arena_deferred);

	deferred->older = arena->deferred;
	deferred->release = release;
	deferred->thing = thing;
	arena->deferred = deferred;
}

struct arena_mark arena_mark(struct arena *arena)
{
	return (struct arena_mark){
		.block = arena->block,
		.used = arena->block ? arena->block->used : 0,
		.deferred = arena->deferred,
	};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	run_deferred(arena, mark.deferred);
	while (arena->block != mark.block) {
		struct arena_block *newest = arena->block;

		assert(newest);
		arena->block = newest->older;
		free(newest);
	}
	if (arena->block)
		arena->block->used = mark.used;
}

static size_t next_capacity(const struct arena *arena)
{
	size_t most = arena->block_bytes;

	if (!arena->block)
		return most;
	if (!arena->block->older)
		return most / FIRST_GROWTH;
	return arena->block->capacity < most / 2 ? 2 * arena->block->capacity
						 : most;
}

static void *block_take(struct arena_block *block, size_t bytes)
{
	size_t room = block->capacity - block->used;
	size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	void *p = block->bytes + block->used;

	if (rounded < bytes || rounded > room)
		return NULL;
	block->used += rounded;
	return p;
}

static struct arena_block *block_new(size_t capacity)
{
	struct arena_block *block;

	if (capacity > SIZE_MAX / 2)
		abort();
	capacity = (capacity + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	block = malloc(sizeof(*block) + capacity);
	if (!block)
		abort();
	block->older = NULL;
	block->capacity = capacity;
	block->used = 0;
	return block;
}

static void run_deferred(struct arena *arena, struct arena_deferred *until)
{
	while (arena->deferred != until) {
		struct arena_deferred *newest = arena->deferred;

		/* Unhooked first: release() may defer nothing, but may ask. */
		arena->deferred = newest->older;
		newest->release(newest->thing);
	}
}
