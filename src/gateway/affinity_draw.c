/*
 * affinity_draw.c - lots drawn by the beginning of a prompt.
 */
#include "base/clock.h"
#include "gateway/affinity_own.h"

#include <math.h>

/* How far a draw is moved: by more than any draw is, and by so little that
 * two draws are still told apart. */
#define AHEAD 1e9
#define BEHIND 1e11

/* What the choices have in common. */
struct field {
	const struct call *call;
	const struct affinity *affinity;
	enum affinity_kind kind;
	int64_t now_ms;
	int64_t everywhere; /* under way at all of them */
	double weights;
};

static void draw_by_chance(struct affinity_choice *choices, size_t count);
static void draw_by_prefix(struct call *call, enum affinity_kind kind,
	struct affinity_choice *choices, size_t count);
static void measure(struct field *field, const struct affinity_choice *choices,
	size_t count);
static double draw_one(
	const struct field *field, struct affinity_choice *choice);

void affinity_draw(struct call *call, enum affinity_kind kind,
	struct affinity_choice *choices, size_t count)
{
	if (count > 1 && affinity_of(call) &&
		(kind == AFFINITY_MODEL || affinity_is_kept(choices[0].model)))
		draw_by_prefix(call, kind, choices, count);
	else
		draw_by_chance(choices, count);
}

static void draw_by_chance(struct affinity_choice *choices, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		choices[i].draw = balance_draw(choices[i].weight);
		choices[i].is_warm = false;
	}
}

static void draw_by_prefix(struct call *call, enum affinity_kind kind,
	struct affinity_choice *choices, size_t count)
{
	struct affinity *affinity = affinity_of(call);
	struct field field = { call, affinity, kind, clock_unix_ms(), 0, 0 };
	double least = INFINITY, least_unbound = INFINITY;
	size_t first = 0, first_unbound = 0;

	measure(&field, choices, count);
	for (size_t i = 0; i < count; i++) {
		double unbound = draw_one(&field, &choices[i]);

		if (unbound < least_unbound) {
			least_unbound = unbound;
			first_unbound = i;
		}
		if (choices[i].draw < least) {
			least = choices[i].draw;
			first = i;
		}
	}
	affinity->drawn |= 1U << kind;
	affinity->spread &= ~(1U << kind);
	if (first != first_unbound)
		affinity->spread |= 1U << kind;
}

static void measure(struct field *field, const struct affinity_choice *choices,
	size_t count)
{
	for (size_t i = 0; i < count; i++) {
		field->weights += choices[i].weight;
		field->everywhere +=
			in_flight_count(field->call->gateway->in_flight,
				affinity_number(field->kind, &choices[i]),
				field->now_ms);
	}
}

/* Gives the draw as it is without a bound. */
static double draw_one(
	const struct field *field, struct affinity_choice *choice)
{
	uint64_t number = affinity_number(field->kind, choice);
	struct str name = { (const char *)&number, sizeof(number) };
	double share = field->weights > 0 ? choice->weight / field->weights : 0;
	bool is_over =
		balance_is_over(in_flight_count(field->call->gateway->in_flight,
					number, field->now_ms),
			field->everywhere, share);
	unsigned warmth = affinity_warmth(
		field->affinity, choice->model, choice->base_url, choice->key);
	double draw = balance_draw_by(choice->weight,
		affinity_mix(field->affinity->prefix.marks[0], name));

	if (choice->weight > 0)
		draw -= warmth * AHEAD;
	choice->draw = is_over ? draw + BEHIND : draw;
	choice->is_warm = warmth > 0 && !is_over;
	return draw;
}
