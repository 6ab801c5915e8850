/*
 * redact.c - finding personal data in texts.
 *
 * From one word to the next: each way of looking reads on from a word's
 * beginning, at most MAX_FORM bytes, and says how much of it is what.
 */
#include "ledger/redact.h"

#include "base/json.h"

/* No form is longer: a token is cut into pieces, each of them one. */
#define MAX_FORM 2048
#define MAX_LOCAL_BYTES 64 /* of an address before its '@' (RFC 5321) */
#define MIN_KEY_BYTES 16
#define MIN_PHONE_DIGITS 8
#define MAX_PHONE_DIGITS 15
#define MIN_CARD_DIGITS 13
#define MAX_CARD_DIGITS 19
#define MIN_IBAN_BYTES 15
#define MAX_IBAN_BYTES 34

/* How many bytes of the text's beginning are of that form; 0: none. */
typedef size_t find_form(struct str text);

static find_form find_key;
static find_form find_email;
static find_form find_iban;
static find_form find_ip;
static find_form find_card;
static find_form find_phone;

/* The first that is found counts. */
static const struct {
	find_form *find;
	struct str word;
} forms[] = {
	{ find_key, STR("[key]") },
	{ find_email, STR("[email]") },
	{ find_iban, STR("[iban]") },
	{ find_ip, STR("[ip]") },
	{ find_card, STR("[card]") },
	{ find_phone, STR("[phone]") },
};

/* Digits that stand together but for what people put between them. */
struct digits {
	char text[MAX_CARD_DIGITS];
	size_t count;
	size_t groups;
	size_t shortest; /* of the groups */
	size_t bytes;    /* of the text they were read from */
	bool has_plus;
};

static size_t next_word(struct str text);
static bool read_digits(struct str text, struct digits *out);
static bool is_date(struct str text);
static size_t string_end(struct str json);
static void redact_string(
	struct str string, bool is_cut, struct arena *arena, struct buf *out);
static struct str close_string(struct str string, struct arena *arena);

static inline bool is_letter(char c)
{
	return isalpha((unsigned char)c) || (c & 0x80);
}

static inline bool is_word(char c)
{
	return is_letter(c) || isdigit((unsigned char)c);
}

void redact_text(struct str text, struct buf *out)
{
	while (text.n > 0) {
		size_t n = 0;

		for (size_t i = 0; n == 0 && i < ARRAY_LEN(forms); i++) {
			n = forms[i].find(text);
			if (n > 0)
				buf_append(out, forms[i].word);
		}
		if (n == 0) {
			n = next_word(text);
			buf_append(out, str_head(text, n));
		}
		text = str_from(text, n);
	}
}

bool redact_json(struct str json, struct arena *arena, struct buf *out)
{
	struct str start = str_trim(json);

	if (start.n == 0 || (start.p[0] != '{' && start.p[0] != '['))
		return false;
	while (json.n > 0) {
		size_t quote = str_index(json, '"');
		size_t end;

		buf_append(out, str_head(json, quote));
		json = str_from(json, quote);
		if (json.n == 0)
			break;
		end = string_end(json);
		redact_string(str_head(json, end), end > json.n, arena, out);
		json = str_from(json, end);
	}
	return true;
}

/* Behind a JSON string; beyond the text where it does not end in it. */
static size_t string_end(struct str json)
{
	size_t i = 1;

	while (i < json.n && json.p[i] != '"')
		i += json.p[i] == '\\' ? 2 : 1;
	return i < json.n ? i + 1 : json.n + 1;
}

/* What does not change is copied as it is written. */
static void redact_string(
	struct str string, bool is_cut, struct arena *arena, struct buf *out)
{
	struct arena_mark mark = arena_mark(arena);
	struct buf redacted;
	struct json_writer w;
	struct json value;
	struct error ignored;
	struct str text;

	if (is_cut)
		string = close_string(string, arena);
	if (!json_check(string, 1, &value, &ignored) ||
		!json_text(value, arena, &text)) {
		buf_append(out, S("\"\""));
		arena_rewind(arena, mark);
		return;
	}
	buf_init(&redacted, 2 * text.n + 16);
	redact_text(text, &redacted);
	if (str_equal(buf_str(&redacted), text)) {
		buf_append(out, string);
	} else {
		json_writer_init(&w, out);
		json_write_str(&w, buf_str(&redacted));
	}
	buf_release(&redacted);
	arena_rewind(arena, mark);
}

/* To its last space, with a quote. */
static struct str close_string(struct str string, struct arena *arena)
{
	while (string.n > 0 && string.p[string.n - 1] != ' ')
		string.n--;
	if (string.n == 0)
		return S("\"\"");
	return arena_printf(arena, "%.*s\"", STR_ARG(string));
}

/* To where the next form may begin. */
static size_t next_word(struct str text)
{
	size_t i = 0;

	while (i < text.n && is_word(text.p[i]))
		i++;
	return i > 0 ? i : 1;
}

/* gw_..., sk-..., AIza..., eyJ... and the like. */
static size_t find_key(struct str text)
{
	static const struct str beginnings[] = { STR("gw_"), STR("gwp_"),
		STR("sk-"), STR("sk_"), STR("pk_"), STR("rk_"), STR("AIza"),
		STR("AKIA"), STR("ASIA"), STR("ghp_"), STR("gho_"), STR("ghs_"),
		STR("github_pat_"), STR("glpat-"), STR("xoxb-"), STR("xoxp-"),
		STR("hf_"), STR("gsk_"), STR("xai-"), STR("eyJ") };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
		if (!str_starts(text, beginnings[i]))
			continue;
		while (n < text.n && n < MAX_FORM &&
			(isalnum((unsigned char)text.p[n]) ||
				memchr("_-.", text.p[n], 3)))
			n++;
		return n >= MIN_KEY_BYTES ? n : 0;
	}
	return 0;
}

