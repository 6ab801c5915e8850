/*
 * output.h - what a command answers: one object, or a list of them, as JSON
 * for scripts or as text for people.
 *
 * A command adds cells to rows and says nothing about the form; the output is
 * printed when the command has succeeded. A list is one JSON array or an
 * aligned table, anything else one JSON object or a line per cell. Everything
 * lives in the arena.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "base/arena.h"

struct output_row;

struct output {
	struct arena *arena;
	bool json;
	bool is_list;
	bool alone;
	bool none;
	struct output_row *first;
	struct output_row *last;
};

void output_init(struct output *output, struct arena *arena, bool json);

/* The answer is a list, also when it has no or one row. */
void output_list(struct output *output);
/* The next cells belong to a new row. */
void output_row(struct output *output);

/* As text, only the last cell is printed. */
void output_alone(struct output *output);

/* The command has written its answer itself, or has none. */
void output_none(struct output *output);

/* A cell of the current row; `name` is a literal. */
void output_str(struct output *output, const char *name, struct str value);
void output_int(struct output *output, const char *name, int64_t value);
void output_bool(struct output *output, const char *name, bool value);
void output_null(struct output *output, const char *name);
/* 0 is shown as null. */
void output_int_or_null(struct output *output, const char *name, int64_t value);
/* Unix milliseconds as text in UTC; 0 is shown as null. */
void output_time(struct output *output, const char *name, int64_t unix_ms);
/* A decimal text of dollars, so that no reader makes a float of it; a
 * negative amount is shown as null. */
void output_usd(struct output *output, const char *name, int64_t picousd);
/* The same per million tokens. */
void output_usd_per_million(
	struct output *output, const char *name, int64_t picousd_per_token);
/* A value that is JSON already. */
void output_json(struct output *output, const char *name, struct str json);
void output_names(struct output *output, const char *name,
	const struct str *names, size_t count);

/* The current row as a JSON object. */
struct str output_row_json(const struct output *output);

void output_print(const struct output *output, FILE *file);

#endif
