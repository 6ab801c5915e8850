/*
 * orphans.c - finding them, and doing for each what its process would have.
 *
 * Several processes may find the same one. The row's request id is unique and
 * a reservation is settled once, so that nothing is charged twice.
 */
#include "gateway/orphans.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "gateway/late.h"
#include "gateway/log_rows.h"
#include "gateway/observe.h"
#include "hot/limit.h"
#include "ledger/spend.h"

/* At once; more are found in the next second. */
#define MOST 256
#define ARENA_BYTES 65536
/* A machine that did not come back by then does not settle its own. */
#define ABANDONED_MS INT64_C(3600000)

struct orphans {
	struct limits *store;
	struct limit_orphan *each;
	struct spend_call *known;
	size_t count;
};

static bool settle_store(
	struct gateway *gateway, struct limits *store, struct error *err);
static bool let_go(struct orphans *orphans, struct error *err);
static void keep_ours(
	struct gateway *gateway, struct orphans *orphans, struct arena *arena);
static bool is_ours(struct gateway *gateway, const struct limit_orphan *orphan,
	struct arena *arena);
static bool look_up(struct gateway *gateway, struct orphans *orphans,
	struct arena *arena, struct error *err);
static bool settle_one(struct gateway *gateway, struct limits *store,
	const struct limit_orphan *orphan, const struct spend_call *known,
	struct arena *arena, struct error *err);
static bool record_death(struct gateway *gateway,
	const struct limit_orphan *orphan, struct arena *arena,
	struct usage_record *usage, struct error *err);
static void read_note(
	struct json note, struct arena *arena, struct usage_record *usage);
static int64_t number(struct json object, struct str name);
static struct str text(
	struct json object, struct str name, struct arena *arena);

bool orphans_settle(struct gateway *gateway, struct error *err)
{
	bool ok = settle_store(gateway, gateway->limits, err);

	if (gateway->local_limits != gateway->limits)
		ok = settle_store(gateway, gateway->local_limits, err) && ok;
	return ok;
}

static bool settle_store(
	struct gateway *gateway, struct limits *store, struct error *err)
{
	struct orphans orphans = { .store = store };
	struct arena arena;
	bool ok;

	arena_init(&arena, ARENA_BYTES);
	orphans.each = ARENA_ARRAY(&arena, struct limit_orphan, MOST);
	ok = limits_orphans(store, clock_unix_ms(), &arena, orphans.each, MOST,
		&orphans.count, err);
	if (ok)
		ok = let_go(&orphans, err);
	if (ok)
		keep_ours(gateway, &orphans, &arena);
	if (ok && orphans.count > 0)
		ok = look_up(gateway, &orphans, &arena, err);
	for (size_t i = 0; ok && i < orphans.count; i++)
		ok = settle_one(gateway, store, &orphans.each[i],
			&orphans.known[i], &arena, err);
	arena_release(&arena);
	return ok;
}

/* They no longer run, whatever they cost. */
static bool let_go(struct orphans *orphans, struct error *err)
{
	for (size_t i = 0; i < orphans->count; i++)
		if (!limits_let_go(orphans->store, orphans->each[i].id, err))
			return false;
	return true;
}

static void keep_ours(
	struct gateway *gateway, struct orphans *orphans, struct arena *arena)
{
	size_t kept = 0;

	for (size_t i = 0; i < orphans->count; i++)
		if (is_ours(gateway, &orphans->each[i], arena))
			orphans->each[kept++] = orphans->each[i];
	orphans->count = kept;
}

/* What late.c reserved is its own to end; and without a name it is an
 * attempt's, or of a version before. */
static bool is_ours(struct gateway *gateway, const struct limit_orphan *orphan,
	struct arena *arena)
{
	struct error ignored;
	struct json note;
	struct str host;

	if (str_starts(orphan->id, S(LATE_ID)))
		return false;
	if (clock_unix_ms() - orphan->reserved_unix_ms >= ABANDONED_MS ||
		!json_check(orphan->note, 2, &note, &ignored))
		return true;
	host = text(note, S("host"), arena);
	return host.n == 0 || str_equal(host, gateway->host_name);
}

