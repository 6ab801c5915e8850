/*
 * alert_channel.c - the table alert_channels: the one place where the secret
 * of a webhook is sealed.
 */
#include "ledger/alert_channel.h"

#include "base/clock.h"
#include "db/stmt.h"
#include "ledger/alert_rule.h"

#define CONTEXT_BYTES 40
#define SEALED_MAX_BYTES (ALERT_SECRET_MAX_BYTES + VAULT_OVERHEAD_BYTES)
#define HINT_CHARACTERS 4

static const struct str kind_names[] = {
	[CHANNEL_EMAIL] = STR("email"),
	[CHANNEL_SLACK] = STR("slack"),
	[CHANNEL_WEBHOOK] = STR("webhook"),
};

static bool save_row(struct db *db, struct alert_channel *channel,
	bool *created, struct error *err);
static bool seal_row(struct db *db, const struct vault *vault, int64_t id,
	struct str secret, struct error *err);
static bool update_sealed(struct db *db, int64_t id, struct str sealed,
	int64_t version, struct error *err);
static struct str context_of(int64_t id, char out[CONTEXT_BYTES]);
static void read_channel(
	struct stmt *stmt, struct arena *arena, struct alert_channel *channel);
static bool check_not_alone(struct db *db, int64_t id, struct error *err);
static bool rewrap(struct db *db, const struct vault *vault,
	const struct alert_channel *channel, struct error *err);

#define COLUMNS                                                     \
	"id, organisation_id, name, kind, target, sealed, enabled," \
	" created_ms, COUNT(*) OVER ()"

struct str alert_channel_kind_name(enum alert_channel_kind kind)
{
	return kind_names[kind];
}

bool alert_channel_kind_find(struct str name, enum alert_channel_kind *out)
{
	for (size_t i = 0; i < ARRAY_LEN(kind_names); i++) {
		if (str_equal(name, kind_names[i])) {
			*out = (enum alert_channel_kind)i;
			return true;
		}
	}
	return false;
}

struct str alert_channel_hint(
	const struct alert_channel *channel, struct arena *arena)
{
	struct str target = channel->target;
	size_t scheme = str_find(target, S("://"));
	struct str host = str_from(target, scheme + 3);
	struct str end;

	if (channel->kind == CHANNEL_EMAIL || scheme == target.n)
		return target;
	host = str_head(host, str_index(host, '/'));
	host = str_head(host, str_index(host, '?'));
	end = str_from(target, scheme + 3 + host.n);
	if (channel->kind != CHANNEL_SLACK || end.n < 4 * HINT_CHARACTERS)
		end = S("");
	return arena_printf(arena, "%.*s://%.*s/...%.*s", (int)scheme, target.p,
		STR_ARG(host),
		STR_ARG(str_from(end, end.n > HINT_CHARACTERS
					      ? end.n - HINT_CHARACTERS
					      : 0)));
}

bool alert_channel_save(struct db *db, const struct vault *vault,
	struct alert_channel *channel, struct str secret, bool *created,
	struct error *err)
{
	return save_row(db, channel, created, err) &&
	       (secret.n > 0 ? seal_row(db, vault, channel->id, secret, err)
			     : update_sealed(db, channel->id, S(""), 0, err)) &&
	       alert_rule_make_built_in(db, channel->organisation_id, err);
}

static bool save_row(struct db *db, struct alert_channel *channel,
	bool *created, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO alert_channels (organisation_id, name, kind,"
		    " target, created_ms) VALUES (?, ?, ?, ?, ?)"
		    " ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id),"
		    " kind = VALUES(kind), target = VALUES(target),"
		    " enabled = 1",
		    err))
		return false;
	stmt_bind_int(stmt, channel->organisation_id);
	stmt_bind_str(stmt, channel->name);
	stmt_bind_str(stmt, kind_names[channel->kind]);
	stmt_bind_str(stmt, channel->target);
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err))
		return false;
	*created = stmt_affected_rows(stmt) == 1;
	channel->id = stmt_insert_id(stmt);
	return true;
}

static bool seal_row(struct db *db, const struct vault *vault, int64_t id,
	struct str secret, struct error *err)
{
	char context[CONTEXT_BYTES];
	struct buf sealed = BUF_INIT(SEALED_MAX_BYTES);
	bool ok = vault_seal(vault, context_of(id, context), secret, &sealed,
			  err) &&
		  update_sealed(db, id, buf_str(&sealed),
			  vault_newest_version(vault), err);

	buf_release(&sealed);
	return ok;
}

static bool update_sealed(struct db *db, int64_t id, struct str sealed,
	int64_t version, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE alert_channels SET sealed = ?, key_version = ?"
		    " WHERE id = ?",
		    err))
		return false;
	stmt_bind_str(stmt, sealed);
	stmt_bind_int(stmt, version);
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err);
}

static struct str context_of(int64_t id, char out[CONTEXT_BYTES])
{
	int n = snprintf(out, CONTEXT_BYTES, "alert_channel:%" PRId64, id);

	return (struct str){ out, (size_t)n };
}

bool alert_channel_list(struct db *db, int64_t organisation_id,
	struct arena *arena, struct alert_channel **out, size_t *count,
	struct error *err)
{
	struct stmt *stmt;
	bool more;

