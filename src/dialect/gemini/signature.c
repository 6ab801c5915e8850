/*
 * signature.c - thought signatures on their way through Google's
 * clients.
 *
 * The member is `bytes` to them, so base64 in JSON, and several of Google's
 * SDKs decode it. "origin:signature" (signature.h) is no base64 and would not
 * come back; here it is written in base64 as a whole. A signature that Google
 * made never looks like that inside.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/signature.h"

/* More than the longest name of a dialect, in base64. */
#define NAME_BYTES 64

/* A thought that has no signature yet, in one or more parts. */
struct thought {
	struct chat_part *first; /* NULL: there is none */
	size_t message;          /* the one that it is in */
};

static bool is_seal(const struct chat_part *part);
static void join(struct chat_request *request, const struct thought *thought,
	const struct chat_part *seal, struct arena *arena);
static void drop_joined(struct chat_message *message);
static bool decode(struct str text, struct buf *out);
static int digit_of(char c);
static void encode(struct str bytes, struct buf *out);

struct chat_signature gemini_read_signature(
	struct str text, struct arena *arena)
{
	struct chat_signature own = { text, S(GEMINI_NAME) };
	struct chat_signature found;
	struct buf bytes = BUF_INIT(text.n + 3);

	if (!decode(str_head(text, NAME_BYTES), &bytes) ||
		memchr(bytes.p, ':', bytes.n) == NULL) {
		buf_release(&bytes);
		return own;
	}
	buf_clear(&bytes);
	if (decode(text, &bytes)) {
		found = signature_read(
			arena_copy(arena, buf_str(&bytes)), own.origin);
		if (!signature_is_from(&found, own.origin))
			own = found;
	}
	buf_release(&bytes);
	return own;
}

void gemini_append_signature(
	const struct chat_signature *signature, struct buf *out)
{
	struct buf plain = BUF_INIT(SIZE_MAX);

	if (signature->origin.n == 0 ||
		signature_is_from(signature, S(GEMINI_NAME))) {
		buf_append(out, signature->text);
		return;
	}
	signature_append(signature, S(GEMINI_NAME), &plain);
	encode(buf_str(&plain), out);
	buf_release(&plain);
}

void gemini_write_signature(
	const struct chat_signature *signature, struct json_writer *w)
{
	struct buf text = BUF_INIT(SIZE_MAX);

	if (!signature->text.p)
		return;
	gemini_append_signature(signature, &text);
	w->out->failed |= text.failed;
	json_member_str(w, "thoughtSignature", buf_str(&text));
	buf_release(&text);
}

void gemini_join_thoughts(struct chat_request *request, struct arena *arena)
{
	struct thought thought = { .first = NULL };

	for (size_t i = 0; i < request->message_count; i++) {
		struct chat_message *message = &request->messages[i];

		if (message->role != CHAT_ASSISTANT)
			thought.first = NULL;
		for (struct chat_part *part = message->parts; part;
			part = part->next) {
			bool is_open = part->kind == CHAT_THINKING &&
				       !part->signature.text.p;

			if (thought.first && is_seal(part))
				join(request, &thought, part, arena);
			if (!is_open)
				thought.first = NULL;
			else if (!thought.first)
				thought = (struct thought){ part, i };
		}
	}
	for (size_t i = 0; i < request->message_count; i++)
		drop_joined(&request->messages[i]);
}

static bool is_seal(const struct chat_part *part)
{
	return part->kind == CHAT_THINKING && part->text.n == 0 &&
	       part->signature.text.p &&
	       !signature_is_from(&part->signature, S(GEMINI_NAME));
}

#define JOINED "joined" /* the type of a part that is to go */

/* All parts from the first one to the seal are of this thought. */
static void join(struct chat_request *request, const struct thought *thought,
	const struct chat_part *seal, struct arena *arena)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	struct chat_part *part = thought->first;
	size_t i = thought->message;

	while (part != seal) {
		if (!part) {
			part = request->messages[++i].parts;
			continue;
		}
		buf_append(&text, part->text);
		part->type = S(JOINED);
		part = part->next;
	}
	part->type = S(JOINED);
	part = thought->first;
	part->type = (struct str){ NULL, 0 };
	part->text = arena_copy(arena, buf_str(&text));
	part->signature = seal->signature;
	buf_release(&text);
}

static void drop_joined(struct chat_message *message)
{
	struct chat_part **at = &message->parts;

	message->last_part = NULL;
	while (*at) {
		if (str_equal((*at)->type, S(JOINED))) {
			*at = (*at)->next;
			continue;
		}
		message->last_part = *at;
		at = &(*at)->next;
	}
}

/* Both alphabets, padded or not. False: it is not base64. */
static bool decode(struct str text, struct buf *out)
{
	unsigned bits = 0;
	int count = 0;

	while (text.n > 0 && text.p[text.n - 1] == '=')
		text.n--;
	for (size_t i = 0; i < text.n; i++) {
		int digit = digit_of(text.p[i]);

		if (digit < 0)
			return false;
		bits = (bits << 6 | (unsigned)digit) & 0xffff;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		buf_append_char(out, (char)(bits >> count & 0xff));
	}
	return out->n > 0 && !out->failed;
}

static int digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static void encode(struct str bytes, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes.p;

	for (size_t n = bytes.n; n > 0; p += 3, n = n > 3 ? n - 3 : 0) {
		unsigned bits = (unsigned)p[0] << 16;

		bits |= n > 1 ? (unsigned)p[1] << 8 : 0;
		bits |= n > 2 ? (unsigned)p[2] : 0;
		buf_append_char(out, digits[bits >> 18 & 63]);
		buf_append_char(out, digits[bits >> 12 & 63]);
		buf_append_char(out, n > 1 ? digits[bits >> 6 & 63] : '=');
		buf_append_char(out, n > 2 ? digits[bits & 63] : '=');
	}
}
