/*
 * signature.c - a signature finds its way back to whom it is from.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

#include "dialect/signature.h"

static const struct {
	const char *sent; /* by a client of openai_chat */
	const char *text;
	const char *origin;
} sent[] = {
	{ "AbC+/=", "AbC+/=", "openai_chat" },
	{ "", "", "openai_chat" },
	{ "gemini:AbC", "AbC", "gemini" },
	{ "gemini:", "", "gemini" },
	{ "gemini:a:b", "a:b", "gemini" },
	/* no dialect's name, or the client's own: part of the signature */
	{ "nobody:AbC", "nobody:AbC", "openai_chat" },
	{ ":AbC", ":AbC", "openai_chat" },
	{ "openai_chat:AbC", "openai_chat:AbC", "openai_chat" },
};

static void what_clients_send_is_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		struct buf out = BUF_INIT(64);
		struct chat_signature signature =
			signature_read(str_of(sent[i].sent), S("openai_chat"));

		assert_text(signature.text, sent[i].text);
		assert_text(signature.origin, sent[i].origin);
		/* And to the client it is again what it sent. */
		signature_append(&signature, S("openai_chat"), &out);
		assert_text(buf_str(&out), sent[i].sent);
		buf_release(&out);
	}
}

static void only_its_own_is_a_providers(void **state)
{
	struct chat_signature gemini = { S("s"), S("gemini") };
	struct chat_signature unknown = { .text = S("s") };
	struct chat_signature none = { .origin = S("gemini") };
	struct buf out = BUF_INIT(64);

	(void)state;
	assert_true(signature_is_from(&gemini, S("gemini")));
	assert_false(signature_is_from(&gemini, S("anthropic")));
	assert_false(signature_is_from(&unknown, S("gemini")));
	assert_false(signature_is_from(&none, S("gemini")));
	signature_append(&none, S("anthropic"), &out);
	assert_int_equal(out.n, 0);
	signature_append(&unknown, S("anthropic"), &out);
	assert_text(buf_str(&out), "s");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_clients_send_is_told_apart),
		cmocka_unit_test(only_its_own_is_a_providers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