	*out = NULL;
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT " COLUMNS " FROM alert_channels"
		    " WHERE organisation_id = ? OR ? = 0 ORDER BY name, id",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		if (!*out)
			*out = ARENA_ARRAY(arena, struct alert_channel,
				(size_t)stmt_int(stmt, 8));
		read_channel(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

static void read_channel(
	struct stmt *stmt, struct arena *arena, struct alert_channel *channel)
{
	bool known = alert_channel_kind_find(stmt_str(stmt, 3), &channel->kind);

	assert(known);
	channel->id = stmt_int(stmt, 0);
	channel->organisation_id = stmt_int(stmt, 1);
	channel->name = arena_copy(arena, stmt_str(stmt, 2));
	channel->target = arena_copy(arena, stmt_str(stmt, 4));
	channel->sealed = arena_copy(arena, stmt_str(stmt, 5));
	channel->enabled = stmt_int(stmt, 6) != 0;
	channel->created_ms = stmt_int(stmt, 7);
}

bool alert_channel_find(struct db *db, int64_t organisation_id, struct str name,
	struct arena *arena, struct alert_channel *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT " COLUMNS " FROM alert_channels"
		    " WHERE organisation_id = ? AND name = ?",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_str(stmt, name);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "name",
			"There is no channel '%.*s'.", STR_ARG(name));
	read_channel(stmt, arena, out);
	return true;
}

bool alert_channel_find_id(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct alert_channel *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT " COLUMNS " FROM alert_channels"
		    " WHERE organisation_id = ? AND id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(
			err, ERR_NOT_FOUND, "id", "There is no such channel.");
	read_channel(stmt, arena, out);
	return true;
}

bool alert_channel_set_enabled(struct db *db,
	const struct alert_channel *channel, bool enabled, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE alert_channels SET enabled = ?"
		    " WHERE id = ? AND organisation_id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, enabled);
	stmt_bind_int(stmt, channel->id);
	stmt_bind_int(stmt, channel->organisation_id);
	return stmt_run(stmt, err);
}

bool alert_channel_set_secret(struct db *db, const struct vault *vault,
	const struct alert_channel *channel, struct str secret,
	struct error *err)
{
	assert(channel->kind == CHANNEL_WEBHOOK);
	return seal_row(db, vault, channel->id, secret, err);
}

bool alert_channel_remove(struct db *db, int64_t organisation_id,
	struct str name, int64_t *id, struct error *err)
{
	struct alert_channel channel;
	struct stmt *stmt;
	struct arena arena;
	bool found;

	arena_init(&arena, 4096);
	found = alert_channel_find(
		db, organisation_id, name, &arena, &channel, err);
	arena_release(&arena);
	if (!found || !check_not_alone(db, channel.id, err) ||
		!stmt_prepare(db, &stmt,
			"DELETE FROM alert_channels WHERE id = ?", err))
		return false;
	*id = channel.id;
	stmt_bind_int(stmt, channel.id);
	return stmt_run(stmt, err);
}

static bool check_not_alone(struct db *db, int64_t id, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT r.name FROM alert_rule_channels l"
		    " JOIN alert_rules r ON r.id = l.rule_id"
		    " WHERE l.channel_id = ? AND NOT EXISTS (SELECT 1"
		    " FROM alert_rule_channels o WHERE o.rule_id = l.rule_id"
		    " AND o.channel_id <> l.channel_id) LIMIT 1",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	return !found ||
	       error_refuse(err, ERR_BAD_FIELD, "name",
		       "The alert rule '%.*s' speaks through this channel "
		       "alone; change or remove that rule first.",
		       STR_ARG(stmt_str(stmt, 0)));
}

bool alert_channel_open(const struct vault *vault,
	const struct alert_channel *channel, struct buf *secret,
	struct error *err)
{
	char context[CONTEXT_BYTES];

	return vault_open(vault, context_of(channel->id, context),
		channel->sealed, secret, err);
}

bool alert_channels_rewrap(struct db *db, const struct vault *vault,
	struct arena *arena, size_t *count, struct error *err)
{
	struct alert_channel *channels;
	size_t all;

	*count = 0;
	if (!alert_channel_list(db, 0, arena, &channels, &all, err))
		return false;
	for (size_t i = 0; i < all; i++) {
		if (channels[i].sealed.n == 0 ||
			vault_version(channels[i].sealed) ==
				vault_newest_version(vault))
			continue;
		if (!rewrap(db, vault, &channels[i], err))
			return false;
		(*count)++;
	}
	return true;
}

static bool rewrap(struct db *db, const struct vault *vault,
	const struct alert_channel *channel, struct error *err)
{
	char context[CONTEXT_BYTES];
	struct buf sealed = BUF_INIT(SEALED_MAX_BYTES);
	bool ok = vault_rewrap(vault, context_of(channel->id, context),
		channel->sealed, &sealed, err);

	if (!ok)
		error_refuse(err, ERR_CRYPTO, NULL,
			"The secret of channel '%.*s' does not open with the "
			"master keys given; nothing was changed.",
			STR_ARG(channel->name));
	ok = ok && update_sealed(db, channel->id, buf_str(&sealed),
			   vault_newest_version(vault), err);
	buf_release(&sealed);
	return ok;
}

bool alert_channels_check(struct db *db, const struct vault *vault,
	size_t *count, struct error *err)
{
	struct alert_channel *channels;
	struct arena arena;
	bool ok;

	*count = 0;
	arena_init(&arena, 16384);
	ok = alert_channel_list(db, 0, &arena, &channels, count, err);
	for (size_t i = 0; ok && i < *count; i++) {
		struct buf secret = BUF_INIT(ALERT_SECRET_MAX_BYTES);

		if (channels[i].sealed.n > 0)
			ok = alert_channel_open(
				     vault, &channels[i], &secret, err) ||
			     error_refuse(err, ERR_CRYPTO, NULL,
				     "The secret of channel '%.*s' does not "
				     "open with this master key.",
				     STR_ARG(channels[i].name));
		vault_wipe(&secret);
	}
	arena_release(&arena);
	return ok;
}
