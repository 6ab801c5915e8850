/*
 * sync_prices.c - compares the prices that a model has with those that the
 * catalogues tell, and refuses what is not plausible.
 */
#include "catalog/sync_plan_own.h"

#include "catalog/own.h"

#define LARGE_FACTOR 20

static bool check_price(const struct sync_plan *plan,
	const struct sync_change *change, const struct price *now,
	const struct price *next, struct error *err);
static bool is_large(int64_t now, int64_t next);
static const struct price *price_now(const struct model *model, int64_t now_ms,
	enum price_tier tier, int64_t above);
static struct price price_wanted(
	const struct catalog_entry *entry, enum price_tier tier, int64_t above);

bool sync_plan_prices(struct sync_plan *plan, const struct model *model,
	const struct catalog_entry *entry, struct error *err)
{
	struct sync_change change = { .kind = SYNC_PRICE,
		.provider = model->provider,
		.model = model,
		.name = model->name,
		.source = entry->source };
	struct buf before = BUF_INIT(SYNC_MAX_JSON_BYTES);
	struct buf after = BUF_INIT(SYNC_MAX_JSON_BYTES);
	int64_t now_ms = plan->request->now_ms;
	bool ok = true;

	for (const struct price *p = entry->prices; ok && p; p = p->older) {
		const struct price *now = price_now(
			model, now_ms, p->tier, p->above_prompt_tokens);

		ok = !now || check_price(plan, &change, now, p, err);
		if (ok)
			sync_plan_price(plan, &change, now, p, &before, &after);
	}
	for (const struct price *p = model->prices; ok && p; p = p->older) {
		struct price next;

		if (p != price_now(model, now_ms, p->tier,
				 p->above_prompt_tokens) ||
			catalog_entry_price(
				entry, p->tier, p->above_prompt_tokens))
			continue;
		next = price_wanted(entry, p->tier, p->above_prompt_tokens);
		sync_plan_price(plan, &change, p, &next, &before, &after);
	}
	if (ok && change.prices) {
		struct sync_change *added = sync_plan_change(
			plan, SYNC_PRICE, model->provider, model);

		change.before_json =
			before.n ? arena_printf(plan->arena, "[%.*s]",
					   STR_ARG(buf_str(&before)))
				 : S("");
		change.after_json = arena_printf(
			plan->arena, "[%.*s]", STR_ARG(buf_str(&after)));
		*added = change;
	}
	buf_release(&before);
	buf_release(&after);
	return ok;
}

void sync_plan_price(struct sync_plan *plan, struct sync_change *change,
	const struct price *now, const struct price *next, struct buf *before,
	struct buf *after)
{
	struct price *begins;

	if (now && price_equal(now, next))
		return;
	begins = ARENA_NEW(plan->arena, struct price);
	*begins = *next;
	begins->older = change->prices;
	change->prices = begins;
	if (now) {
		if (before->n)
			buf_append_char(before, ',');
		catalog_price_write(now, before);
	}
	if (after->n)
		buf_append_char(after, ',');
	catalog_price_write(next, after);
}

static bool check_price(const struct sync_plan *plan,
	const struct sync_change *change, const struct price *now,
	const struct price *next, struct error *err)
{
	if (plan->request->allow_large_changes)
		return true;
	for (size_t i = 0; i < own_price_part_count; i++) {
		const struct own_price_part *part = &own_price_parts[i];
		struct price a = *now, b = *next;
		int64_t old = *own_price_part(&a, part);
		int64_t new = *own_price_part(&b, part);

		if (!is_large(old, new))
			continue;
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The price '%s' of %.*s/%.*s would go from %" PRId64
			" to %" PRId64 " pico-dollars, which is not plausible; "
			"--allow-large-changes believes it.",
			part->name, STR_ARG(change->provider->name),
			STR_ARG(change->name), old, new);
	}
	return true;
}

/* One that begins or ends to be charged apart was a part of another. */
static bool is_large(int64_t now, int64_t next)
{
	if (now == PRICE_NONE || next == PRICE_NONE)
		return false;
	return now > next ? now / LARGE_FACTOR >= next
			  : next / LARGE_FACTOR >= now && next > now;
}

static const struct price *price_now(const struct model *model, int64_t now_ms,
	enum price_tier tier, int64_t above)
{
	const struct price *price = model->prices;

	while (price &&
		(price->tier != tier || price->above_prompt_tokens != above ||
			price->valid_from_ms > now_ms))
		price = price->older;
	return price;
}

/* A tier or size that ended costs what it would cost without it: of its tier
 * the largest size below it, else the ordinary price. */
static struct price price_wanted(
	const struct catalog_entry *entry, enum price_tier tier, int64_t above)
{
	const struct price *best = NULL;
	struct price wanted;

	for (const struct price *p = entry->prices; p; p = p->older) {
		if ((p->tier == tier || p->tier == PRICE_ORDINARY) &&
			p->above_prompt_tokens <= above)
			best = p;
	}
	assert(best);
	wanted = *best;
	wanted.tier = tier;
	wanted.above_prompt_tokens = above;
	return wanted;
}
