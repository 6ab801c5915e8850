/*
 * declare.h - tools and answer formats as a model reads them. For chat.c
 * alone.
 *
 * Tools are written as declarations of TypeScript, one namespace for all:
 *
 *	namespace functions {
 *
 *	// Get the weather.
 *	type weather = (_: {
 *	// Where.
 *	city: string,
 *	unit?: "celsius" | "fahrenheit", // default: celsius
 *	}) => any;
 *
 *	} // namespace functions
 *
 * and on one line where nothing within is described. That form was found by
 * what OpenAI bills (tests/tokens/README.md).
 */
#ifndef TOKENS_DECLARE_H
#define TOKENS_DECLARE_H

#include "base/buf.h"
#include "tokens/chat.h"

/* Append the declarations of all tools that are functions. False: there was
 * something in them whose form no recording tells. */
bool declare_tools(
	const struct token_chat *chat, struct arena *arena, struct buf *out);
/* Append JSON without white space around its parts; without members that are
 * a text called "title" when `no_titles`. */
void declare_json(struct json value, bool no_titles, struct buf *out);

#endif
