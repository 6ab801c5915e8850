/*
 * stmt.c - prepared statements. The one hard thing is a column of unknown
 * length: each has a buffer that fits ordinary values, a longer one is
 * fetched again into a buffer that grew.
 */
#include "db/stmt.h"

#include "db/connection.h"

#define FIRST_COLUMN_BYTES 128
#define KEPT_COLUMN_BYTES 65536 /* larger buffers go with the result */

struct column {
	bool is_int;
	int64_t value; /* of an is_int */
	char *bytes;   /* of the others; capacity + 1 for a NUL */
	unsigned long capacity;
	unsigned long length;
	my_bool is_null;
	my_bool truncated;
	char decimals[24]; /* what stmt_str() makes of an is_int */
};

struct stmt {
	struct stmt *next; /* in its bucket */
	struct db *db;
	const char *sql; /* its name, too */
	MYSQL_STMT *handle;
	unsigned parameter_count;
	unsigned bound;
	MYSQL_BIND *parameters;
	int64_t *integers;      /* what parameters point at */
	unsigned long *lengths; /* the same */
	unsigned column_count;
	struct column *columns;
	MYSQL_BIND *results;
	bool open;  /* has rows to fetch */
	bool moved; /* a column has grown, and the library was not told */
};

static struct stmt **bucket_of(struct db *db, const char *sql);
static struct stmt *stmt_new(struct db *db, const char *sql);
static bool stmt_describe(struct stmt *stmt);
static void column_describe(struct stmt *stmt, unsigned i, MYSQL_FIELD *field);
static void column_point(struct stmt *stmt, unsigned i);
static void column_resize(struct column *column, unsigned long capacity);
static void stmt_close(struct stmt *stmt);
static void stmt_end(struct stmt *stmt);
static MYSQL_BIND *next_parameter(struct stmt *stmt);
static bool stmt_open(struct stmt *stmt);
static bool bind_results(struct stmt *stmt);
static bool fetch_long_columns(struct stmt *stmt);
static bool stmt_failed(struct stmt *stmt, struct error *err);
static struct column *column_get(struct stmt *stmt, unsigned i);
static void *array_of(size_t count, size_t bytes);

bool stmt_prepare(
	struct db *db, struct stmt **out, const char *sql, struct error *err)
{
	struct stmt **bucket = bucket_of(db, sql);
	struct stmt *stmt = *bucket;

	if (!connection_usable(db, err))
		return false;
	while (stmt && stmt->sql != sql)
		stmt = stmt->next;
	if (!stmt) {
		stmt = stmt_new(db, sql);
		if (mysql_stmt_prepare(stmt->handle, sql, strlen(sql)) != 0 ||
			!stmt_describe(stmt)) {
			stmt_failed(stmt, err);
			stmt_close(stmt);
			return false;
		}
		stmt->next = *bucket;
		*bucket = stmt;
	}
	stmt_end(stmt);
	stmt->bound = 0;
	*out = stmt;
	return true;
}

void stmt_bind_int(struct stmt *stmt, int64_t value)
{
	MYSQL_BIND *parameter = next_parameter(stmt);
	int64_t *place = &stmt->integers[parameter - stmt->parameters];

	*place = value;
	parameter->buffer_type = MYSQL_TYPE_LONGLONG;
	parameter->buffer = place;
}

void stmt_bind_str(struct stmt *stmt, struct str value)
{
	MYSQL_BIND *parameter = next_parameter(stmt);
	unsigned long *length = &stmt->lengths[parameter - stmt->parameters];

	*length = value.n;
	parameter->buffer_type = MYSQL_TYPE_STRING;
	parameter->buffer = (void *)(uintptr_t)(value.n ? value.p : "");
	parameter->buffer_length = value.n;
	parameter->length = length;
}

void stmt_bind_null(struct stmt *stmt)
{
	next_parameter(stmt)->buffer_type = MYSQL_TYPE_NULL;
}

void stmt_bind_in(struct stmt *stmt, const int64_t *ids, size_t count)
{
	assert(count <= STMT_IN_MAX);
	for (size_t i = 0; i < STMT_IN_MAX; i++)
		stmt_bind_int(stmt, i < count ? ids[i] : -1);
}

void stmt_bind_int_or_null(struct stmt *stmt, int64_t value)
{
	if (value)
		stmt_bind_int(stmt, value);
	else
		stmt_bind_null(stmt);
}

void stmt_bind_str_or_null(struct stmt *stmt, struct str value)
{
	if (value.n)
		stmt_bind_str(stmt, value);
	else
		stmt_bind_null(stmt);
}

