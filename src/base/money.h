/*
 * money.h - money as a whole number of pico-dollars (10^-12 USD).
 *
 * The cheapest published price of one token is still a whole number of them,
 * so a cost is a sum of integer products, exact to the last digit; an int64_t
 * reaches 9.2 million dollars. A float never holds a price or a cost.
 */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include "base/str.h"

#define PICOUSD_PER_USD INT64_C(1000000000000)

/*
 * "12", "0.15", ".5": US dollars, up to 12 decimals, not negative. False on
 * anything else ("1e3", "1,5", "-1", too many digits, too large).
 */
MUST_USE bool money_parse_usd(struct str text, int64_t *picousd);

/*
 * Dollars per million tokens (how price lists speak) as pico-dollars per
 * token. False as above, or when a token's price would not be whole.
 */
MUST_USE bool money_parse_usd_per_million(
	struct str text, int64_t *picousd_per_token);

/*
 * A number as JSON writes it ("1.5e-07", "0.135", "10") times 10^exponent, as
 * price lists tell dollars: per token with 12, per thousand with 9, per
 * million with 6. Digits beyond the pico-dollar are rounded to the nearest
 * one, but nothing that costs something becomes free. False on anything else,
 * also on a negative number and one that does not fit.
 */
MUST_USE bool money_parse_number(
	struct str text, int exponent, int64_t *picousd);

#define MONEY_TEXT_BYTES 24

/* "0.00001234": dollars, exact, no trailing zeros but at least one digit. */
void money_format_usd(int64_t picousd, char out[MONEY_TEXT_BYTES]);

/*
 * *total += count * unit, saturating at INT64_MAX: an amount that does not
 * fit must never wrap round to a small one.
 */
void money_add(int64_t *total, int64_t count, int64_t unit);

#endif
