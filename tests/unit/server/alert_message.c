/*
 * alert_message.c - what receivers read, and what they check it with.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/alert_message.h"

static const struct alert_delivery opened = {
	.id = 17,
	.attempts = 2,
	.alert = { .id = 5,
		.opened_ms = INT64_C(1795268248000),
		.closed_ms = INT64_C(1795268308000),
		.subject = STR("calls"),
		.occasion = STR("calls#3"),
		.summary = STR("80 % of <all> calls & more failed"),
		.facts = STR("{\"calls\":80,\"project\":\"se\\u00f1or\"}") },
	.kind = ALERT_ERROR_RATE,
	.rule = STR("errors <!channel>"),
	.channel = { .target = STR("ana@example.org") },
};

static const char *text_of(
	void (*write)(const struct alert_delivery *delivery, struct buf *out),
	const struct alert_delivery *delivery, struct buf *buf)
{
	buf_init(buf, ALERT_MESSAGE_MAX_BYTES);
	write(delivery, buf);
	return buf_cstr(buf);
}

static void a_webhook_reads_json(void **state)
{
	struct alert_delivery closed = opened;
	struct buf buf;

	(void)state;
	/* That it has ended meanwhile does not change the first message. */
	assert_string_equal(text_of(alert_message_webhook, &opened, &buf),
		"{\"id\":5,\"kind\":\"error_rate\","
		"\"rule\":\"errors <!channel>\",\"occasion\":\"calls#3\","
		"\"state\":\"open\",\"opened_ms\":1795268248000,"
		"\"closed_ms\":null,"
		"\"summary\":\"80 % of <all> calls & more failed\","
		"\"facts\":{\"calls\":80,\"project\":\"se\\u00f1or\"}}");
	buf_release(&buf);
	closed.is_closed = true;
	assert_non_null(strstr(text_of(alert_message_webhook, &closed, &buf),
		"\"state\":\"resolved\",\"opened_ms\":1795268248000,"
		"\"closed_ms\":1795268308000"));
	buf_release(&buf);
}

static void slack_sees_no_commands_of_others(void **state)
{
	struct alert_delivery closed = opened;
	struct buf buf;

	(void)state;
	assert_string_equal(text_of(alert_message_slack, &opened, &buf),
		"{\"text\":\"*Alert:* 80 % of &lt;all&gt; calls &amp; more "
		"failed\\n_Rule:_ errors &lt;!channel&gt;\"}");
	buf_release(&buf);
	closed.is_closed = true;
	assert_non_null(strstr(text_of(alert_message_slack, &closed, &buf),
		"\"*Resolved:* 80 %"));
	buf_release(&buf);
}

static void a_mail_is_plain_text(void **state)
{
	struct alert_delivery closed = opened;
	struct arena arena;
	struct mail mail;

	(void)state;
	arena_init(&arena, 4096);
	closed.is_closed = true;
	alert_message_mail(
		&closed, S("gateway@example.org"), 1000, &arena, &mail);
	assert_string_equal(arena_cstr(&arena, mail.subject),
		"[LLM Gateway] Resolved: 80 % of <all> calls & more failed");
	assert_string_equal(arena_cstr(&arena, mail.text),
		"80 % of <all> calls & more failed\n\n"
		"Rule: errors <!channel> (error_rate)\n"
		"Since: 2026-11-21T13:37:28.000Z\n"
		"Over: 2026-11-21T13:38:28.000Z\n"
		"\n"
		"calls: 80\n"
		"project: se\xc3\xb1or\n");
	assert_string_equal(arena_cstr(&arena, mail.message_id),
		"alert-17-1795268248000@example.org");
	assert_true(str_equal(mail.to, S("ana@example.org")));
	assert_int_equal(mail.unix_ms, 1000);
	arena_release(&arena);
}

/* Made with: printf '%s.%s' T BODY | openssl dgst -sha256 -hmac SECRET */
static void a_signature_can_be_checked_by_others(void **state)
{
	static const struct {
		const char *secret, *body, *signature;
		int64_t unix_s;
	} vectors[] = {
		{ "topsecret-topsecret", "{\"id\":5}",
			"t=1795268248,v1="
			"5043481108e5e6d18e49c46a3d427be606c2a63073565096e44acd895787dccb",
			1795268248 },
		{ "k", "",
			"t=0,v1=6b4a4b8b3c40f1e8f53a3d36682e5f99f7ad2ac1df1c93dfe336f329167641e7",
			0 },
	};
	char signature[ALERT_SIGNATURE_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		alert_message_sign(str_of(vectors[i].secret), vectors[i].unix_s,
			str_of(vectors[i].body), signature);
		assert_string_equal(signature, vectors[i].signature);
	}
	alert_message_sign(S("topsecret-topsecreT"), 1795268248,
		S("{\"id\":5}"), signature);
	assert_string_not_equal(signature, vectors[0].signature);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_webhook_reads_json),
		cmocka_unit_test(slack_sees_no_commands_of_others),
		cmocka_unit_test(a_mail_is_plain_text),
		cmocka_unit_test(a_signature_can_be_checked_by_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
