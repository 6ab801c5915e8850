/*
 * stream.c - an answer that comes in frames, and the faults that break it.
 */
#include "stream.h"

#include "head.h"

#define HUGE_FRAME_BYTES (1024 * 1024)

static enum fault stream_fault(int fault);
static bool break_off(struct answer *answer, struct buf *out);
static void write_huge_frame(struct answer *answer, struct buf *out);

void stream_begin(struct answer *answer, const struct ask *ask,
	const struct answer_request *request)
{
	struct buf *out = request->out;

	answer->source = SOURCE_COMPLETION;
	answer->fault = stream_fault(answer->behaviour.fault);
	answer->chunked = request->http->may_chunk;
	answer->first_ms = answer->behaviour.first_ms;
	/* Without chunks only the close tells that the stream is over. */
	if (!answer->chunked)
		answer->keep_alive = false;
	head_begin(answer, 200, out);
	head_append_stream_type(ask->framing, out);
	if (answer->chunked)
		buf_append(out, S("Transfer-Encoding: chunked\r\n"));
	head_end(answer, out);
}

bool stream_next(struct answer *answer, struct buf *out)
{
	struct completion *completion = &answer->completion;
	struct piece piece;
	char room[WORD_MAX_BYTES];
	bool more;

	if (answer->fault != FAULT_NONE && completion_is_half(completion))
		return break_off(answer, out);
	more = completion_next(completion, &piece, room);
	answer->operation->write_piece(completion, &piece, out);
	if (!more)
		framing_finish(&completion->framing, out);
	return more;
}

bool stream_has_fault(int fault)
{
	return fault == FAULT_NO_DONE || fault == FAULT_STREAM_ERROR ||
	       fault == FAULT_BAD_FRAME || fault == FAULT_HUGE_FRAME;
}

bool stream_breaks_off(int fault)
{
	return fault == FAULT_HALF_BODY || fault == FAULT_CUT ||
	       fault == FAULT_RESET_BODY || fault == FAULT_STALL_STREAM;
}

enum answer_end stream_end(int fault)
{
	switch (fault) {
	case FAULT_RESET_BODY: return ANSWER_RESET;
	case FAULT_STALL_STREAM: return ANSWER_SILENT;
	case FAULT_HALF_BODY:
	case FAULT_CUT: return ANSWER_CLOSE;
	default: return ANSWER_KEEP;
	}
}

/* The faults of a connection's or a whole answer's are not a stream's. */
static enum fault stream_fault(int fault)
{
	return stream_breaks_off(fault) || stream_has_fault(fault)
		       ? (enum fault)fault
		       : FAULT_NONE;
}

static bool break_off(struct answer *answer, struct buf *out)
{
	struct completion *completion = &answer->completion;
	enum fault fault = answer->fault;

	answer->fault = FAULT_NONE;
	switch (fault) {
	case FAULT_STREAM_ERROR:
		answer->operation->write_failure(completion, out);
		framing_finish(&completion->framing, out);
		return false;
	case FAULT_BAD_FRAME:
		framing_begin(&completion->framing,
			answer->operation->delta_event, out);
		buf_append(out, S("{\"id\":\"chatcmpl-sim\",\"choices\":[{"));
		framing_end(&completion->framing, out);
		return true;
	case FAULT_HUGE_FRAME: write_huge_frame(answer, out); return true;
	default: answer->end = stream_end(fault); return false;
	}
}

static void write_huge_frame(struct answer *answer, struct buf *out)
{
	struct completion *completion = &answer->completion;
	struct piece piece = { .kind = PIECE_DELTA, .block = BLOCK_TEXT };
	char *text = arena_alloc(&answer->arena, HUGE_FRAME_BYTES);

	memset(text, 'x', HUGE_FRAME_BYTES);
	piece.text = (struct str){ text, HUGE_FRAME_BYTES };
	piece.index = completion->block;
	if (completion->block < completion->block_count)
		piece.block = completion->blocks[completion->block];
	answer->operation->write_piece(completion, &piece, out);
}