/* What the log knows of them, once it has all that is in the journals. */
static bool look_up(struct gateway *gateway, struct orphans *orphans,
	struct arena *arena, struct error *err)
{
	struct str *ids = ARENA_ARRAY(arena, struct str, orphans->count);
	struct db *db;
	bool ok;

	for (size_t i = 0; i < orphans->count; i++)
		ids[i] = orphans->each[i].id;
	orphans->known = ARENA_ARRAY(arena, struct spend_call, orphans->count);
	if (!log_rows_all(gateway, err) || !db_take(gateway->db, &db, err))
		return false;
	ok = spend_of_calls(db, ids, orphans->count, orphans->known, err);
	db_give(gateway->db, db);
	return ok;
}

static bool settle_one(struct gateway *gateway, struct limits *store,
	const struct limit_orphan *orphan, const struct spend_call *known,
	struct arena *arena, struct error *err)
{
	/* A reservation without a note is not a call's, but an attempt's. */
	bool is_lost = !known->found && orphan->note.n > 0;
	int64_t ended_unix_ms = known->ended_unix_ms;
	struct limit_use use = { -1, -1 };
	struct usage_record usage;
	bool ended_here;

	if (known->found)
		use = (struct limit_use){ known->tokens,
			known->charged_picousd };
	if (is_lost) {
		if (!record_death(gateway, orphan, arena, &usage, err))
			return false;
		ended_unix_ms = usage_record_ended_ms(&usage);
	}
	late_keep_promises(gateway, orphan->id, ended_unix_ms, &use);
	if (!limits_settle_found(
		    store, orphan->id, &use, clock_unix_ms(), &ended_here, err))
		return false;
	/* One of those who found it counts it. */
	if (is_lost && ended_here)
		observe_lost_call(gateway, &usage);
	return true;
}

static bool record_death(struct gateway *gateway,
	const struct limit_orphan *orphan, struct arena *arena,
	struct usage_record *usage, struct error *err)
{
	struct error unread;
	struct json note;

	usage_record_init(usage);
	usage->request_id = orphan->id;
	usage->started_unix_ms = orphan->reserved_unix_ms;
	usage->host = gateway->host_name;
	usage->status = 502;
	usage->error = str_of(error_name(ERR_PROCESS_DIED));
	usage->error_detail = S("charged what it had reserved");
	usage->admitted = true;
	usage->charged_picousd = orphan->picousd;
	if (json_check(orphan->note, 2, &note, &unread))
		read_note(note, arena, usage);
	/* It lasted until it was found. */
	usage->total_us = (clock_unix_ms() - usage->started_unix_ms) * 1000;
	log_warn("%.*s: its process died while it ran; up to %" PRId64
		 " pico-dollars are charged for it",
		STR_ARG(orphan->id), orphan->picousd);
	return journal_append(gateway->journal, usage, err);
}

static void read_note(
	struct json note, struct arena *arena, struct usage_record *usage)
{
	struct str host = text(note, S("host"), arena);

	usage->organisation_id = number(note, S("organisation"));
	usage->project_id = number(note, S("project"));
	usage->key_id = number(note, S("key"));
	usage->started_unix_ms = number(note, S("started"));
	usage->route = text(note, S("route"), arena);
	usage->dialect = text(note, S("dialect"), arena);
	usage->model_asked = text(note, S("model"), arena);
	usage->user = text(note, S("user"), arena);
	if (host.n > 0)
		usage->host = host;
	usage->streamed = json_find(note, S("streamed")).type == JSON_TYPE_TRUE;
}

static int64_t number(struct json object, struct str name)
{
	int64_t value;

	return json_int(json_find(object, name), &value) ? value : 0;
}

static struct str text(struct json object, struct str name, struct arena *arena)
{
	struct str value;

	return json_text(json_find(object, name), arena, &value) ? value
								 : S("");
}
