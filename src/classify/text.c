/*
 * text.c - cuts a prompt to a bounded length and takes wrappers out.
 *
 * Works line by line; inside a line of prose, a sentence that holds one of the
 * phrases below is left out whole.
 */
#include "classify/text.h"

/* In lower case; sentences that tell how to write an answer down. */
static const struct str wrapper_phrases[] = {
	STR("final answer"),
	STR("answer choice"),
	STR("answer with the letter"),
	STR("answer with only"),
	STR("multiple choice question"),
	STR("choose the correct option"),
	STR("choose the correct answer"),
	STR("letter of the correct"),
	STR("let's think step by step"),
	STR("respuesta final"),
	STR("opcion correcta"),
	STR("letra de la respuesta"),
};

#define LETTER(c) (1u << ((c) - 'a'))
/* That any of them begins with. */
#define FIRST_LETTERS                                                          \
	(LETTER('a') | LETTER('c') | LETTER('f') | LETTER('l') | LETTER('m') | \
		LETTER('o') | LETTER('r'))

/* In front of a question or an answer, before a colon. */
static const struct str cues[] = {
	STR("a"),
	STR("q"),
	STR("answer"),
	STR("options"),
	STR("opciones"),
	STR("pregunta"),
	STR("problem"),
	STR("question"),
	STR("respuesta"),
};

static void read_part(struct text *text, struct str part);
static void read_line(struct text *text, struct str line);
static struct str without_cue(struct str line);
static bool take_option(struct str *line);
static void read_sentences(struct text *text, struct str line);
static size_t sentence_bytes(struct str line);
static bool is_wrapper(struct str sentence);
static bool begins_phrase(struct str s);
static bool starts_nocase(struct str text, struct str lower);
static void read_option(struct text *text, struct str line);
static void append(char *bytes, size_t *n, struct str s);

void text_read(struct text *text, struct str prompt)
{
	text->question_bytes = 0;
	text->option_bytes = 0;
	text->option_count = 0;
	text->indented_lines = 0;
	if (prompt.n <= TEXT_HEAD_BYTES + TEXT_TAIL_BYTES) {
		read_part(text, prompt);
		return;
	}
	read_part(text, str_head(prompt, TEXT_HEAD_BYTES));
	read_part(text, str_from(prompt, prompt.n - TEXT_TAIL_BYTES));
}

static void read_part(struct text *text, struct str part)
{
	struct str line;

	while (str_next_field(&part, '\n', &line))
		read_line(text, line);
}

static void read_line(struct text *text, struct str line)
{
	struct str rest = without_cue(line);

	if (take_option(&rest))
		read_option(text, rest);
	else
		read_sentences(text, rest);
	text->indented_lines +=
		rest.n && (rest.p[0] == ' ' || rest.p[0] == '\t');
	append(text->question, &text->question_bytes, S("\n"));
}

/* Indentation stays: it tells code from prose. */
static struct str without_cue(struct str line)
{
	struct str trimmed = str_trim(line);

	for (size_t i = 0; i < ARRAY_LEN(cues); i++) {
		if (trimmed.n > cues[i].n && trimmed.p[cues[i].n] == ':' &&
			starts_nocase(trimmed, cues[i]))
			return str_from(trimmed, cues[i].n + 1);
	}
	return line;
}

/* "A. ", "B) " or "(C) " at the beginning. */
static bool take_option(struct str *line)
{
	struct str s = str_trim(*line);
	bool opened = s.n && s.p[0] == '(';

	s = str_from(s, opened);
	if (s.n < 3 || s.p[0] < 'A' || s.p[0] > 'P' || s.p[2] != ' ')
		return false;
	if (s.p[1] != ')' && (opened || s.p[1] != '.'))
		return false;
	*line = str_from(s, 3);
	return true;
}

static void read_sentences(struct text *text, struct str line)
{
	while (line.n) {
		size_t n = sentence_bytes(line);

		if (!is_wrapper(str_head(line, n)))
			append(text->question, &text->question_bytes,
				str_head(line, n));
		line = str_from(line, n);
	}
}

/* Up to the mark before a space, that mark included. */
static size_t sentence_bytes(struct str line)
{
	for (size_t i = 1; i < line.n; i++) {
		if (line.p[i] == ' ' &&
			(line.p[i - 1] == '.' || line.p[i - 1] == '?' ||
				line.p[i - 1] == '!'))
			return i;
	}
	return line.n;
}

static bool is_wrapper(struct str sentence)
{
	for (size_t at = 0; at < sentence.n; at++) {
		if ((at == 0 || sentence.p[at - 1] == ' ') &&
			begins_phrase(str_from(sentence, at)))
			return true;
	}
	return false;
}

static bool begins_phrase(struct str s)
{
	unsigned letter = (unsigned)(s.p[0] | 0x20) - 'a';

	if (letter >= 26 || !(FIRST_LETTERS >> letter & 1))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(wrapper_phrases); i++) {
		if ((s.p[0] | 0x20) == wrapper_phrases[i].p[0] &&
			starts_nocase(s, wrapper_phrases[i]))
			return true;
	}
	return false;
}

static bool starts_nocase(struct str text, struct str lower)
{
	return text.n >= lower.n &&
	       str_equal_nocase(str_head(text, lower.n), lower);
}

/*
 * Some tests print the options as a list of quoted texts behind one letter:
 * {'text': ['ship', 'train'], 'label': ['A', 'B']}.
 */
static void read_option(struct text *text, struct str line)
{
	struct str inner = str_trim(line);

	text->option_count++;
	if (str_starts(inner, S("{'")) || str_starts(inner, S("['"))) {
		size_t at = str_find(inner, S("'text': ["));

		inner = str_from(inner, at < inner.n ? at + 9 : 1);
		inner = str_head(inner, str_index(inner, ']'));
	}
	append(text->options, &text->option_bytes, inner);
	append(text->options, &text->option_bytes, S("\n"));
}

static void append(char *bytes, size_t *n, struct str s)
{
	s = str_head(s, TEXT_BYTES - *n);
	if (s.n)
		memcpy(bytes + *n, s.p, s.n);
	*n += s.n;
}
