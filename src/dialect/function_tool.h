/*
 * function_tool.h - tools in the form that OpenAI gave them and that Cohere
 * and Ollama took over:
 *
 *	{"type": "function",
 *		"function": {"name", "description", "parameters"}}
 */
#ifndef DIALECT_FUNCTION_TOOL_H
#define DIALECT_FUNCTION_TOOL_H

#include "dialect/shape.h"

/* A row's function: `into` is a struct chat_request. False: no list, or an
 * empty one. A tool of another form is kept whole. */
bool function_tools_read(struct json value, void *into, struct arena *arena);

/* One of them. Another dialect's gets parameters if it has none. */
void function_tool_write(
	const struct chat_tool *tool, const struct shape_out *out);

#endif
