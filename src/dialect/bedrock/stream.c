/*
 * stream.c - events of a stream, from the neutral form.
 *
 * Another dialect's deltas become blocks: one is open at a time, and what is
 * of another kind closes it. A text's block begins with its first delta, as
 * the service's own do. `messageStop` and then `metadata` are the last events;
 * so the reason and the counts wait for the end, wherever they came: there
 * are providers that tell a reason after every call.
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/frames_aws.h"
#include "dialect/signature.h"

/* Calls whose blocks are known, for input that comes late. */
#define CALLS 16

struct writer {
	bool began;
	bool stopped; /* messageStop is out */
	bool closed;
	struct str reason; /* for messageStop; absent: not known yet */
	bool is_open;      /* a block is: */
	enum chat_part_kind kind;
	int64_t call; /* of a call's block */
	bool is_signed;
	int64_t block;         /* number of the open one, or of the next */
	int64_t blocks[CALLS]; /* of call n at n % CALLS */
	bool has_usage;
	struct chat_usage usage;
};

/* An event that is being written. */
struct event_out {
	struct buf payload;
	struct json_writer w;
};

static void write_own(
	struct writer *writer, const struct chat_event *event, struct buf *out);
static void write_failure(const struct chat_event *event, struct buf *out);
static void begin_event(struct event_out *e);
static void end_event(struct event_out *e, const char *name, struct buf *out);
static void begin_message(struct writer *writer, struct buf *out);
static void write_delta(struct writer *writer,
	const struct chat_response *delta, struct buf *out);
static void write_part(
	struct writer *writer, const struct chat_part *part, struct buf *out);
static void open_block(
	struct writer *writer, enum chat_part_kind kind, struct buf *out);
static void close_block(struct writer *writer, struct buf *out);
static void begin_delta(struct event_out *e);
static void end_delta(struct event_out *e, int64_t block, struct buf *out);
static void write_text(
	struct writer *writer, const struct chat_part *part, struct buf *out);
static void write_citations(struct writer *writer,
	const struct chat_citation *citation, struct buf *out);
static void write_thinking(
	struct writer *writer, const struct chat_part *part, struct buf *out);
static void write_reasoning(struct writer *writer, const char *name,
	struct str value, struct buf *out);
static void write_image(
	struct writer *writer, const struct chat_part *part, struct buf *out);
static void write_call(
	struct writer *writer, const struct chat_part *part, struct buf *out);
static void begin_call(
	struct writer *writer, const struct chat_part *part, struct buf *out);
static void stop_message(struct writer *writer, struct buf *out);
static void end_stream(
	struct writer *writer, struct str metadata, struct buf *out);

void *bedrock_writer_new(const struct chat_start *start, struct arena *arena)
{
	struct writer *writer = ARENA_NEW(arena, struct writer);

	/* Neither id nor model have a place. */
	writer->began = start->began;
	writer->call = -1;
	chat_usage_init(&writer->usage);
	return writer;
}

void bedrock_write_event(
	const struct chat_event *event, void *memory, struct buf *out)
{
	struct writer *writer = memory;
	bool is_own = str_equal(event->delta.dialect, S(BEDROCK_NAME));

	if (event->kind == CHAT_EVENT_ERROR) {
		write_failure(event, out);
		writer->closed = true;
		return;
	}
	if (is_own && event->name.p) {
		write_own(writer, event, out);
		return;
	}
	if (event->kind == CHAT_EVENT_NOTHING || writer->closed)
		return;
	if (event->kind == CHAT_EVENT_DELTA)
		write_delta(writer, &event->delta, out);
	if (event->kind == CHAT_EVENT_DONE || event->done)
		end_stream(writer, event->metadata, out);
}

static void write_own(
	struct writer *writer, const struct chat_event *event, struct buf *out)
{
	frames_aws_append(S("event"), event->name, event->json, out);
	writer->began = true;
	writer->stopped |= str_equal(event->name, S("messageStop"));
	writer->closed |= event->done;
}

/* Always in our words: what the provider sent may quote a key. */
static void write_failure(const struct chat_event *event, struct buf *out)
{
	struct error err = { .kind = ERR_UPSTREAM_STATUS,
		.http_status = event->error_status };

	failure_fit(event->error_message, err.message, sizeof(err.message));
	bedrock_write_stream_failure(&err, S(""), NULL, out);
}

