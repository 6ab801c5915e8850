/*
 * text.h - what of a prompt is looked at: a bounded part of it, without the
 * wrappers that tests put around their questions.
 *
 * A long prompt shows what it is at its beginning and what it asks for at its
 * end; what lies between is not looked at. "A. ", "Answer:" or "put your final
 * answer in ..." say nothing about how hard a question is, and no user sends
 * them: they are taken out, and the texts of options are kept apart from the
 * question.
 */
#ifndef CLASSIFY_TEXT_H
#define CLASSIFY_TEXT_H

#include "base/str.h"

#define TEXT_HEAD_BYTES 4096
#define TEXT_TAIL_BYTES 2048
#define TEXT_BYTES (TEXT_HEAD_BYTES + TEXT_TAIL_BYTES + 2)

struct text {
	char question[TEXT_BYTES];
	size_t question_bytes;
	char options[TEXT_BYTES];
	size_t option_bytes;
	size_t option_count;
	size_t indented_lines;
};

/* Nothing is allocated; any bytes will do. */
void text_read(struct text *text, struct str prompt);

#endif
