/*
 * request_contents.h - the table request_contents: both directions of a call,
 * where its project keeps them. They are sealed when the call ends and opened
 * only for who may see them; a row goes with the partition of its day.
 */
#ifndef LEDGER_REQUEST_CONTENTS_H
#define LEDGER_REQUEST_CONTENTS_H

#include "crypto/seal.h"
#include "db/pool.h"
#include "ledger/usage.h"

/* What is kept of a body. */
enum contents_body {
	CONTENTS_NONE,     /* nothing: only headers are */
	CONTENTS_WHOLE,    /* as it was on the wire */
	CONTENTS_CUT,      /* the first bytes of it */
	CONTENTS_GATHERED, /* a stream, as the answer that it was */
	CONTENTS_WITHHELD, /* nothing: it could not be redacted */
};

/* One direction of a call. */
struct contents_side {
	struct str headers; /* JSON object of strings, names in lower case */
	enum contents_body kept;
	struct str body;
};

struct request_contents {
	bool is_redacted;
	struct contents_side request;
	struct contents_side response;
};

/* "none", "whole", "cut", "gathered", "withheld". */
const char *contents_body_name(enum contents_body kept);

/* What is sealed of a direction. */
void contents_write(struct str headers, enum contents_body kept,
	struct str body, struct buf *out);
/* The context it is sealed for; `direction` is "request" or "response". */
struct str contents_context(
	struct arena *arena, const char *direction, const char *request_id);

/* The row of a call whose contents were kept, in the caller's transaction.
 * ERR_DATABASE. */
MUST_USE bool request_contents_insert(
	struct db *db, const struct usage_record *record, struct error *err);

/* Were any kept of that call? ERR_DATABASE. */
MUST_USE bool request_contents_exist(struct db *db, int64_t started_unix_ms,
	struct str request_id, bool *exist, struct error *err);

/*
 * Open them; in the arena. ERR_NOT_FOUND: none were kept; ERR_CRYPTO: their
 * master key is not among ours any more, or somebody changed them.
 */
MUST_USE bool request_contents_load(struct db *db, const struct vault *vault,
	int64_t started_unix_ms, struct str request_id, struct arena *arena,
	struct request_contents *out, struct error *err);

struct contents_rewrapped {
	size_t rows;
	size_t unreadable; /* their master key is not among ours: left alone */
};

/*
 * Seal under the newest master key what older ones have sealed: not within a
 * transaction, for it makes one for a few rows at a time, so that a call that
 * ends meanwhile waits for none. ERR_DATABASE; what was done until then stays.
 */
MUST_USE bool request_contents_rewrap(struct db *db, const struct vault *vault,
	struct contents_rewrapped *out, struct error *err);

#endif
