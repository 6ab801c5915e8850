/*
 * output.c - gathers cells, then prints them in one of the two forms.
 */
#include "cli/output.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/money.h"

#define MAX_CELL_BYTES (1 << 20)
#define COLUMN_GAP 2

struct output_cell {
	const char *name;
	struct str json;
	struct str text;
	struct output_cell *next;
};

struct output_row {
	struct output_cell *first;
	struct output_cell *last;
	struct output_row *next;
};

static void add_cell(struct output *output, const char *name, struct str json,
	struct str text);
static struct str quoted(struct arena *arena, struct str value);
static struct str printable(struct arena *arena, struct str value);
static void print_json(const struct output *output, FILE *file);
static void print_json_row(const struct output_row *row, FILE *file);
static void print_table(const struct output *output, FILE *file);
static size_t *column_widths(const struct output *output);
static void widen(size_t *widths, size_t count, const struct output_row *row);
static void print_table_row(const struct output_row *row, bool names,
	const size_t *widths, FILE *file);
static void print_lines(const struct output_row *row, FILE *file);
static size_t width_of(struct str text);
static void print_padded(struct str text, size_t width, FILE *file);

void output_init(struct output *output, struct arena *arena, bool json)
{
	*output = (struct output){ .arena = arena, .json = json };
}

void output_list(struct output *output)
{
	output->is_list = true;
}

void output_alone(struct output *output)
{
	output->alone = true;
}

void output_none(struct output *output)
{
	output->none = true;
}

void output_row(struct output *output)
{
	struct output_row *row = ARENA_NEW(output->arena, struct output_row);

	if (output->last)
		output->last->next = row;
	else
		output->first = row;
	output->last = row;
}

void output_str(struct output *output, const char *name, struct str value)
{
	add_cell(output, name, quoted(output->arena, value),
		printable(output->arena, value));
}

void output_int(struct output *output, const char *name, int64_t value)
{
	struct str text = arena_printf(output->arena, "%" PRId64, value);

	add_cell(output, name, text, text);
}

void output_bool(struct output *output, const char *name, bool value)
{
	add_cell(output, name, value ? S("true") : S("false"),
		value ? S("yes") : S("no"));
}

void output_null(struct output *output, const char *name)
{
	add_cell(output, name, S("null"), S("-"));
}

void output_int_or_null(struct output *output, const char *name, int64_t value)
{
	if (value == 0)
		output_null(output, name);
	else
		output_int(output, name, value);
}

void output_time(struct output *output, const char *name, int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (unix_ms == 0) {
		output_null(output, name);
		return;
	}
	clock_format(unix_ms, text);
	output_str(output, name, str_of(text));
}

void output_usd(struct output *output, const char *name, int64_t picousd)
{
	char text[MONEY_TEXT_BYTES];

	if (picousd < 0) {
		output_null(output, name);
		return;
	}
	money_format_usd(picousd, text);
	output_str(output, name, str_of(text));
}

void output_usd_per_million(
	struct output *output, const char *name, int64_t picousd_per_token)
{
	int64_t picousd = 0;

	if (picousd_per_token < 0) {
		output_null(output, name);
		return;
	}
	money_add(&picousd, 1000000, picousd_per_token);
	output_usd(output, name, picousd);
}

void output_json(struct output *output, const char *name, struct str json)
{
	struct str copy = arena_copy(output->arena, json);

	add_cell(output, name, copy, copy);
}

void output_names(struct output *output, const char *name,
	const struct str *names, size_t count)
{
	struct buf json = BUF_INIT(MAX_CELL_BYTES);
	struct buf text = BUF_INIT(MAX_CELL_BYTES);
	struct json_writer writer;

	json_writer_init(&writer, &json);
	json_begin_array(&writer);
	for (size_t i = 0; i < count; i++) {
		json_write_str(&writer, names[i]);
		buf_append(&text, i ? S(", ") : S(""));
		buf_append(&text, printable(output->arena, names[i]));
	}
	json_end_array(&writer);
	if (count == 0)
		buf_append(&text, S("-"));
	add_cell(output, name, arena_copy(output->arena, buf_str(&json)),
		arena_copy(output->arena, buf_str(&text)));
	buf_release(&json);
	buf_release(&text);
}

struct str output_row_json(const struct output *output)
{
	const struct output_cell *cell =
		output->last ? output->last->first : NULL;
	struct buf buf = BUF_INIT(MAX_CELL_BYTES);
	struct json_writer writer;
	struct str copy;

	json_writer_init(&writer, &buf);
	json_begin_object(&writer);
	for (; cell; cell = cell->next)
		json_member_raw(&writer, cell->name, cell->json);
	json_end_object(&writer);
	copy = arena_copy(output->arena, buf_str(&buf));
	buf_release(&buf);
	return copy;
}

