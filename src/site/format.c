/*
 * format.c - how numbers look.
 */
#include "site/format.h"

#include "base/clock.h"
#include "base/money.h"
#include "site/templates.h"

static struct str decimal(
	const struct format *format, int64_t thousandths, int digits);
static struct str group(const struct format *format, struct str digits);

struct format format_of(const struct site_request *request)
{
	struct format format = {
		.arena = request->arena,
		.texts = request->texts,
		.zone = time_zone_utc(),
		.point = '.',
		.thousands = ',',
		.sign_first = true,
	};
	struct error err;

	if (request->session.time_zone.n > 0 &&
		!time_zone_load(request->session.time_zone, &format.zone, &err))
		format.zone = time_zone_utc();
	if (str_equal(request->language, S("es"))) {
		format.point = ',';
		format.thousands = '.';
		format.sign_first = false;
	}
	return format;
}

struct str format_count(const struct format *format, int64_t value)
{
	return group(format, arena_printf(format->arena, "%" PRId64, value));
}

/* "999", "1.23k", "45.6k", "7.89M" */
struct str format_short(const struct format *format, int64_t value)
{
	static const struct {
		int64_t unit;
		const char *name;
	} units[] = { { INT64_C(1000000000000), "T" }, { 1000000000, "G" },
		{ 1000000, "M" }, { 1000, "k" } };

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		int64_t unit = units[i].unit;
		int digits;

		if (value < unit)
			continue;
		digits = value >= 100 * unit ? 0 : value >= 10 * unit ? 1 : 2;
		return arena_printf(format->arena, "%.*s%s",
			STR_ARG(decimal(format, value / (unit / 1000), digits)),
			units[i].name);
	}
	return format_count(format, value);
}

/* Cents; for less than one, its first two digits wherever they are. */
struct str format_usd(const struct format *format, int64_t picousd)
{
	const char *sign = picousd < 0 ? "-" : "";
	uint64_t amount =
		picousd < 0 ? 0 - (uint64_t)picousd : (uint64_t)picousd;
	uint64_t unit = PICOUSD_PER_USD / 100;
	int decimals = 2;
	uint64_t per_dollar;
	struct str number;

	if (amount > 0 && amount < unit) {
		while (unit > 1 && amount / unit < 10) {
			unit /= 10;
			decimals++;
		}
	}
	per_dollar = PICOUSD_PER_USD / unit;
	amount = (amount + unit / 2) / unit;
	number = arena_printf(format->arena, "%.*s%c%0*" PRIu64,
		STR_ARG(format_count(format, (int64_t)(amount / per_dollar))),
		format->point, decimals, amount % per_dollar);
	if (format->sign_first)
		return arena_printf(
			format->arena, "%s$%.*s", sign, STR_ARG(number));
	return arena_printf(
		format->arena, "%s%.*s\xc2\xa0US$", sign, STR_ARG(number));
}

struct str format_duration(const struct format *format, int64_t us)
{
	int64_t ms = us / 1000;
	int64_t seconds = ms / 1000;

	if (us < 0)
		return S("");
	if (us < 1000)
		return arena_printf(
			format->arena, "%" PRId64 "\xc2\xa0\xc2\xb5s", us);
	if (us < 10000)
		return arena_printf(format->arena, "%.*s\xc2\xa0ms",
			STR_ARG(decimal(format, us, 1)));
	if (ms < 1000)
		return arena_printf(format->arena, "%" PRId64 "\xc2\xa0ms", ms);
	if (seconds < 60)
		return arena_printf(format->arena, "%.*s\xc2\xa0s",
			STR_ARG(decimal(format, ms, seconds < 10 ? 2 : 1)));
	return arena_printf(format->arena,
		"%" PRId64 "\xc2\xa0min %" PRId64 "\xc2\xa0s", seconds / 60,
		seconds % 60);
}

struct str format_share(
	const struct format *format, int64_t part, int64_t whole)
{
	double percent = (double)part * 100 / (double)whole;

	if (whole == 0)
		return S("");
	return arena_printf(format->arena, "%.*s%s",
		STR_ARG(decimal(format, (int64_t)(percent * 1000),
			percent < 99.95 && percent > 0.04 ? 1 : 0)),
		format->sign_first ? "%" : "\xc2\xa0%");
}

