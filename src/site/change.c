/*
 * change.c - audit rows of pages.
 */
#include "site/change.h"

#include "base/log.h"
#include "hot/store.h"
#include "ledger/audit.h"

static struct str text_of(json_t *json, struct arena *arena);

bool site_change_note(struct site_request *request,
	const struct site_change *change, struct error *err)
{
	const struct site_session *session = &request->session;
	struct str action = str_of(change->action);
	struct str email =
		session->email.n ? session->email : change->object_name;
	struct audit_entry entry = {
		.organisation_id = change->organisation_id,
		.actor_user_id = session->user_id,
		.actor = email.n ? email : S("site"),
		.action = action,
		.object_kind = str_head(action, str_index(action, '.')),
		.object_id = change->object_id,
		.object_name = change->object_name,
		.before_json = text_of(change->before, request->arena),
		.after_json = text_of(change->after, request->arena),
		.client_ip = request->exchange->client_ip,
	};

	return audit_write(request->db, &entry, err);
}

bool site_change_commit(struct site_request *request, struct error *err)
{
	struct error late;
	int64_t changes;

	if (!db_commit(request->db, err))
		return false;
	/* It is made: those who serve would find it by themselves, too. */
	if (!hot_add(request->site->hot, HOT_SNAPSHOT_CHANGES, 1, &changes,
		    &late))
		log_warn("a change may take half a second to be seen: %s",
			error_detail(&late));
	return true;
}

static struct str text_of(json_t *json, struct arena *arena)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	struct str copy = arena_copy(arena, str_of(text));

	json_decref(json);
	free(text);
	return copy;
}