static void begin_event(struct event_out *e)
{
	buf_init(&e->payload, SIZE_MAX);
	json_writer_init(&e->w, &e->payload);
	json_begin_object(&e->w);
}

static void end_event(struct event_out *e, const char *name, struct buf *out)
{
	json_end_object(&e->w);
	out->failed |= e->payload.failed;
	frames_aws_append(S("event"), str_of(name), buf_str(&e->payload), out);
	buf_release(&e->payload);
}

static void begin_message(struct writer *writer, struct buf *out)
{
	struct event_out e;

	if (writer->began)
		return;
	writer->began = true;
	begin_event(&e);
	json_member_str(&e.w, "role", S("assistant"));
	end_event(&e, "messageStart", out);
}

/* The format has one answer. */
static void write_delta(struct writer *writer,
	const struct chat_response *delta, struct buf *out)
{
	const struct chat_choice *choice = delta->choices;

	begin_message(writer, out);
	if (delta->has_usage) {
		writer->has_usage = true;
		chat_usage_merge(&writer->usage, &delta->usage);
	}
	if (delta->choice_count == 0 || choice->index > 0)
		return;
	for (const struct chat_part *part = choice->message.parts; part;
		part = part->next)
		write_part(writer, part, out);
	write_citations(writer, choice->message.citations, out);
	if (choice->finish != CHAT_FINISH_UNSET && !writer->reason.p)
		writer->reason = bedrock_finish_word(choice);
}

static void write_part(
	struct writer *writer, const struct chat_part *part, struct buf *out)
{
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_REFUSAL:
	case CHAT_AUDIO: write_text(writer, part, out); break;
	case CHAT_THINKING: write_thinking(writer, part, out); break;
	case CHAT_REDACTED_THINKING:
		if (!bedrock_has_block(part))
			break;
		open_block(writer, CHAT_REDACTED_THINKING, out);
		write_reasoning(writer, "redactedContent", part->data, out);
		close_block(writer, out);
		break;
	case CHAT_TOOL_CALL: write_call(writer, part, out); break;
	case CHAT_IMAGE: write_image(writer, part, out); break;
	case CHAT_VIDEO:
	case CHAT_FILE:
	case CHAT_OTHER: break; /* no answer in this format has them */
	}
}

static void open_block(
	struct writer *writer, enum chat_part_kind kind, struct buf *out)
{
	if (writer->is_open && writer->kind == kind)
		return;
	close_block(writer, out);
	writer->is_open = true;
	writer->kind = kind;
	writer->is_signed = false;
}

static void close_block(struct writer *writer, struct buf *out)
{
	struct event_out e;

	if (!writer->is_open)
		return;
	begin_event(&e);
	json_member_int(&e.w, "contentBlockIndex", writer->block);
	end_event(&e, "contentBlockStop", out);
	writer->block++;
	writer->is_open = false;
}

static void begin_delta(struct event_out *e)
{
	begin_event(e);
	json_name(&e->w, "delta");
	json_begin_object(&e->w);
}

static void end_delta(struct event_out *e, int64_t block, struct buf *out)
{
	json_end_object(&e->w);
	json_member_int(&e->w, "contentBlockIndex", block);
	end_event(e, "contentBlockDelta", out);
}

/* Also what was said aloud, or refused. */
static void write_text(
	struct writer *writer, const struct chat_part *part, struct buf *out)
{
	struct event_out e;

	if (part->text.n > 0) {
		open_block(writer, CHAT_TEXT, out);
		begin_delta(&e);
		json_member_str(&e.w, "text", part->text);
		end_delta(&e, writer->block, out);
	}
	write_citations(writer, part->citations, out);
}

static void write_citations(struct writer *writer,
	const struct chat_citation *citation, struct buf *out)
{
	struct event_out e;

	for (; citation; citation = citation->next) {
		open_block(writer, CHAT_TEXT, out);
		begin_delta(&e);
		json_name(&e.w, "citation");
		bedrock_write_citation(citation, &e.w);
		end_delta(&e, writer->block, out);
	}
}

/* A signature ends what it proves. */
static void write_thinking(
	struct writer *writer, const struct chat_part *part, struct buf *out)
{
	struct buf text = BUF_INIT(SIZE_MAX);