bool stmt_run(struct stmt *stmt, struct error *err)
{
	assert(stmt->bound == stmt->parameter_count);
	stmt->bound = 0;
	stmt_end(stmt);
	if (!connection_usable(stmt->db, err))
		return false;
	if (stmt->parameter_count > 0 &&
		mysql_stmt_bind_param(stmt->handle, stmt->parameters) != 0)
		return stmt_failed(stmt, err);
	if (mysql_stmt_execute(stmt->handle) != 0)
		return stmt_failed(stmt, err);
	if (mysql_stmt_field_count(stmt->handle) != stmt->column_count) {
		stmt->db->broken = true;
		return error_set(err, ERR_DATABASE,
			"a table changed its columns under a statement");
	}
	if (stmt->column_count > 0 && !stmt_open(stmt))
		return stmt_failed(stmt, err);
	return true;
}

bool stmt_fetch(struct stmt *stmt, bool *more, struct error *err)
{
	int result;

	assert(stmt->column_count > 0);
	*more = false;
	if (!stmt->open)
		return true;
	/* Not before: it makes the library forget the row that was, and that
	 * of MariaDB 10.11.18 the lengths of its columns, too. */
	if (stmt->moved && !bind_results(stmt))
		return stmt_failed(stmt, err);
	result = mysql_stmt_fetch(stmt->handle);
	if (result == MYSQL_NO_DATA) {
		stmt_end(stmt);
		return true;
	}
	if ((result != 0 && result != MYSQL_DATA_TRUNCATED) ||
		!fetch_long_columns(stmt))
		return stmt_failed(stmt, err);
	*more = true;
	return true;
}

bool stmt_is_null(struct stmt *stmt, unsigned column)
{
	return column_get(stmt, column)->is_null;
}

int64_t stmt_int(struct stmt *stmt, unsigned i)
{
	struct column *column = column_get(stmt, i);
	char *end;
	long long value;

	if (column->is_null)
		return 0;
	if (column->is_int)
		return column->value;
	/* SUM() of integers is a DECIMAL; too large a one saturates. */
	column->bytes[column->length] = '\0';
	value = strtoll(column->bytes, &end, 10);
	assert(end == column->bytes + column->length && column->length > 0);
	return value;
}

struct str stmt_str(struct stmt *stmt, unsigned i)
{
	struct column *column = column_get(stmt, i);
	int n;

	if (column->is_null)
		return S("");
	if (!column->is_int)
		return (struct str){ column->bytes, column->length };
	n = snprintf(column->decimals, sizeof(column->decimals), "%" PRId64,
		column->value);
	return (struct str){ column->decimals, (size_t)n };
}

int64_t stmt_insert_id(struct stmt *stmt)
{
	return (int64_t)mysql_stmt_insert_id(stmt->handle);
}

int64_t stmt_affected_rows(struct stmt *stmt)
{
	return (int64_t)mysql_stmt_affected_rows(stmt->handle);
}

void statements_end(struct db *db)
{
	for (size_t i = 0; i < STATEMENT_BUCKETS; i++) {
		for (struct stmt *s = db->statements[i]; s; s = s->next)
			stmt_end(s);
	}
}

void statements_close(struct db *db)
{
	for (size_t i = 0; i < STATEMENT_BUCKETS; i++) {
		while (db->statements[i]) {
			struct stmt *first = db->statements[i];

			db->statements[i] = first->next;
			stmt_close(first);
		}
	}
}

static struct stmt **bucket_of(struct db *db, const char *sql)
{
	uint64_t mixed = (uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);

	return &db->statements[mixed >> 32 & (STATEMENT_BUCKETS - 1)];
}

static struct stmt *stmt_new(struct db *db, const char *sql)
{
	struct stmt *stmt = array_of(1, sizeof(*stmt));

	stmt->db = db;
	stmt->sql = sql;
	stmt->handle = mysql_stmt_init(db->mysql);
	if (!stmt->handle)
		abort();
	return stmt;
}

/* Make room for what the server says goes in and comes out. */
static bool stmt_describe(struct stmt *stmt)
{
	MYSQL_RES *description;

	stmt->parameter_count = (unsigned)mysql_stmt_param_count(stmt->handle);
	stmt->parameters =
		array_of(stmt->parameter_count, sizeof(*stmt->parameters));
	stmt->integers =
		array_of(stmt->parameter_count, sizeof(*stmt->integers));
	stmt->lengths = array_of(stmt->parameter_count, sizeof(*stmt->lengths));
	stmt->column_count = mysql_stmt_field_count(stmt->handle);
	stmt->columns = array_of(stmt->column_count, sizeof(*stmt->columns));
	stmt->results = array_of(stmt->column_count, sizeof(*stmt->results));
	if (stmt->column_count == 0)
		return true;
	description = mysql_stmt_result_metadata(stmt->handle);
	if (!description) {
		stmt->column_count = 0;
		return false;
	}
	for (unsigned i = 0; i < stmt->column_count; i++)
		column_describe(
			stmt, i, mysql_fetch_field_direct(description, i));
	mysql_free_result(description);
	return true;
}

