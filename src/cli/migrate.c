/*
 * migrate.c - bring the database's tables up to date.
 */
#include "db/migrate.h"

#include "cli/command.h"
#include "cli/sql_directory.h"

static bool run(struct session *session, struct error *err)
{
	unsigned applied;

	if (!migrate_run(session->db, sql_directory(session), &applied, err))
		return false;
	output_int(&session->output, "applied", applied);
	return true;
}

const struct command command_migrate = {
	.words = "migrate",
	.operands = "",
	.help = "bring the database's tables up to date",
	.options = sql_directory_options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
