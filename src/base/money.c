/*
 * money.c - reading, writing and adding exact amounts.
 */
#include "base/money.h"

#define DECIMALS 12

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
