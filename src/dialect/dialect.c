/*
 * dialect.c - the table of wire formats.
 */
#include "dialect/dialect.h"

#include "dialect/anthropic/anthropic.h"
#include "dialect/bedrock/bedrock.h"
#include "dialect/cohere/cohere.h"
#include "dialect/gemini/gemini.h"
#include "dialect/ollama/ollama.h"
#include "dialect/openai_chat/openai_chat.h"
#include "dialect/openai_responses/openai_responses.h"

static const struct dialect *const table[] = {
	&openai_chat,
	&openai_responses,
	&anthropic,
	&gemini,
	&cohere,
	&ollama,
	&bedrock,
};

static void check_row(const struct dialect *row);

const struct dialect *dialect_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (str_equal(name, str_of(table[i]->name)))
			return table[i];
	return NULL;
}

void dialect_check_table(void)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		check_row(table[i]);
		/* The first of two rows with one name would hide the other. */
		assert(dialect_find(str_of(table[i]->name)) == table[i]);
	}
}

static void check_row(const struct dialect *row)
{
	assert(row->name && *row->name);
	assert(row->messages && row->stream_type && row->write_path);
	assert(row->read_head && row->splice_request);
	assert(row->write_failure && row->write_stream_failure);
	assert(row->read_request && row->write_request);
	assert(row->read_response && row->write_response);
	assert(row->read_event && row->write_event);
}
