/*
 * money.c - reading, writing and adding exact amounts.
 */
#include "base/money.h"

#define DECIMALS 12
/* Longer exponents only make zeros or what does not fit. */
#define MAX_EXPONENT_DIGITS 4

static bool parse_exponent(struct str text, int64_t *out);
static bool digits_only(struct str text);
static char digit_at(struct str whole, struct str fraction, size_t at);

bool money_parse_usd(struct str text, int64_t *picousd)
{
	size_t dot = str_index(text, '.');
	struct str whole = str_head(text, dot);
	struct str fraction = str_from(text, dot + 1);
	int64_t value = 0;

	if (whole.n + fraction.n == 0 || fraction.n > DECIMALS ||
		(dot < text.n && fraction.n == 0))
		return false;
	for (size_t i = 0; i < whole.n + DECIMALS; i++) {
		size_t at = i - whole.n;
		char c = i < whole.n       ? whole.p[i]
			 : at < fraction.n ? fraction.p[at]
					   : '0';

		if (c < '0' || c > '9' ||
			__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, c - '0', &value))
			return false;
	}
	*picousd = value;
	return true;
}

bool money_parse_usd_per_million(struct str text, int64_t *picousd_per_token)
{
	int64_t picousd;

	if (!money_parse_usd(text, &picousd) || picousd % 1000000 != 0)
		return false;
	*picousd_per_token = picousd / 1000000;
	return true;
}

bool money_parse_number(struct str text, int exponent, int64_t *picousd)
{
	size_t e = str_index(text, 'e') < text.n ? str_index(text, 'e')
						 : str_index(text, 'E');
	struct str mantissa = str_head(text, e);
	size_t dot = str_index(mantissa, '.');
	struct str whole = str_head(mantissa, dot);
	struct str fraction = str_from(mantissa, dot + 1);
	int64_t value = 0, shift = 0, kept;
	bool anything = false;

	if (whole.n == 0 || !digits_only(whole) || !digits_only(fraction) ||
		(dot < mantissa.n && fraction.n == 0) ||
		(e < text.n && !parse_exponent(str_from(text, e + 1), &shift)))
		return false;
	/* So many digits stand before the point of the result. */
	kept = (int64_t)whole.n + shift + exponent;
	for (size_t i = 0; i < whole.n + fraction.n; i++)
		anything |= digit_at(whole, fraction, i) != '0';
	for (int64_t i = 0; anything && i < kept; i++) {
		char digit = digit_at(whole, fraction, (size_t)i);

		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, digit - '0', &value))
			return false;
	}
	if (kept >= 0 && digit_at(whole, fraction, (size_t)kept) >= '5' &&
		__builtin_add_overflow(value, 1, &value))
		return false;
	*picousd = anything && value == 0 ? 1 : value;
	return true;
}

static bool parse_exponent(struct str text, int64_t *out)
{
	bool negative = str_starts(text, S("-"));

	if (negative || str_starts(text, S("+")))
		text = str_from(text, 1);
	if (text.n == 0 || text.n > MAX_EXPONENT_DIGITS || !digits_only(text) ||
		!str_to_int64(text, out))
		return false;
	if (negative)
		*out = -*out;
	return true;
}

static bool digits_only(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	}
	return true;
}

/* Of whole and fraction as one row of digits, with zeros behind it. */
static char digit_at(struct str whole, struct str fraction, size_t at)
{
	if (at < whole.n)
		return whole.p[at];
	at -= whole.n;
	return at < fraction.n ? fraction.p[at] : '0';
}

void money_format_usd(int64_t picousd, char out[MONEY_TEXT_BYTES])
{
	uint64_t value =
		picousd < 0 ? 0 - (uint64_t)picousd : (uint64_t)picousd;
	uint64_t unit = (uint64_t)PICOUSD_PER_USD;
	int n = snprintf(out, MONEY_TEXT_BYTES, "%s%" PRIu64 ".%012" PRIu64,
		picousd < 0 ? "-" : "", value / unit, value % unit);

	while (n > 0 && out[n - 1] == '0')
		out[--n] = '\0';
	if (n > 0 && out[n - 1] == '.')
		out[--n] = '\0';
}

void money_add(int64_t *total, int64_t count, int64_t unit)
{
	int64_t amount;

	if (__builtin_mul_overflow(count, unit, &amount) ||
		__builtin_add_overflow(*total, amount, total))
		*total = INT64_MAX;
}
