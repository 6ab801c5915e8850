/*
 * capture_policy.h - what a project keeps of its calls beside the request log:
 * the member "bodies" of its settings,
 *
 *	{"keep": "full", "redact": "personal", "max_bytes": 65536}
 *
 * Nothing is kept where a project says nothing.
 */
#ifndef ACCOUNTS_CAPTURE_POLICY_H
#define ACCOUNTS_CAPTURE_POLICY_H

#include "base/buf.h"
#include "base/error.h"

enum capture_mode {
	CAPTURE_OFF,
	CAPTURE_METADATA, /* headers that are no secret */
	CAPTURE_FULL,     /* bodies as well */
};

/* Of a body; a longer one is cut. Both of a call, sealed, must fit a record
 * of the journal. */
#define CAPTURE_MIN_BYTES 1024
#define CAPTURE_MAX_BYTES (192 * 1024)
#define CAPTURE_USUAL_BYTES (64 * 1024)

/* As the pages and the command line list them. */
#define CAPTURE_MODES "off|metadata|full"
#define CAPTURE_REDACTIONS "personal|none"

struct capture_policy {
	enum capture_mode mode;
	bool is_redacted;  /* without personal data, as far as it is found */
	int64_t max_bytes; /* of each body */
};

/* Nothing kept; and were something, redacted and of the usual size. */
struct capture_policy capture_policy_off(void);

/* "off", "metadata", "full"; "personal", "none". */
const char *capture_mode_name(enum capture_mode mode);
const char *capture_redaction_name(bool is_redacted);

/* From a project's settings, the whole JSON object. ERR_BAD_FIELD,
 * ERR_BAD_JSON; *out then keeps nothing. */
MUST_USE bool capture_policy_read(
	struct str settings, struct capture_policy *out, struct error *err);

/* As a project's settings hold it. */
void capture_policy_write(const struct capture_policy *policy, struct buf *out);

/* By its three words: "" leaves what *policy says. ERR_BAD_FIELD. */
MUST_USE bool capture_policy_change(struct capture_policy *policy,
	struct str mode, struct str redaction, int64_t max_bytes,
	struct error *err);

#endif
