/*
 * frames_aws.h - one message of application/vnd.amazon.eventstream, the
 * binary event stream of AWS:
 *
 *	 4  length of the whole message, big-endian as all numbers here
 *	 4  length of the headers
 *	 4  CRC-32 of the eight bytes before
 *	 n  headers: name's length (1), name, type (1), value; a text is of
 *	    type 7, with a length of 2 bytes before it
 *	 n  payload
 *	 4  CRC-32 of everything before
 *
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
#ifndef DIALECT_FRAMES_AWS_H
#define DIALECT_FRAMES_AWS_H

#include "base/buf.h"

/* The text of a header of a whole message, such as ":message-type"; absent
 * when there is none of that name, or it is no text. */
struct str frames_aws_header(struct str message, struct str name);

/* Append a message with a JSON payload: `message_type` is "event" or
 * "exception", `name` the event's or the exception's, at most 65535 bytes. */
void frames_aws_append(struct str message_type, struct str name,
	struct str payload, struct buf *out);

#endif
