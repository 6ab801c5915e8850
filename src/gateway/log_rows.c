/*
 * log_rows.c - the ledger moves the records; it does not know the accounts.
 */
#include "gateway/log_rows.h"

#include "accounts/key_use.h"
#include "base/log.h"

static journal_used note_uses;

bool log_rows_move(struct gateway *gateway, struct error *err)
{
	size_t moved;

	return journal_replay(
		gateway->settings, gateway->db, note_uses, &moved, err);
}

bool log_rows_all(struct gateway *gateway, struct error *err)
{
	size_t moved;

	return journal_replay_all(
		gateway->settings, gateway->db, note_uses, &moved, err);
}

/* The rows are there; a use that is missed is told by the next one. */
static void note_uses(
	struct db *db, const struct journal_use *uses, size_t count)
{
	struct error err;

	for (size_t i = 0; i < count; i++) {
		if (key_use_note(db, uses[i].key_id, uses[i].unix_ms, &err))
			continue;
		log_warn("when keys were used last is not noted: %s",
			error_detail(&err));
		return;
	}
}
