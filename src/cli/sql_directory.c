/*
 * sql_directory.c - the option --sql-dir.
 */
#include "cli/sql_directory.h"

#ifndef LLM_GATEWAY_SQL_DIR
#define LLM_GATEWAY_SQL_DIR "sql"
#endif

const struct option_row sql_directory_options[] = {
	{ "sql-dir", "DIRECTORY",
		"where the migrations are (default: " LLM_GATEWAY_SQL_DIR ")" },
	{ NULL, NULL, NULL },
};

const char *sql_directory(struct session *session)
{
	struct str given = arguments_text(&session->arguments, "sql-dir");

	return given.n ? arena_cstr(&session->arena, given)
		       : LLM_GATEWAY_SQL_DIR;
}