static void column_describe(struct stmt *stmt, unsigned i, MYSQL_FIELD *field)
{
	struct column *column = &stmt->columns[i];

	switch (field->type) {
	case MYSQL_TYPE_TINY:
	case MYSQL_TYPE_SHORT:
	case MYSQL_TYPE_INT24:
	case MYSQL_TYPE_LONG:
	case MYSQL_TYPE_LONGLONG:
	case MYSQL_TYPE_YEAR: column->is_int = true; break;
	default: column_resize(column, FIRST_COLUMN_BYTES);
	}
	column_point(stmt, i);
}

/* Tell the library where the column's next value goes. */
static void column_point(struct stmt *stmt, unsigned i)
{
	struct column *column = &stmt->columns[i];

	stmt->results[i] = (MYSQL_BIND){
		.buffer_type = column->is_int ? MYSQL_TYPE_LONGLONG
					      : MYSQL_TYPE_STRING,
		.buffer =
			column->is_int ? (void *)&column->value : column->bytes,
		.buffer_length =
			column->is_int ? sizeof(int64_t) : column->capacity,
		.length = &column->length,
		.is_null = &column->is_null,
		.error = &column->truncated,
	};
}

static void column_resize(struct column *column, unsigned long capacity)
{
	free(column->bytes);
	column->bytes = malloc(capacity + 1);
	if (!column->bytes)
		abort();
	column->capacity = capacity;
	column->length = 0;
}

static void stmt_close(struct stmt *stmt)
{
	for (unsigned i = 0; i < stmt->column_count; i++)
		free(stmt->columns[i].bytes);
	free(stmt->columns);
	free(stmt->results);
	free(stmt->parameters);
	free(stmt->integers);
	free(stmt->lengths);
	mysql_stmt_close(stmt->handle);
	free(stmt);
}

/* Forget the result; the statement stays prepared. */
static void stmt_end(struct stmt *stmt)
{
	if (!stmt->open)
		return;
	stmt->open = false;
	mysql_stmt_free_result(stmt->handle);
	for (unsigned i = 0; i < stmt->column_count; i++) {
		if (stmt->columns[i].capacity <= KEPT_COLUMN_BYTES)
			continue;
		column_resize(&stmt->columns[i], FIRST_COLUMN_BYTES);
		column_point(stmt, i);
	}
}

static MYSQL_BIND *next_parameter(struct stmt *stmt)
{
	MYSQL_BIND *parameter;

	assert(stmt->bound < stmt->parameter_count);
	parameter = &stmt->parameters[stmt->bound++];
	memset(parameter, 0, sizeof(*parameter));
	return parameter;
}

/*
 * The result is taken over whole, so that other statements may run on the
 * connection while its rows are looked at.
 */
static bool stmt_open(struct stmt *stmt)
{
	stmt->open = true;
	return bind_results(stmt) && mysql_stmt_store_result(stmt->handle) == 0;
}

static bool bind_results(struct stmt *stmt)
{
	stmt->moved = false;
	return mysql_stmt_bind_result(stmt->handle, stmt->results) == 0;
}

static bool fetch_long_columns(struct stmt *stmt)
{
	for (unsigned i = 0; i < stmt->column_count; i++) {
		struct column *column = &stmt->columns[i];
		unsigned long length = column->length;

		if (column->is_int || column->is_null ||
			length <= column->capacity)
			continue;
		column_resize(column, length);
		column_point(stmt, i);
		stmt->moved = true;
		if (mysql_stmt_fetch_column(
			    stmt->handle, &stmt->results[i], i, 0) != 0)
			return false;
	}
	return true;
}

static bool stmt_failed(struct stmt *stmt, struct error *err)
{
	return connection_failed(stmt->db, mysql_stmt_errno(stmt->handle),
		mysql_stmt_sqlstate(stmt->handle),
		mysql_stmt_error(stmt->handle), err);
}

/* Of the row that stmt_fetch() just gave. */
static struct column *column_get(struct stmt *stmt, unsigned i)
{
	assert(stmt->open && i < stmt->column_count);
	return &stmt->columns[i];
}

static void *array_of(size_t count, size_t bytes)
{
	void *array = calloc(count ? count : 1, bytes);

	if (!array)
		abort();
	return array;
}
