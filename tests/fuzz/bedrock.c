/*
 * bedrock/bedrock.c - any bytes as what clients say to Bedrock and what it
 * answers.
 *
 * The model's name is not in a request, so none is changed there. A stream is
 * made of the text's lines, "name payload" each, for no accident makes the
 * check sums of a message right; tests/fuzz/frames.c has the raw bytes.
 */
#include "dialect.h"

#include "dialect/bedrock/bedrock.h"
#include "dialect/frames_aws.h"

static void try_body(struct str body, struct arena *arena);
static void try_lines(struct str text);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct arena arena;

	arena_init(&arena, 4096);
	try_body(text, &arena);
	try_reply(&bedrock, text, &arena);
	try_lines(text);
	arena_release(&arena);
	return 0;
}

static void try_body(struct str body, struct arena *arena)
{
	struct buf out = BUF_INIT(FUZZ_MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_request request;
	struct splice splice;
	struct chat_head head;

	if (!bedrock.read_head(body, arena, &head, &err)) {
		assert(error_http_status(&err) == 400);
		return;
	}
	assert(head.message_count > 0 && head.max_tokens != 0);
	assert(head.prompt_bytes >= head.prompt_text_bytes);
	assert((size_t)head.prompt_bytes <= body.n);
	bedrock.splice_request(&head, S(FUZZ_MODEL), true, arena, &splice);
	assert(splice.count == 1 && splice.pieces[0].p == body.p);
	assert(bedrock.read_request(&head, arena, &request, &err));
	assert(bedrock.write_request(&request, NULL, NULL, &out, &err));
	assert(!out.failed);
	assert_equal(buf_str(&out), body);
	buf_release(&out);
	/* An old Claude, a new one, and two that are none. */
	request.model = (const struct str[]){
		S("anthropic.claude-3-7-sonnet-20250219-v1:0"),
		S("anthropic.claude-opus-5"),
		S("us.amazon.nova-2-lite-v1:0"),
		S("meta.llama3-1-70b-instruct-v1:0"),
	}[body.n % 4];
	try_foreign_request(&bedrock, &request, arena);
}

static void try_lines(struct str text)
{
	struct buf stream = BUF_INIT(FUZZ_MAX_BYTES);
	struct str line;

	while (str_next_field(&text, '\n', &line)) {
		struct str name = str_head(line, str_index(line, ' '));
		struct str payload = str_from(line, name.n + 1);
		bool is_exception = str_ends(name, S("Exception"));

		frames_aws_append(is_exception ? S("exception") : S("event"),
			str_head(name, UINT16_MAX), payload, &stream);
	}
	try_streams(&bedrock, buf_str(&stream));
	buf_release(&stream);
}
