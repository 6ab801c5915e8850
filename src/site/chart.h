/*
 * chart.h - the geometry of a chart of bars, and all its texts.
 *
 * A template draws it as SVG, which needs no script, prints, and is there at
 * once; static/js/charts.js draws it again, to be looked into. No number is
 * worked out or written in the browser: it gets heights and texts. Units are
 * those of the drawing: CHART_WIDTH wide and CHART_HEIGHT high, which the page
 * stretches.
 */
#ifndef SITE_CHART_H
#define SITE_CHART_H

#include "site/format.h"

#define CHART_WIDTH 1000
#define CHART_HEIGHT 200
#define CHART_MAX_BARS 200

struct chart_bar {
	int64_t begins_ms;
	int64_t value;
	struct str text; /* the value, as people read it */
};

/*
 * {"bars": [{"x","y","width","height","label","day","clock","text"}], "top",
 * "middle", "first", "last", "is_empty"}: labels of the upper end and the
 * middle of the scale, and of the first and last bar. "clock", the time of
 * day, is not there where the detail is FORMAT_DAY.
 */
json_t *chart_bars(const struct format *format, const struct chart_bar *bars,
	size_t count, enum format_time detail,
	struct str (*name)(const struct format *format, int64_t value));

#endif
