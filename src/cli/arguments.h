/*
 * arguments.h - the words and options behind a command's name.
 *
 * What a command understands is a table of options; "--name VALUE" and
 * "--name=VALUE" are the same, options may stand before or behind the other
 * words, and "--" ends them. Values are views of argv, so no secret may ever
 * be one: secrets come through standard input (secret.h).
 *
 * A command line that makes no sense is ERR_BAD_REQUEST, from here and from
 * nowhere else: the program then ends with 2.
 */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "base/error.h"

#define ARGUMENTS_MAX_WORDS 8
#define ARGUMENTS_MAX_GIVEN 64

/* A table of these ends with a row without a name. */
struct option_row {
	const char *name;
	const char *value; /* what help calls it; NULL: takes none */
	const char *meaning;
};

struct given_option {
	const struct option_row *row;
	struct str value;
};

struct arguments {
	struct str words[ARGUMENTS_MAX_WORDS];
	size_t word_count;
	struct given_option given[ARGUMENTS_MAX_GIVEN];
	size_t given_count;
};

/* Read argv[0..count); both tables are known, `own` may be NULL. */
MUST_USE bool arguments_read(struct arguments *arguments, int count,
	char *const *argv, const struct option_row *own,
	const struct option_row *shared, struct error *err);

/* The row of "--name" or "--name=VALUE" in a table, or NULL. */
const struct option_row *option_find(
	const struct option_row *table, struct str argument);

bool arguments_has(const struct arguments *arguments, const char *name);
/* The last value given; empty when none was. */
struct str arguments_text(const struct arguments *arguments, const char *name);
/* All values of an option: *at begins at 0; false after the last one. */
bool arguments_next(const struct arguments *arguments, const char *name,
	size_t *at, struct str *out);

/* These leave *out as it is when the option was not given. */
MUST_USE bool arguments_int(const struct arguments *arguments, const char *name,
	int64_t min, int64_t max, int64_t *out, struct error *err);
MUST_USE bool arguments_usd(const struct arguments *arguments, const char *name,
	int64_t *picousd, struct error *err);
MUST_USE bool arguments_usd_per_million(const struct arguments *arguments,
	const char *name, int64_t *picousd_per_token, struct error *err);
MUST_USE bool arguments_time(const struct arguments *arguments,
	const char *name, int64_t *unix_ms, struct error *err);

#endif