static size_t find_email(struct str text)
{
	size_t at = 0, end, dot = 0;

	while (at < text.n && at <= MAX_LOCAL_BYTES &&
		(is_word(text.p[at]) || memchr("._%+-", text.p[at], 5)))
		at++;
	if (at == 0 || at >= text.n || text.p[at] != '@')
		return 0;
	for (end = at + 1;
		end < text.n && end < MAX_FORM &&
		(is_word(text.p[end]) || memchr(".-", text.p[end], 2));
		end++)
		if (text.p[end] == '.' && end > at + 1 && end + 1 < text.n &&
			is_letter(text.p[end + 1]))
			dot = end;
	if (dot == 0)
		return 0;
	/* The end of a sentence is none of it. */
	while (!is_word(text.p[end - 1]))
		end--;
	return end > dot + 2 ? end : 0;
}

/* Two letters, two digits and the rest, whose remainder is 1 (ISO 13616). */
static size_t find_iban(struct str text)
{
	char compact[MAX_IBAN_BYTES];
	unsigned rest = 0;
	size_t n = 0, end = 0;

	for (size_t i = 0; i < text.n && n < MAX_IBAN_BYTES; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == ' ' && n % 4 == 0 && n > 0 && i + 1 < text.n &&
			isalnum((unsigned char)text.p[i + 1]))
			continue;
		if (!isdigit(c) && !isupper(c))
			break;
		if (n < 4 && (n < 2) != (isupper(c) != 0))
			return 0;
		compact[n++] = (char)c;
		end = i + 1;
	}
	if (n < MIN_IBAN_BYTES)
		return 0;
	for (size_t k = 0; k < n; k++) {
		unsigned char c = (unsigned char)compact[(k + 4) % n];

		rest = isdigit(c) ? (rest * 10 + c - '0') % 97
				  : (rest * 100 + c - 'A' + 10) % 97;
	}
	return rest == 1 ? end : 0;
}

static size_t find_ip(struct str text)
{
	size_t i = 0;

	for (int part = 0; part < 4; part++) {
		unsigned value = 0;
		size_t start = i;

		if (part > 0 && (i >= text.n || text.p[i++] != '.'))
			return 0;
		start = i;
		while (i < text.n && i < start + 3 &&
			isdigit((unsigned char)text.p[i]))
			value = value * 10 + (unsigned)(text.p[i++] - '0');
		if (i == start || value > 255)
			return 0;
	}
	/* Five parts are a version or an outline. */
	if (i < text.n &&
		(is_word(text.p[i]) || (text.p[i] == '.' && i + 1 < text.n &&
					       is_word(text.p[i + 1]))))
		return 0;
	return i;
}

/* By its check digit (ISO/IEC 7812). */
static size_t find_card(struct str text)
{
	struct digits digits;
	unsigned sum = 0;

	if (!read_digits(text, &digits) || digits.has_plus ||
		digits.count < MIN_CARD_DIGITS)
		return 0;
	for (size_t i = 0; i < digits.count; i++) {
		unsigned digit = (unsigned)(digits.text[i] - '0');

		if ((digits.count - i) % 2 == 0)
			digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return sum % 10 == 0 ? digits.bytes : 0;
}

/* With its country, or in groups as people write one. */
static size_t find_phone(struct str text)
{
	struct digits digits;

	if (!read_digits(text, &digits) || is_date(text) ||
		digits.count < MIN_PHONE_DIGITS ||
		digits.count > MAX_PHONE_DIGITS)
		return 0;
	if (digits.has_plus || (digits.groups >= 3 && digits.shortest >= 2 &&
				       digits.count >= 9))
		return digits.bytes;
	return 0;
}

/* False: they do not begin here, or are more than any form has. */
static bool read_digits(struct str text, struct digits *out)
{
	size_t i = 0, group = 0, gap = 0;

	*out = (struct digits){ .shortest = SIZE_MAX };
	if (i < text.n && text.p[i] == '+') {
		out->has_plus = true;
		i++;
	}
	if (i < text.n && text.p[i] == '(')
		i++;
	if (i >= text.n || !isdigit((unsigned char)text.p[i]))
		return false;
	for (; i < text.n; i++) {
		if (isdigit((unsigned char)text.p[i])) {
			if (out->count == MAX_CARD_DIGITS)
				return false;
			out->text[out->count++] = text.p[i];
			group++;
			gap = 0;
			out->bytes = i + 1;
			continue;
		}
		/* Two at most, as in ") ". */
		if (!memchr(" -.()/", text.p[i], 6) || ++gap > 2)
			break;
		if (group > 0) {
			out->groups++;
			out->shortest =
				group < out->shortest ? group : out->shortest;
		}
		group = 0;
	}
	if (group > 0) {
		out->groups++;
		out->shortest = group < out->shortest ? group : out->shortest;
	}
	return out->bytes >= text.n || !is_word(text.p[out->bytes]);
}

/* 2026-11-21 */
static bool is_date(struct str text)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (i >= text.n ||
			(form[i] == 'd' ? !isdigit((unsigned char)text.p[i])
					: text.p[i] != form[i]))
			return false;
	return true;
}
