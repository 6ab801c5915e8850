/*
 * jwt.c - signing and reading tokens. The signature is checked before a byte
 * of the payload is looked at.
 */
#include "crypto/jwt.h"

#include "crypto/digest.h"

#define LABEL S("llm-gateway session token 1")
#define HEADER S("{\"alg\":\"HS256\",\"typ\":\"JWT\"}")
#define PAYLOAD_MAX_BYTES 512

static bool refuse(const char **why, const char *reason);
static bool split(struct str token, struct str parts[3]);
static bool header_fits(struct str encoded, struct arena *arena);
static bool signature_fits(struct str key, struct str signed_text,
	struct str encoded, struct arena *arena);
static bool verify_any(const struct jwt_keys *keys, struct str token,
	struct arena *arena, struct str *payload, const char **why);
static bool read_claims(struct str payload, struct jwt_claims *out);
static bool read_id(struct json claims, struct str name, int64_t *out);
static bool read_time(struct json claims, struct str name, int64_t *out);
static void encode(struct str bytes, struct buf *out);
static bool decode(struct str text, struct arena *arena, struct str *out);
static int digit_value(char c);

void jwt_keys_derive(struct jwt_keys *keys, const struct vault *vault)
{
	keys->count = 0;
	while (keys->count < VAULT_MAX_KEYS &&
		vault_derive(
			vault, keys->count, LABEL, keys->keys[keys->count]))
		keys->count++;
}

void jwt_write(const struct jwt_keys *keys, const struct jwt_claims *claims,
	struct buf *out)
{
	char payload[PAYLOAD_MAX_BYTES];
	int n = snprintf(payload, sizeof(payload),
		"{\"sub\":\"%" PRId64 "\",\"sid\":\"%" PRId64
		"\",\"iat\":%" PRId64 ",\"nbf\":%" PRId64 ",\"exp\":%" PRId64
		"}",
		claims->user_id, claims->session_id, claims->issued_s,
		claims->not_before_s, claims->expires_s);

	assert(n > 0 && (size_t)n < sizeof(payload) && keys->count > 0);
	jwt_sign((struct str){ (const char *)keys->keys[0],
			 VAULT_DERIVED_BYTES },
		(struct str){ payload, (size_t)n }, out);
}

bool jwt_read(const struct jwt_keys *keys, struct str token, int64_t now_s,
	struct jwt_claims *out, const char **why)
{
	struct arena arena;
	struct str payload;
	bool ok;

	arena_init(&arena, JWT_MAX_BYTES);
	ok = verify_any(keys, token, &arena, &payload, why);
	if (ok && !read_claims(payload, out))
		ok = refuse(why, "a claim is missing or of another type");
	arena_release(&arena);
	if (!ok)
		return false;
	if (now_s >= out->expires_s)
		return refuse(why, "it has expired");
	if (now_s + JWT_SKEW_S < out->not_before_s)
		return refuse(why, "it is not valid yet");
	return true;
}

void jwt_sign(struct str key, struct str payload, struct buf *out)
{
	uint8_t signature[SHA256_BYTES];
	size_t start = out->n;

	encode(HEADER, out);
	buf_append_char(out, '.');
	encode(payload, out);
	if (out->failed)
		return;
	digest_hmac_sha256(key, str_from(buf_str(out), start), signature);
	buf_append_char(out, '.');
	encode((struct str){ (char *)signature, sizeof(signature) }, out);
}

bool jwt_verify(struct str key, struct str token, struct arena *arena,
	struct str *payload, const char **why)
{
	struct str parts[3];

	if (token.n > JWT_MAX_BYTES || !split(token, parts))
		return refuse(why, "it is not a token");
	if (!header_fits(parts[0], arena))
		return refuse(why, "its header is not of ours");
	if (!signature_fits(key, str_head(token, parts[0].n + 1 + parts[1].n),
		    parts[2], arena))
		return refuse(why, "its signature is wrong");
	if (!decode(parts[1], arena, payload))
		return refuse(why, "its payload is not base64url");
	return true;
}

