/*
 * merge.c - two ways to the same tokens: a short piece looks through all of
 * its pairs each time, a long one keeps them in a heap. A piece may be a
 * megabyte of one letter, and must not take its square in time.
 */
#include "tokens/merge.h"

/* Above this the heap is quicker. */
#define SHORT_BYTES 96

/* A token so far: from its first byte up to where the next one begins. */
struct part {
	uint32_t at;
	uint32_t rank; /* of this and the next one together */
};

/* Parts by the place of their first byte. */
struct link {
	uint32_t before;
	uint32_t next;
	uint32_t rank; /* as above; a pair in the heap that says another one
			  is out of date */
};

struct pair {
	uint32_t rank;
	uint32_t at;
};

struct heap {
	struct pair *pairs;
	size_t count;
};

struct long_piece {
	const struct vocabulary *vocabulary;
	struct str text;
	struct link *links; /* the last one stands for the end */
	struct heap heap;
};

static void merge_short(const struct vocabulary *vocabulary, struct str piece,
	struct token_sink *sink);
static void merge_long(const struct vocabulary *vocabulary, struct str piece,
	struct token_sink *sink);
static void begin(struct long_piece *piece);
static uint32_t rank_at(const struct long_piece *piece, uint32_t at);
static void join(struct long_piece *piece, uint32_t at);
static void heap_sift_down(struct heap *heap, size_t at);
static struct pair heap_take(struct heap *heap);
static void heap_add(struct heap *heap, struct pair pair);
static bool pair_is_before(struct pair a, struct pair b);

void merge_piece(const struct vocabulary *vocabulary, struct str piece,
	struct token_sink *sink)
{
	if (piece.n <= SHORT_BYTES)
		merge_short(vocabulary, piece, sink);
	else
		merge_long(vocabulary, piece, sink);
}

static void merge_short(const struct vocabulary *vocabulary, struct str piece,
	struct token_sink *sink)
{
	struct part parts[SHORT_BYTES + 1];
	size_t count = piece.n;

	for (size_t i = 0; i <= count; i++)
		parts[i] = (struct part){ (uint32_t)i,
			i + 1 < count
				? vocabulary_rank(vocabulary, piece.p + i, 2)
				: NO_TOKEN };
	for (;;) {
		size_t best = 0;

		for (size_t i = 1; i < count; i++)
			if (parts[i].rank < parts[best].rank)
				best = i;
		if (parts[best].rank == NO_TOKEN)
			break;
		memmove(&parts[best + 1], &parts[best + 2],
			(count - best - 1) * sizeof(parts[0]));
		count--;
		for (size_t i = best ? best - 1 : 0; i <= best; i++)
			parts[i].rank =
				i + 1 < count
					? vocabulary_rank(vocabulary,
						  piece.p + parts[i].at,
						  parts[i + 2].at - parts[i].at)
					: NO_TOKEN;
	}
	for (size_t i = 0; i < count; i++)
		token_sink_add(
			sink, vocabulary_rank(vocabulary, piece.p + parts[i].at,
				      parts[i + 1].at - parts[i].at));
}

/* No more memory than 28 bytes for each byte, no more time than n log n. */
static void merge_long(const struct vocabulary *vocabulary, struct str text,
	struct token_sink *sink)
{
	struct long_piece piece = { .vocabulary = vocabulary, .text = text };

	assert(text.n < UINT32_MAX);
	piece.links = calloc(text.n + 1, sizeof(piece.links[0]));
	/* A pair for each byte; each join takes one out and puts two in. */
	piece.heap.pairs = calloc(2 * text.n, sizeof(piece.heap.pairs[0]));
	if (!piece.links || !piece.heap.pairs)
		abort(); /* as arenas do */
	begin(&piece);
	while (piece.heap.count > 0) {
		struct pair pair = heap_take(&piece.heap);

		if (piece.links[pair.at].rank == pair.rank)
			join(&piece, pair.at);
	}
	for (uint32_t at = 0; at < text.n; at = piece.links[at].next)
		token_sink_add(sink, vocabulary_rank(vocabulary, text.p + at,
					     piece.links[at].next - at));
	free(piece.links);
	free(piece.heap.pairs);
}

static void begin(struct long_piece *piece)
{
	struct heap *heap = &piece->heap;
	uint32_t end = (uint32_t)piece->text.n;

	for (uint32_t at = 0; at <= end; at++) {
		piece->links[at] = (struct link){ at - 1, at + 1, NO_TOKEN };
		if (at + 1 >= end)
			continue;
		piece->links[at].rank = vocabulary_rank(
			piece->vocabulary, piece->text.p + at, 2);
		if (piece->links[at].rank != NO_TOKEN)
			heap->pairs[heap->count++] =
				(struct pair){ piece->links[at].rank, at };
	}
	for (size_t i = heap->count / 2; i-- > 0;)
		heap_sift_down(heap, i);
}

/* Of the part at `at` and the next one together. */
static uint32_t rank_at(const struct long_piece *piece, uint32_t at)
{
	uint32_t next = piece->links[at].next;

	if (next >= piece->text.n)
		return NO_TOKEN;
	return vocabulary_rank(piece->vocabulary, piece->text.p + at,
		piece->links[next].next - at);
}

/* The part at `at` takes the next one in; two pairs are new. */
static void join(struct long_piece *piece, uint32_t at)
{
	struct link *links = piece->links;
	uint32_t gone = links[at].next;
	uint32_t changed[] = { at, links[at].before };

	links[gone].rank = NO_TOKEN;
	links[at].next = links[gone].next;
	links[links[at].next].before = at;
	for (size_t i = 0; i < (at > 0 ? 2u : 1u); i++) {
		struct link *link = &links[changed[i]];

		link->rank = rank_at(piece, changed[i]);
		if (link->rank != NO_TOKEN)
			heap_add(&piece->heap,
				(struct pair){ link->rank, changed[i] });
	}
}

static struct pair heap_take(struct heap *heap)
{
	struct pair first = heap->pairs[0];

	heap->pairs[0] = heap->pairs[--heap->count];
	heap_sift_down(heap, 0);
	return first;
}

static void heap_add(struct heap *heap, struct pair pair)
{
	size_t at = heap->count++;

	for (; at > 0; at = (at - 1) / 2) {
		if (!pair_is_before(pair, heap->pairs[(at - 1) / 2]))
			break;
		heap->pairs[at] = heap->pairs[(at - 1) / 2];
	}
	heap->pairs[at] = pair;
}

static void heap_sift_down(struct heap *heap, size_t at)
{
	struct pair pair = heap->pairs[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < heap->count &&
			pair_is_before(
				heap->pairs[child + 1], heap->pairs[child]))
			child++;
		if (child >= heap->count ||
			!pair_is_before(heap->pairs[child], pair))
			break;
		heap->pairs[at] = heap->pairs[child];
		at = child;
	}
	heap->pairs[at] = pair;
}

static bool pair_is_before(struct pair a, struct pair b)
{
	return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}
