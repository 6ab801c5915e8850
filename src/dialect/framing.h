/*
 * framing.h - one way of cutting a stream, as frames.c uses it; the four ways
 * are in frames_sse.c, frames_json.c and frames_aws.c.
 *
 * A way answers two questions: where does the event end whose beginning is
 * held or stands in the input, and what do its bytes say. What it must
 * remember from one feed to the next lives in struct frames.
 */
#ifndef DIALECT_FRAMING_H
#define DIALECT_FRAMING_H

#include "dialect/frames.h"

struct framing_row {
	/*
	 * How many bytes of the input belong to the event. FRAMES_MORE: its
	 * end is not among them, so it is all of them, or a count beyond the
	 * input when the event says how long it will be. FRAMES_FAILED:
	 * frames->garbage says why.
	 */
	enum frames_state (*find_end)(struct frames *frames, size_t *end);
	/* Fill an event whose `raw` and `is_whole` are set. False:
	 * frames->garbage says why. */
	bool (*read)(struct frames *frames, struct frame *out);
};

extern const struct framing_row framing_sse;
extern const struct framing_row framing_json_lines;
extern const struct framing_row framing_json_array;
extern const struct framing_row framing_aws;

#endif
