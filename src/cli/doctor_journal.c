/*
 * doctor_journal.c - does the request log keep up with the calls?
 */
#include "cli/doctor.h"
#include "ledger/backlog.h"

/* About what a gateway writes in a second under full load. */
#define USUAL_BYTES (8 << 20)

bool doctor_look_at_journal(struct session *session, struct error *err)
{
	struct backlog backlog;

	if (!backlog_measure(&session->settings, session->db, &backlog, err)) {
		doctor_says(session, "journal", FINDING_FAULT, "%s",
			error_detail(err));
		return err->kind == ERR_IO;
	}
	if (backlog.finished > 0)
		doctor_says(session, "journal", FINDING_WARNING,
			"%zu files of processes that have ended wait for a "
			"gateway that runs: %" PRId64
			" bytes are not in the request log yet.",
			backlog.finished, backlog.bytes);
	else if (backlog.bytes > USUAL_BYTES)
		doctor_says(session, "journal", FINDING_WARNING,
			"%" PRId64 " bytes of finished calls are not in the "
			"request log yet: MariaDB is slow, or was away. "
			"Nothing is lost, but pages and exports are behind.",
			backlog.bytes);
	else
		doctor_says(session, "journal", FINDING_OK,
			"The request log keeps up (%" PRId64
			" bytes are on their way).",
			backlog.bytes);
	return true;
}