struct str format_time(
	const struct format *format, int64_t unix_ms, enum format_time detail)
{
	char text[CLOCK_TEXT_BYTES];
	char key[32];
	struct str month, day;

	clock_format(time_zone_local_ms(format->zone, unix_ms), text);
	if (detail == FORMAT_CLOCK)
		return arena_copy(format->arena, (struct str){ text + 11, 5 });
	snprintf(key, sizeof(key), "dates.months.%.2s", text + 5);
	month = template_text(format->texts, str_of(key));
	day = (struct str){ text + 8, 2 };
	if (day.p[0] == '0')
		day = str_from(day, 1);
	day = format->sign_first ? arena_printf(format->arena, "%.*s %.*s",
					   STR_ARG(month), STR_ARG(day))
				 : arena_printf(format->arena, "%.*s %.*s",
					   STR_ARG(day), STR_ARG(month));
	if (detail == FORMAT_DAY)
		return day;
	return arena_printf(format->arena, "%.*s, %.*s", STR_ARG(day),
		detail == FORMAT_SECONDS ? 8 : 5, text + 11);
}

void format_put_count(const struct format *format, json_t *object,
	const char *name, int64_t value)
{
	json_t *out = json_object();

	site_put_int(out, "value", value);
	site_put(out, "text", format_count(format, value));
	site_put(out, "short", format_short(format, value));
	json_object_set_new(object, name, out);
}

void format_put_usd(const struct format *format, json_t *object,
	const char *name, int64_t picousd)
{
	json_t *out = json_object();
	char exact[MONEY_TEXT_BYTES];

	money_format_usd(picousd, exact);
	site_put(out, "usd", str_of(exact));
	site_put(out, "text", format_usd(format, picousd));
	json_object_set_new(object, name, out);
}

void format_put_duration(const struct format *format, json_t *object,
	const char *name, int64_t us)
{
	json_t *out = us < 0 ? json_null() : json_object();

	if (us >= 0) {
		site_put_int(out, "us", us);
		site_put(out, "text", format_duration(format, us));
	}
	json_object_set_new(object, name, out);
}

void format_put_time(const struct format *format, json_t *object,
	const char *name, int64_t unix_ms)
{
	json_t *out = json_object();
	char iso[CLOCK_TEXT_BYTES];

	clock_format(unix_ms, iso);
	site_put(out, "iso", str_of(iso));
	site_put(out, "text", format_time(format, unix_ms, FORMAT_SECONDS));
	json_object_set_new(object, name, out);
}

void format_put_share(const struct format *format, json_t *object,
	const char *name, int64_t part, int64_t whole)
{
	json_t *out = json_object();
	double percent = whole ? (double)part * 100 / (double)whole : 0;

	json_object_set_new(out, "percent",
		json_real((double)(int64_t)(percent * 10 + 0.5) / 10));
	site_put(out, "text", format_share(format, part, whole));
	json_object_set_new(object, name, out);
}

/* A number of thousandths, rounded to so many digits behind the point. */
static struct str decimal(
	const struct format *format, int64_t thousandths, int digits)
{
	static const int64_t units[] = { 1000, 100, 10, 1 };
	int64_t unit = units[digits];
	int64_t rounded = (thousandths + unit / 2) / unit;
	int64_t scale = 1000 / unit;
	struct str whole = format_count(format, rounded / scale);

	if (digits == 0)
		return whole;
	return arena_printf(format->arena, "%.*s%c%0*" PRId64, STR_ARG(whole),
		format->point, digits, rounded % scale);
}

/* In Spanish four digits stand together (Ortografía de la RAE, VIII.2.2). */
static struct str group(const struct format *format, struct str digits)
{
	size_t sign = digits.p[0] == '-';
	size_t count = digits.n - sign;
	char *out = arena_alloc(format->arena, 2 * digits.n + 1);
	size_t n = 0;

	if (count <= 3 || (count == 4 && !format->sign_first))
		return digits;
	for (size_t i = 0; i < digits.n; i++) {
		if (i > sign && (digits.n - i) % 3 == 0)
			out[n++] = format->thousands;
		out[n++] = digits.p[i];
	}
	return (struct str){ out, n };
}
