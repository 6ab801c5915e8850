/*
 * arguments.c - reads argv against a table.
 */
#include "cli/arguments.h"

#include "base/clock.h"
#include "base/money.h"

static bool add_word(
	struct arguments *arguments, struct str word, struct error *err);
static bool add_option(struct arguments *arguments, int *at, int count,
	char *const *argv, const struct option_row *row, struct error *err);
static bool wrong_value(const char *name, struct str value,
	const char *expected, struct error *err);

bool arguments_read(struct arguments *arguments, int count, char *const *argv,
	const struct option_row *own, const struct option_row *shared,
	struct error *err)
{
	bool options_ended = false;

	memset(arguments, 0, sizeof(*arguments));
	for (int i = 0; i < count; i++) {
		struct str argument = str_of(argv[i]);
		const struct option_row *row;

		if (options_ended || !str_starts(argument, S("-")) ||
			argument.n == 1) {
			if (!add_word(arguments, argument, err))
				return false;
			continue;
		}
		options_ended = str_equal(argument, S("--"));
		if (options_ended)
			continue;
		row = own ? option_find(own, argument) : NULL;
		if (!row)
			row = option_find(shared, argument);
		if (!add_option(arguments, &i, count, argv, row, err))
			return false;
	}
	return true;
}

const struct option_row *option_find(
	const struct option_row *table, struct str argument)
{
	struct str name = str_from(argument, 2);

	if (!str_starts(argument, S("--")))
		return NULL;
	name = str_head(name, str_index(name, '='));
	for (; table->name; table++) {
		if (str_equal(name, str_of(table->name)))
			return table;
	}
	return NULL;
}

bool arguments_has(const struct arguments *arguments, const char *name)
{
	struct str value;
	size_t at = 0;

	return arguments_next(arguments, name, &at, &value);
}

struct str arguments_text(const struct arguments *arguments, const char *name)
{
	struct str value = STR("");
	size_t at = 0;

	while (arguments_next(arguments, name, &at, &value))
		;
	return value;
}

bool arguments_next(const struct arguments *arguments, const char *name,
	size_t *at, struct str *out)
{
	for (; *at < arguments->given_count; (*at)++) {
		const struct given_option *given = &arguments->given[*at];

		if (strcmp(given->row->name, name) == 0) {
			*out = given->value;
			(*at)++;
			return true;
		}
	}
	return false;
}

bool arguments_int(const struct arguments *arguments, const char *name,
	int64_t min, int64_t max, int64_t *out, struct error *err)
{
	struct str value = arguments_text(arguments, name);
	char expected[80];

	if (!arguments_has(arguments, name) ||
		str_to_int64_in(value, min, max, out))
		return true;
	snprintf(expected, sizeof(expected),
		"a whole number from %" PRId64 " to %" PRId64, min, max);
	return wrong_value(name, value, expected, err);
}

bool arguments_usd(const struct arguments *arguments, const char *name,
	int64_t *picousd, struct error *err)
{
	struct str value = arguments_text(arguments, name);

	if (!arguments_has(arguments, name) || money_parse_usd(value, picousd))
		return true;
	return wrong_value(
		name, value, "an amount of US dollars, as in 12.50", err);
}

bool arguments_usd_per_million(const struct arguments *arguments,
	const char *name, int64_t *picousd_per_token, struct error *err)
{
	struct str value = arguments_text(arguments, name);

	if (!arguments_has(arguments, name) ||
		money_parse_usd_per_million(value, picousd_per_token))
		return true;
	return wrong_value(name, value,
		"US dollars per million tokens with at most 6 decimals, as in "
		"0.15",
		err);
}

bool arguments_time(const struct arguments *arguments, const char *name,
	int64_t *unix_ms, struct error *err)
{
	struct str value = arguments_text(arguments, name);

	if (!arguments_has(arguments, name) || clock_parse(value, unix_ms))
		return true;
	return wrong_value(name, value,
		"a date (UTC), as in 2030-12-31 or 2030-12-31T08:30:00", err);
}

static bool add_word(
	struct arguments *arguments, struct str word, struct error *err)
{
	if (arguments->word_count == ARGUMENTS_MAX_WORDS)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"There are too many words.");
	arguments->words[arguments->word_count++] = word;
	return true;
}

/* Takes the value from behind '=' or, moving *at, from the next argument. */
static bool add_option(struct arguments *arguments, int *at, int count,
	char *const *argv, const struct option_row *row, struct error *err)
{
	struct str argument = str_of(argv[*at]);
	size_t equals = str_index(argument, '=');
	struct str value = str_from(argument, equals + 1);

	if (!row)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"This command has no option '%.*s'.",
			STR_ARG(str_head(argument, equals)));
	if (!row->value && equals < argument.n)
		return error_refuse(err, ERR_BAD_REQUEST, row->name,
			"--%s takes no value.", row->name);
	if (row->value && equals == argument.n && *at + 1 < count &&
		strncmp(argv[*at + 1], "--", 2) != 0)
		value = str_of(argv[++*at]);
	if (row->value && value.n == 0)
		return error_refuse(err, ERR_BAD_REQUEST, row->name,
			"--%s needs a value: %s.", row->name, row->value);
	if (arguments->given_count == ARGUMENTS_MAX_GIVEN)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"There are too many options.");
	arguments->given[arguments->given_count++] =
		(struct given_option){ row, value };
	return true;
}

static bool wrong_value(const char *name, struct str value,
	const char *expected, struct error *err)
{
	return error_refuse(err, ERR_BAD_REQUEST, name,
		"--%s '%.*s': expected %s.", name, STR_ARG(value), expected);
}
