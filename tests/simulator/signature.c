/*
 * signature.c - what the simulator signs.
 */
#include "signature.h"

#include "base64.h"
#include "crypto/digest.h"

void signature_append(struct str dialect, struct str text, struct buf *out)
{
	struct buf signed_text = BUF_INIT(SIZE_MAX / 2);
	uint8_t digest[SHA256_BYTES];

	buf_append(&signed_text, dialect);
	buf_append_char(&signed_text, '\n');
	buf_append(&signed_text, text);
	digest_hmac_sha256(
		S("the simulator thought so"), buf_str(&signed_text), digest);
	base64_encode(
		(struct str){ (const char *)digest, sizeof(digest) }, out);
	buf_release(&signed_text);
}

bool signature_is_ours(
	struct str dialect, struct str text, struct str signature)
{
	struct buf ours = BUF_INIT(128);
	bool same;

	signature_append(dialect, text, &ours);
	same = str_equal(buf_str(&ours), signature);
	buf_release(&ours);
	return same;
}