static bool refuse(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

/* Exactly three parts, none of them empty. */
static bool split(struct str token, struct str parts[3])
{
	for (int i = 0; i < 2; i++) {
		size_t dot = str_index(token, '.');

		if (dot == token.n)
			return false;
		parts[i] = str_head(token, dot);
		token = str_from(token, dot + 1);
	}
	parts[2] = token;
	return parts[0].n > 0 && parts[1].n > 0 && parts[2].n > 0 &&
	       str_index(token, '.') == token.n;
}

static bool header_fits(struct str encoded, struct arena *arena)
{
	struct json header, typ;
	struct error ignored;
	struct str text;
	size_t has_typ;

	if (!decode(encoded, arena, &text) ||
		!json_check(text, 1, &header, &ignored))
		return false;
	typ = json_find(header, S("typ"));
	has_typ = typ.type != JSON_TYPE_NONE;
	return header.type == JSON_TYPE_OBJECT &&
	       json_length(header) == 1 + has_typ &&
	       json_text_is(json_find(header, S("alg")), S("HS256")) &&
	       (!has_typ || json_text_is(typ, S("JWT")));
}

static bool signature_fits(struct str key, struct str signed_text,
	struct str encoded, struct arena *arena)
{
	uint8_t made[SHA256_BYTES];
	struct str given;

	digest_hmac_sha256(key, signed_text, made);
	return decode(encoded, arena, &given) &&
	       digest_equal((struct str){ (char *)made, sizeof(made) }, given);
}

static bool verify_any(const struct jwt_keys *keys, struct str token,
	struct arena *arena, struct str *payload, const char **why)
{
	*why = "there is no key";
	for (size_t i = 0; i < keys->count; i++) {
		struct str key = { (const char *)keys->keys[i],
			VAULT_DERIVED_BYTES };

		if (jwt_verify(key, token, arena, payload, why))
			return true;
	}
	return false;
}

static bool read_claims(struct str payload, struct jwt_claims *out)
{
	struct error ignored;
	struct json claims;

	return json_check(payload, 4, &claims, &ignored) &&
	       read_id(claims, S("sub"), &out->user_id) &&
	       read_id(claims, S("sid"), &out->session_id) &&
	       read_time(claims, S("iat"), &out->issued_s) &&
	       read_time(claims, S("nbf"), &out->not_before_s) &&
	       read_time(claims, S("exp"), &out->expires_s);
}

/* RFC 7519, section 4.1.2: a subject is text. */
static bool read_id(struct json claims, struct str name, int64_t *out)
{
	struct json value = json_find(claims, name);

	if (value.type != JSON_TYPE_STRING || json_count(claims, name) != 1)
		return false;
	return str_to_int64_in(
		(struct str){ value.text.p + 1, value.text.n - 2 }, 1,
		INT64_MAX, out);
}

static bool read_time(struct json claims, struct str name, int64_t *out)
{
	return json_count(claims, name) == 1 &&
	       json_int(json_find(claims, name), out) && *out >= 0 &&
	       *out < INT64_MAX / 1000;
}

/* base64url without padding (RFC 7515, appendix C). */
static void encode(struct str bytes, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789-_";
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < bytes.n; i++) {
		bits = bits << 8 | (uint8_t)bytes.p[i];
		for (count += 8; count >= 6; count -= 6)
			buf_append_char(out, digits[bits >> (count - 6) & 63]);
	}
	if (count > 0)
		buf_append_char(out, digits[bits << (6 - count) & 63]);
}

/* Left-over bits must be 0: every content has one encoding. */
static bool decode(struct str text, struct arena *arena, struct str *out)
{
	char *bytes = arena_alloc(arena, text.n + 1);
	uint32_t bits = 0;
	unsigned count = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		int value = digit_value(text.p[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			bytes[n++] = (char)(bits >> count & 255);
		}
	}
	*out = (struct str){ bytes, n };
	return count < 6 && (bits & ((1u << count) - 1)) == 0;
}

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}
