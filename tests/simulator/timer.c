/*
 * timer.c - a binary heap of pointers; each timer knows its place, so that it
 * can be moved or taken out without a search.
 */
#include "timer.h"

static void place_at(struct timers *timers, size_t place, struct timer *timer);
static void move_up(struct timers *timers, struct timer *timer);
static void move_down(struct timers *timers, struct timer *timer);
static void make_room(struct timers *timers);

void timers_init(struct timers *timers)
{
	*timers = (struct timers){ 0 };
}

void timers_release(struct timers *timers)
{
	free(timers->heap);
	timers_init(timers);
}

void timers_set(struct timers *timers, struct timer *timer, int64_t due_ns)
{
	timer->due_ns = due_ns;
	if (timer->place == 0) {
		make_room(timers);
		place_at(timers, ++timers->count, timer);
	}
	move_up(timers, timer);
	move_down(timers, timer);
}

void timers_cancel(struct timers *timers, struct timer *timer)
{
	struct timer *last;

	if (timer->place == 0)
		return;
	last = timers->heap[timers->count - 1];
	timers->count--;
	if (last != timer) {
		place_at(timers, timer->place, last);
		move_up(timers, last);
		move_down(timers, last);
	}
	timer->place = 0;
}

struct timer *timers_first(const struct timers *timers)
{
	return timers->count ? timers->heap[0] : NULL;
}

static void place_at(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place - 1] = timer;
	timer->place = place;
}

static void move_up(struct timers *timers, struct timer *timer)
{
	while (timer->place > 1) {
		size_t place = timer->place;
		struct timer *parent = timers->heap[place / 2 - 1];

		if (parent->due_ns <= timer->due_ns)
			return;
		place_at(timers, place, parent);
		place_at(timers, place / 2, timer);
	}
}

static void move_down(struct timers *timers, struct timer *timer)
{
	while (timer->place * 2 <= timers->count) {
		size_t place = timer->place;
		size_t child = place * 2;

		if (child < timers->count &&
			timers->heap[child]->due_ns <
				timers->heap[child - 1]->due_ns)
			child++;
		if (timer->due_ns <= timers->heap[child - 1]->due_ns)
			return;
		place_at(timers, place, timers->heap[child - 1]);
		place_at(timers, child, timer);
	}
}

static void make_room(struct timers *timers)
{
	size_t capacity = timers->capacity ? timers->capacity * 2 : 64;

	if (timers->count < timers->capacity)
		return;
	timers->heap = realloc(timers->heap, capacity * sizeof(struct timer *));
	if (!timers->heap)
		abort();
	timers->capacity = capacity;
}
