/*
 * doctor_journal.c - does the request log keep up with the calls?
 */
#include "cli/doctor.h"
#include "ledger/journal_depth.h"

/* About what a gateway writes in a second under full load. */
#define USUAL_BYTES (8 << 20)

bool doctor_look_at_journal(struct session *session, struct error *err)
{
	struct journal_depth depth = { 0 };
	int64_t bytes;

	if (!journal_depth_measure(
		    &depth, &session->settings, session->pool, err)) {
		doctor_says(session, "journal", FINDING_FAULT, "%s",
			error_detail(err));
		return err->kind == ERR_IO;
	}
	bytes = journal_depth_bytes(&depth);
	if (bytes > USUAL_BYTES)
		doctor_says(session, "journal", FINDING_WARNING,
			"%" PRId64 " bytes of finished calls are not in the "
			"request log yet: MariaDB is slow or was away, or no "
			"gateway runs. Nothing is lost, but pages and exports "
			"are behind.",
			bytes);
	else
		doctor_says(session, "journal", FINDING_OK,
			"The request log keeps up (%" PRId64
			" bytes are on their way).",
			bytes);
	return true;
}
