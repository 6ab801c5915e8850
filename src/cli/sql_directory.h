/*
 * sql_directory.h - where the migrations are: --sql-dir, else what was built
 * in (LLM_GATEWAY_SQL_DIR), else "sql" in the current directory.
 */
#ifndef CLI_SQL_DIRECTORY_H
#define CLI_SQL_DIRECTORY_H

#include "cli/session.h"

extern const struct option_row sql_directory_options[];

const char *sql_directory(struct session *session);

#endif
