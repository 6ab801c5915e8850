/*
 * range.c - spans of time.
 */
#include "site/range.h"

#include "base/clock.h"
#include "site/form.h"
#include "site/templates.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

static const struct {
	const char *name;
	int64_t span_ms; /* 0: the day or month that runs, in the user's zone */
	enum usage_step step;
	int64_t bar_ms;
} options[] = {
	{ "1h", HOUR_MS, USAGE_MINUTES, 2 * MINUTE_MS },
	{ "24h", DAY_MS, USAGE_HOURS, HOUR_MS },
	{ "today", 0, USAGE_HOURS, HOUR_MS },
	{ "7d", 7 * DAY_MS, USAGE_HOURS, 6 * HOUR_MS },
	{ "30d", 30 * DAY_MS, USAGE_DAYS, DAY_MS },
	{ "month", 0, USAGE_HOURS, DAY_MS },
	{ "90d", 90 * DAY_MS, USAGE_DAYS, 3 * DAY_MS },
};

static void take_calendar(
	const struct time_zone *zone, int64_t now, struct range *range);
static bool read_dates(const struct site_request *request,
	const struct format *format, struct range *out, struct error *err);
static void choose_bars(struct range *range);
static void put_kept(const struct site_request *request, json_t *object);
static bool is_of_time(const char *name);
static void put_date(const struct format *format, json_t *object,
	const char *name, int64_t unix_ms);

bool range_read(const struct site_request *request, const struct format *format,
	const char *usual, struct range *out, struct error *err)
{
	struct str name = site_text(request, "range");
	int64_t now = clock_unix_ms();

	if (site_has(request, "from") || site_has(request, "to"))
		return read_dates(request, format, out, err);
	if (name.n == 0 || str_equal(name, S("custom")))
		name = str_of(usual);
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		int64_t bar_ms = options[i].bar_ms;

		if (!str_equal(str_of(options[i].name), name))
			continue;
		/* Whole bars, the last of which is not over yet. */
		*out = (struct range){ options[i].name, 0,
			(now / bar_ms + 1) * bar_ms, options[i].step, bar_ms };
		out->from_ms = out->to_ms - options[i].span_ms;
		if (options[i].span_ms == 0)
			take_calendar(format->zone, now, out);
		return true;
	}
	abort();
}

void range_put(const struct site_request *request, const struct format *format,
	const struct range *range, json_t *out)
{
	json_t *list = json_array();
	json_t *object = json_object();

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		json_t *option = json_object();
		struct str key = arena_printf(
			request->arena, "range.%s", options[i].name);

		site_put(option, "name", str_of(options[i].name));
		site_put(option, "label", template_text(request->texts, key));
		site_put_bool(option, "is_current",
			strcmp(options[i].name, range->name) == 0);
		json_array_append_new(list, option);
	}
	site_put(object, "name", str_of(range->name));
	site_put_bool(object, "is_custom", strcmp(range->name, "custom") == 0);
	put_date(format, object, "from", range->from_ms);
	put_date(format, object, "to", range->to_ms - 1);
	json_object_set_new(object, "options", list);
	put_kept(request, object);
	json_object_set_new(out, "range", object);
}

/* The whole of what runs, so that its chart does not change its scale. Where
 * days begin as in UTC, those of the rollup are the same. */
static void take_calendar(
	const struct time_zone *zone, int64_t now, struct range *range)
{
	bool is_day = strcmp(range->name, "today") == 0;

	range->from_ms = is_day ? time_zone_day_start(zone, now)
				: time_zone_month_start(zone, now);
	range->to_ms = is_day ? time_zone_day_end(zone, now)
			      : time_zone_month_end(zone, now);
	if (!is_day && range->from_ms % DAY_MS == 0 &&
		range->to_ms % DAY_MS == 0)
		range->step = USAGE_DAYS;
}

/* One of them may be missing: since, or until. */
static bool read_dates(const struct site_request *request,
	const struct format *format, struct range *out, struct error *err)
{
	int64_t now = clock_unix_ms();

	*out = (struct range){ .name = "custom", .to_ms = now };
	if (site_has(request, "to"))
		out->to_ms = time_zone_date_start(
			format->zone, site_int(request, "to") + DAY_MS);
	out->from_ms = out->to_ms - 30 * DAY_MS;
	if (site_has(request, "from"))
		out->from_ms = time_zone_date_start(
			format->zone, site_int(request, "from"));
	if (out->from_ms >= out->to_ms)
		return error_refuse(err, ERR_BAD_FIELD, "to",
			"The last day must not be before the first.");
	choose_bars(out);
	return true;
}

/* A few dozen bars of the finest step that costs little. */
static void choose_bars(struct range *range)
{
	int64_t span_ms = range->to_ms - range->from_ms;

	if (span_ms <= 2 * DAY_MS) {
		range->step = USAGE_HOURS;
		range->bar_ms = HOUR_MS;
	} else if (span_ms <= 14 * DAY_MS) {
		range->step = USAGE_HOURS;
		range->bar_ms = 6 * HOUR_MS;
	} else {
		range->step = USAGE_DAYS;
		range->bar_ms = (span_ms / (45 * DAY_MS) + 1) * DAY_MS;
	}
}

/* Another time is asked for with the same filters, from the first page on:
 * as the beginning of a query, and as fields of a form. */
static void put_kept(const struct site_request *request, json_t *object)
{
	struct buf query = BUF_INIT(16384);
	json_t *list = json_array();

	for (const struct site_field *field = request->page->fields;
		field && field->name; field++) {
		json_t *kept;

		if (is_of_time(field->name) || !site_has(request, field->name))
			continue;
		buf_printf(&query, "%s=", field->name);
		form_encode(&query, site_text(request, field->name));
		buf_append_char(&query, '&');
		kept = json_object();
		site_put(kept, "name", str_of(field->name));
		site_put(kept, "value", site_text(request, field->name));
		json_array_append_new(list, kept);
	}
	site_put(object, "keep", query.failed ? S("") : buf_str(&query));
	json_object_set_new(object, "fields", list);
	buf_release(&query);
}

static bool is_of_time(const char *name)
{
	static const char *const names[] = { "range", "from", "to", "before",
		"after", "page" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void put_date(const struct format *format, json_t *object,
	const char *name, int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];

	clock_format(time_zone_local_ms(format->zone, unix_ms), text);
	site_put(object, name, (struct str){ text, 10 });
}
