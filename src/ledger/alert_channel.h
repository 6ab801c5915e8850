/*
 * alert_channel.h - where alerts go: the table alert_channels.
 *
 * A target is an e-mail address or a URL. Who knows the URL of an incoming
 * webhook may post there, so it is shown whole to nobody
 * (alert_channel_hint()). The secret that signs a webhook's messages is
 * sealed for the context "alert_channel:ID" (crypto/seal.h).
 */
#ifndef LEDGER_ALERT_CHANNEL_H
#define LEDGER_ALERT_CHANNEL_H

#include "base/arena.h"
#include "base/error.h"
#include "crypto/seal.h"
#include "db/pool.h"

#define ALERT_SECRET_MAX_BYTES 1024
#define ALERT_TARGET_MAX_BYTES 1024

enum alert_channel_kind { CHANNEL_EMAIL, CHANNEL_SLACK, CHANNEL_WEBHOOK };

struct alert_channel {
	int64_t id;
	int64_t organisation_id;
	struct str name;
	enum alert_channel_kind kind;
	struct str target;
	struct str sealed; /* "" but for a webhook */
	int64_t created_ms;
	bool enabled;
};

struct str alert_channel_kind_name(enum alert_channel_kind kind);
MUST_USE bool alert_channel_kind_find(
	struct str name, enum alert_channel_kind *out);

/* What people may see of the target: an address whole, of a URL the scheme
 * and the host, of Slack's also the last characters. */
struct str alert_channel_hint(
	const struct alert_channel *channel, struct arena *arena);

/*
 * Add the channel, or change the one of that name; sets channel->id. `secret`
 * is "" but for a webhook; `vault` may then be NULL. An organisation's first
 * one brings its built-in rule (alert_rule.h). ERR_CRYPTO, ERR_DATABASE.
 */
MUST_USE bool alert_channel_save(struct db *db, const struct vault *vault,
	struct alert_channel *channel, struct str secret, bool *created,
	struct error *err);

/* In the order of their names, in the arena. */
MUST_USE bool alert_channel_list(struct db *db, int64_t organisation_id,
	struct arena *arena, struct alert_channel **out, size_t *count,
	struct error *err);
/* ERR_NOT_FOUND. */
MUST_USE bool alert_channel_find(struct db *db, int64_t organisation_id,
	struct str name, struct arena *arena, struct alert_channel *out,
	struct error *err);

MUST_USE bool alert_channel_find_id(struct db *db, int64_t organisation_id,
	int64_t id, struct arena *arena, struct alert_channel *out,
	struct error *err);

/* One that is switched off is told nothing; what waits for it goes on waiting.
 */
MUST_USE bool alert_channel_set_enabled(struct db *db,
	const struct alert_channel *channel, bool enabled, struct error *err);
/* Another secret for a webhook, from the next message on. ERR_CRYPTO. */
MUST_USE bool alert_channel_set_secret(struct db *db, const struct vault *vault,
	const struct alert_channel *channel, struct str secret,
	struct error *err);

/* ERR_NOT_FOUND; ERR_BAD_FIELD when a rule speaks through it alone: without
 * it, that rule would speak to everybody. */
MUST_USE bool alert_channel_remove(struct db *db, int64_t organisation_id,
	struct str name, int64_t *id, struct error *err);

/* Append the secret; the caller wipes it. ERR_CRYPTO. */
MUST_USE bool alert_channel_open(const struct vault *vault,
	const struct alert_channel *channel, struct buf *secret,
	struct error *err);

/* As provider_keys_rewrap() and provider_keys_check() do for keys: move all
 * secrets to the newest master key; do all of them open? */
MUST_USE bool alert_channels_rewrap(struct db *db, const struct vault *vault,
	struct arena *arena, size_t *count, struct error *err);
MUST_USE bool alert_channels_check(struct db *db, const struct vault *vault,
	size_t *count, struct error *err);

#endif
