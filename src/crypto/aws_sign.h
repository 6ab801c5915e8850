/*
 * aws_sign.h - signs requests to AWS as its Signature Version 4 wants it
 * (AWS4-HMAC-SHA256), with the headers host, x-amz-date and, with temporary
 * credentials, x-amz-security-token.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
#ifndef CRYPTO_AWS_SIGN_H
#define CRYPTO_AWS_SIGN_H

#include "base/arena.h"
#include "base/error.h"

/* Views of the text they were read from. */
struct aws_credentials {
	struct str access_key_id;
	struct str secret;
	struct str session_token; /* "": they are not temporary */
};

/*
 * Read "ACCESS_KEY_ID:SECRET" or "ACCESS_KEY_ID:SECRET:SESSION_TOKEN", the
 * form in which the vault keeps them. ERR_BAD_FIELD with param "key"; the
 * message says what is wrong without quoting it.
 */
MUST_USE bool aws_credentials_read(
	struct str text, struct aws_credentials *out, struct error *err);

/* "us-east-1" of a URL or host that begins with
 * "bedrock-runtime.us-east-1.", behind any labels of a private endpoint.
 * False when it names no region. */
MUST_USE bool aws_region_of(struct str url, struct str *region);

/* What is signed. The URL is the one that is sent, its path already encoded
 * and without "." and ".." in it. The body may come in pieces. */
struct aws_request {
	struct str method;
	struct str url;
	struct str region;
	struct str service; /* "bedrock" */
	const struct str *body;
	size_t body_count;
	int64_t unix_s;
};

#define AWS_SIGNATURE_LINES 3

/* "Name: value" lines for the request, each with a NUL behind it. */
struct aws_signature {
	struct str lines[AWS_SIGNATURE_LINES];
	size_t count;
};

/*
 * The lines live in the arena; so does the session token among them, as any
 * provider's key does that is sent in a header. What was derived from the
 * secret is wiped. ERR_CONFIG: the URL is none.
 */
MUST_USE bool aws_sign(const struct aws_request *request,
	const struct aws_credentials *credentials, struct arena *arena,
	struct aws_signature *out, struct error *err);

#endif