	if (part->text.n > 0) {
		if (writer->is_open && writer->is_signed)
			close_block(writer, out);
		open_block(writer, CHAT_THINKING, out);
		write_reasoning(writer, "text", part->text, out);
	}
	if (!part->signature.text.p)
		return;
	signature_append(&part->signature, S(BEDROCK_NAME), &text);
	open_block(writer, CHAT_THINKING, out);
	write_reasoning(writer, "signature", buf_str(&text), out);
	writer->is_signed = true;
	out->failed |= text.failed;
	buf_release(&text);
}

static void write_reasoning(struct writer *writer, const char *name,
	struct str value, struct buf *out)
{
	struct event_out e;

	begin_delta(&e);
	json_name(&e.w, "reasoningContent");
	json_begin_object(&e.w);
	json_member_str(&e.w, name, value);
	json_end_object(&e.w);
	end_delta(&e, writer->block, out);
}

/* {"image": {"format"}} begins it, {"image": {"source"}} is its delta. */
static void write_image(
	struct writer *writer, const struct chat_part *part, struct buf *out)
{
	struct event_out e;

	if (!part->data.p || !bedrock_has_block(part))
		return;
	close_block(writer, out);
	open_block(writer, CHAT_IMAGE, out);
	begin_event(&e);
	json_member_int(&e.w, "contentBlockIndex", writer->block);
	json_name(&e.w, "start");
	json_begin_object(&e.w);
	json_name(&e.w, "image");
	json_begin_object(&e.w);
	json_member_str(&e.w, "format", bedrock_media_format(part));
	json_end_object(&e.w);
	json_end_object(&e.w);
	end_event(&e, "contentBlockStart", out);
	begin_delta(&e);
	json_name(&e.w, "image");
	json_begin_object(&e.w);
	json_name(&e.w, "source");
	json_begin_object(&e.w);
	json_member_str(&e.w, "bytes", part->data);
	json_end_object(&e.w);
	json_end_object(&e.w);
	end_delta(&e, writer->block, out);
	close_block(writer, out);
}

static void write_call(
	struct writer *writer, const struct chat_part *part, struct buf *out)
{
	int64_t index = part->call.index > 0 ? part->call.index : 0;
	struct event_out e;

	if (index > writer->call)
		begin_call(writer, part, out);
	if (part->call.arguments.n == 0)
		return;
	begin_delta(&e);
	json_name(&e.w, "toolUse");
	json_begin_object(&e.w);
	json_member_str(&e.w, "input", part->call.arguments);
	json_end_object(&e.w);
	end_delta(&e, writer->blocks[index % CALLS], out);
}

static void begin_call(
	struct writer *writer, const struct chat_part *part, struct buf *out)
{
	struct event_out e;

	close_block(writer, out);
	open_block(writer, CHAT_TOOL_CALL, out);
	writer->call = part->call.index > 0 ? part->call.index : 0;
	writer->blocks[writer->call % CALLS] = writer->block;
	begin_event(&e);
	json_member_int(&e.w, "contentBlockIndex", writer->block);
	json_name(&e.w, "start");
	json_begin_object(&e.w);
	json_name(&e.w, "toolUse");
	json_begin_object(&e.w);
	json_member_str(&e.w, "toolUseId", part->call.id);
	json_member_str(&e.w, "name", part->call.name);
	json_end_object(&e.w);
	json_end_object(&e.w);
	end_event(&e, "contentBlockStart", out);
}

static void stop_message(struct writer *writer, struct buf *out)
{
	struct event_out e;

	close_block(writer, out);
	if (writer->stopped)
		return;
	writer->stopped = true;
	begin_event(&e);
	json_member_str(&e.w, "stopReason",
		writer->reason.p ? writer->reason : S("end_turn"));
	end_event(&e, "messageStop", out);
}

static void end_stream(
	struct writer *writer, struct str metadata, struct buf *out)
{
	struct event_out e;

	begin_message(writer, out);
	stop_message(writer, out);
	writer->closed = true;
	begin_event(&e);
	if (writer->has_usage) {
		json_name(&e.w, "usage");
		bedrock_write_usage(&writer->usage, &e.w);
	}
	if (metadata.p)
		json_member_raw(&e.w, "metadata", metadata);
	end_event(&e, "metadata", out);
}
