/*
 * openai_responses/openai_responses.c - any bytes as what clients say to OpenAI
 * in its Responses format, and what it answers.
 */
#include "dialect.h"

#include "dialect/openai_responses/openai_responses.h"

/* Here a request may do without input: the provider has the conversation. */
static bool has_no_input(struct str body, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct chat_head head;

	return openai_responses_read_head(body, arena, &head, &err) &&
	       head.message_count == 0;
}

static void try_without_input(struct str body, struct arena *arena)
{
	struct buf out = BUF_INIT(FUZZ_MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_request request;
	struct chat_head head;

	assert(openai_responses_read_head(body, arena, &head, &err));
	if (openai_responses_read_request(&head, arena, &request, &err)) {
		assert(openai_responses_write_request(
			&request, NULL, NULL, &out, &err));
		assert(!out.failed);
		assert_equal(buf_str(&out), body);
		try_foreign_request(&openai_responses, &request, arena);
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = { (const char *)data, size };
	struct arena arena;

	arena_init(&arena, 4096);
	if (has_no_input(body, &arena))
		try_without_input(body, &arena);
	else
		try_request(&openai_responses, body, &arena);
	try_reply(&openai_responses, body, &arena);
	try_streams(&openai_responses, body);
	arena_release(&arena);
	return 0;
}