void output_print(const struct output *output, FILE *file)
{
	if (output->none)
		return;
	if (output->json)
		print_json(output, file);
	else if (output->alone)
		fprintf(file, "%.*s\n", STR_ARG(output->last->last->text));
	else if (output->is_list)
		print_table(output, file);
	else if (output->first)
		print_lines(output->first, file);
}

static void add_cell(struct output *output, const char *name, struct str json,
	struct str text)
{
	struct output_cell *cell = ARENA_NEW(output->arena, struct output_cell);

	if (!output->last)
		output_row(output);
	*cell = (struct output_cell){
		.name = name, .json = json, .text = text
	};
	if (output->last->last)
		output->last->last->next = cell;
	else
		output->last->first = cell;
	output->last->last = cell;
}

static struct str quoted(struct arena *arena, struct str value)
{
	struct buf buf = BUF_INIT(MAX_CELL_BYTES);
	struct str copy;

	json_append_quoted(&buf, value);
	copy = arena_copy(arena, buf_str(&buf));
	buf_release(&buf);
	return copy;
}

/* A name must not be able to steer the reader's terminal. */
static struct str printable(struct arena *arena, struct str value)
{
	char *copy = arena_cstr(arena, value);

	for (size_t i = 0; i < value.n; i++) {
		if (iscntrl((unsigned char)copy[i]))
			copy[i] = '?';
	}
	return value.n ? (struct str){ copy, value.n } : S("-");
}

static void print_json(const struct output *output, FILE *file)
{
	const struct output_row *row = output->first;

	if (!output->is_list) {
		print_json_row(row, file);
		fputc('\n', file);
		return;
	}
	fputc('[', file);
	for (; row; row = row->next) {
		print_json_row(row, file);
		fputs(row->next ? ",\n" : "", file);
	}
	fputs("]\n", file);
}

static void print_json_row(const struct output_row *row, FILE *file)
{
	const struct output_cell *cell = row ? row->first : NULL;

	fputc('{', file);
	for (; cell; cell = cell->next)
		fprintf(file, "\"%s\":%.*s%s", cell->name, STR_ARG(cell->json),
			cell->next ? "," : "");
	fputc('}', file);
}

static void print_table(const struct output *output, FILE *file)
{
	size_t *widths = output->first ? column_widths(output) : NULL;
	const struct output_row *row;

	if (output->first)
		print_table_row(output->first, true, widths, file);
	for (row = output->first; row; row = row->next)
		print_table_row(row, false, widths, file);
}

/* One width per cell of the first row: all rows have the same cells. */
static size_t *column_widths(const struct output *output)
{
	size_t count = 0;
	size_t *widths;

	for (const struct output_cell *cell = output->first->first; cell;
		cell = cell->next)
		count++;
	widths = ARENA_ARRAY(output->arena, size_t, count);
	for (const struct output_row *row = output->first; row; row = row->next)
		widen(widths, count, row);
	return widths;
}

static void widen(size_t *widths, size_t count, const struct output_row *row)
{
	const struct output_cell *cell = row->first;

	for (size_t i = 0; i < count && cell; i++, cell = cell->next) {
		size_t text = width_of(cell->text);
		size_t name = strlen(cell->name);
		size_t width = text > name ? text : name;

		widths[i] = width > widths[i] ? width : widths[i];
	}
	assert(!cell);
}

static void print_table_row(const struct output_row *row, bool names,
	const size_t *widths, FILE *file)
{
	const struct output_cell *cell;

	for (cell = row->first; cell; cell = cell->next, widths++)
		print_padded(names ? str_of(cell->name) : cell->text,
			cell->next ? *widths + COLUMN_GAP : 0, file);
	fputc('\n', file);
}

static void print_lines(const struct output_row *row, FILE *file)
{
	const struct output_cell *cell;
	size_t widest = 0;

	for (cell = row->first; cell; cell = cell->next)
		widest = strlen(cell->name) > widest ? strlen(cell->name)
						     : widest;
	for (cell = row->first; cell; cell = cell->next) {
		print_padded(str_of(cell->name), widest + COLUMN_GAP, file);
		fprintf(file, "%.*s\n", STR_ARG(cell->text));
	}
}

/* Characters of UTF-8, not bytes. */
static size_t width_of(struct str text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.n; i++)
		width += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return width;
}

static void print_padded(struct str text, size_t width, FILE *file)
{
	size_t used = width_of(text);

	fprintf(file, "%.*s", STR_ARG(text));
	for (; used < width; used++)
		fputc(' ', file);
}
