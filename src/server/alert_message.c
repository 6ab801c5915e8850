/*
 * alert_message.c - alerts as e-mail, for Slack, as JSON.
 */
#include "server/alert_message.h"

#include "base/clock.h"
#include "base/json.h"
#include "crypto/digest.h"

static struct str headline(
	const struct alert_delivery *delivery, struct arena *arena);
static void append_facts(const struct alert_delivery *delivery,
	struct arena *arena, struct buf *out);
static void append_slack_text(struct buf *out, struct str text);

void alert_message_mail(const struct alert_delivery *delivery, struct str from,
	int64_t now_ms, struct arena *arena, struct mail *out)
{
	const struct alert *alert = &delivery->alert;
	struct buf text = BUF_INIT(ALERT_MESSAGE_MAX_BYTES);
	char time[CLOCK_TEXT_BYTES];

	buf_printf(&text, "%.*s\n\n", STR_ARG(alert->summary));
	buf_printf(&text, "Rule: %.*s (%.*s)\n", STR_ARG(delivery->rule),
		STR_ARG(alert_kind_facts(delivery->kind)->name));
	clock_format(alert->opened_ms, time);
	buf_printf(&text, "Since: %s\n", time);
	if (delivery->is_closed) {
		clock_format(alert->closed_ms, time);
		buf_printf(&text, "Over: %s\n", time);
	}
	append_facts(delivery, arena, &text);
	out->from = from;
	out->to = delivery->channel.target;
	out->subject = arena_printf(arena, "[LLM Gateway] %.*s",
		STR_ARG(headline(delivery, arena)));
	out->text = arena_copy(arena, buf_str(&text));
	out->message_id =
		arena_printf(arena, "alert-%" PRId64 "-%" PRId64 "@%.*s",
			delivery->id, alert->opened_ms,
			STR_ARG(str_from(from, str_index(from, '@') + 1)));
	out->unix_ms = now_ms;
	buf_release(&text);
}

static struct str headline(
	const struct alert_delivery *delivery, struct arena *arena)
{
	return arena_printf(arena, "%s: %.*s",
		delivery->is_closed ? "Resolved" : "Alert",
		STR_ARG(delivery->alert.summary));
}

/* "name: value" lines; they are flat by construction. */
static void append_facts(const struct alert_delivery *delivery,
	struct arena *arena, struct buf *out)
{
	struct json_cursor cursor;
	struct json_member member;
	struct json facts;
	struct error err;

	if (!json_check(delivery->alert.facts, JSON_MAX_DEPTH, &facts, &err))
		return;
	buf_append_char(out, '\n');
	cursor = json_members(facts);
	while (json_next(&cursor, &member)) {
		struct str value;

		if (!json_text(member.value, arena, &value))
			value = member.value.text; /* a number */
		buf_printf(out, "%.*s: %.*s\n", STR_ARG(member.name),
			STR_ARG(value));
	}
}

void alert_message_slack(const struct alert_delivery *delivery, struct buf *out)
{
	struct buf text = BUF_INIT(ALERT_MESSAGE_MAX_BYTES);
	struct json_writer json;

	buf_append(&text,
		delivery->is_closed ? S("*Resolved:* ") : S("*Alert:* "));
	append_slack_text(&text, delivery->alert.summary);
	buf_append(&text, S("\n_Rule:_ "));
	append_slack_text(&text, delivery->rule);
	json_writer_init(&json, out);
	json_begin_object(&json);
	json_member_str(&json, "text", buf_str(&text));
	json_end_object(&json);
	buf_release(&text);
}

/* https://docs.slack.dev/messaging/formatting-message-text: these three are
 * control characters; a name must not mention a channel or make a link. */
static void append_slack_text(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&': buf_append(out, S("&amp;")); break;
		case '<': buf_append(out, S("&lt;")); break;
		case '>': buf_append(out, S("&gt;")); break;
		default: buf_append_char(out, text.p[i]);
		}
	}
}

void alert_message_webhook(
	const struct alert_delivery *delivery, struct buf *out)
{
	const struct alert *alert = &delivery->alert;
	struct json_writer json;

	json_writer_init(&json, out);
	json_begin_object(&json);
	json_member_int(&json, "id", alert->id);
	json_member_str(&json, "kind", alert_kind_facts(delivery->kind)->name);
	json_member_str(&json, "rule", delivery->rule);
	json_member_str(&json, "occasion", alert->occasion);
	json_member_str(&json, "state",
		delivery->is_closed ? S("resolved") : S("open"));
	json_member_int(&json, "opened_ms", alert->opened_ms);
	json_name(&json, "closed_ms");
	if (delivery->is_closed)
		json_write_int(&json, alert->closed_ms);
	else
		json_write_null(&json);
	json_member_str(&json, "summary", alert->summary);
	json_member_raw(&json, "facts", alert->facts);
	json_end_object(&json);
}

void alert_message_sign(struct str secret, int64_t unix_s, struct str body,
	char out[ALERT_SIGNATURE_BYTES])
{
	struct buf text = BUF_INIT(ALERT_MESSAGE_MAX_BYTES + 32);
	uint8_t digest[SHA256_BYTES];
	int n;

	buf_append_int(&text, unix_s);
	buf_append_char(&text, '.');
	buf_append(&text, body);
	assert(!text.failed);
	digest_hmac_sha256(secret, buf_str(&text), digest);
	buf_release(&text);
	n = snprintf(out, ALERT_SIGNATURE_BYTES, "t=%" PRId64 ",v1=", unix_s);
	digest_hex(digest, sizeof(digest), out + n);
}
