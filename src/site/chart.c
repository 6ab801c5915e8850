/*
 * chart.c - bars.
 */
#include "site/chart.h"

#define GAP 0.22 /* of a bar's place */

static int64_t scale_end(int64_t value);

json_t *chart_bars(const struct format *format, const struct chart_bar *bars,
	size_t count, enum format_time detail,
	struct str (*name)(const struct format *format, int64_t value))
{
	json_t *chart = json_object();
	json_t *list = json_array();
	int64_t most = 0, end;
	double place = count ? (double)CHART_WIDTH / (double)count : 0;

	for (size_t i = 0; i < count; i++)
		if (bars[i].value > most)
			most = bars[i].value;
	end = scale_end(most);
	for (size_t i = 0; i < count; i++) {
		double height =
			end ? (double)bars[i].value * CHART_HEIGHT / (double)end
			    : 0;
		json_t *bar = json_object();

		if (bars[i].value > 0 && height < 1)
			height = 1; /* there is something */
		json_object_set_new(
			bar, "x", json_real(place * ((double)i + GAP / 2)));
		json_object_set_new(bar, "y", json_real(CHART_HEIGHT - height));
		json_object_set_new(bar, "width", json_real(place * (1 - GAP)));
		json_object_set_new(bar, "height", json_real(height));
		json_object_set_new(
			bar, "place_x", json_real(place * (double)i));
		json_object_set_new(bar, "place_width", json_real(place));
		site_put(bar, "label",
			format_time(format, bars[i].begins_ms, detail));
		site_put(bar, "day",
			format_time(format, bars[i].begins_ms, FORMAT_DAY));
		if (detail != FORMAT_DAY)
			site_put(bar, "clock",
				format_time(format, bars[i].begins_ms,
					FORMAT_CLOCK));
		site_put(bar, "text", bars[i].text);
		json_array_append_new(list, bar);
	}
	json_object_set_new(chart, "bars", list);
	site_put_bool(chart, "is_empty", most == 0);
	site_put(chart, "top", most ? name(format, end) : S(""));
	site_put(chart, "middle", most ? name(format, end / 2) : S(""));
	if (count > 0) {
		site_put(chart, "first",
			format_time(format, bars[0].begins_ms, detail));
		site_put(chart, "last",
			format_time(format, bars[count - 1].begins_ms, detail));
	}
	return chart;
}

/* The next round number that has a half: 2, 4, 6 or 8, and 1, 2, 4, 5 or 8
 * with zeros. */
static int64_t scale_end(int64_t value)
{
	static const int64_t steps[] = { 1, 2, 4, 5, 8, 10 };
	int64_t unit = 1;

	if (value < 10)
		return value + value % 2;
	while (unit < INT64_MAX / 100 && unit * 10 < value)
		unit *= 10;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (unit * steps[i] >= value)
			return unit * steps[i];
	}
	return value;
}
