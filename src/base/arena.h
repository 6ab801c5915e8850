/*
 * arena.h - memory that is given back all at once.
 *
 * A request, a page or a command has one arena; what it makes lives there and
 * is never freed singly. arena_mark() and arena_rewind() give back what came
 * after the mark, so that a stream of any length uses the memory of one frame.
 * Things that are not memory (a json_t, a statement) are closed with the arena
 * through arena_defer(). An arena belongs to one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;
struct arena_deferred;

struct arena {
	struct arena_block *block;       /* newest first */
	struct arena_deferred *deferred; /* newest first */
	size_t block_bytes;              /* of the first, and at most */
};

struct arena_mark {
	struct arena_block *block;
	size_t used;
	struct arena_deferred *deferred;
};

void arena_init(struct arena *arena, size_t block_bytes);
/* Run what was deferred (newest first) and free everything. */
void arena_release(struct arena *arena);
/* The same, but one block is kept for the next use. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type; never NULL (no memory: the process ends). */
void *arena_alloc(struct arena *arena, size_t bytes);
#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) \
	((type *)arena_alloc_array((arena), (count), sizeof(type)))
void *arena_alloc_array(struct arena *arena, size_t count, size_t bytes);
/* The array of `count` things of `bytes` each, or a copy of it with twice the
 * room when there is no more: then *room is doubled, too. */
void *arena_widen(struct arena *arena, void *array, size_t count, size_t *room,
	size_t bytes);

/* A copy in the arena, with a NUL after it. */
struct str arena_copy(struct arena *arena, struct str s);
char *arena_cstr(struct arena *arena, struct str s);
struct str arena_printf(struct arena *arena, const char *format, ...)
	PRINTF_LIKE(2, 3);
/* The texts after each other, with a NUL: a quarter of what printf takes. */
struct str arena_join(
	struct arena *arena, const struct str *parts, size_t count);
#define ARENA_JOIN(arena, ...)                                   \
	arena_join((arena), (const struct str[]){ __VA_ARGS__ }, \
		ARRAY_LEN(((const struct str[]){ __VA_ARGS__ })))

/* Call release(thing) when the arena is reset, released or rewound. */
void arena_defer(struct arena *arena, void (*release)(void *), void *thing);

struct arena_mark arena_mark(struct arena *arena);
/* Give back all that came after the mark. Marks nest like parentheses. */
void arena_rewind(struct arena *arena, struct arena_mark mark);

#endif
