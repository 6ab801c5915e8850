/*
 * openai_chat.c - the row of the OpenAI Chat Completions format.
 */
#include "dialect/openai_chat.h"

const struct dialect openai_chat = {
	.name = OPENAI_CHAT_NAME,
	.path = "/chat/completions",
	.read_head = openai_chat_read_head,
	.splice_request = openai_chat_splice_request,
	.read_reply = openai_chat_read_reply,
	.splice_reply = openai_chat_splice_reply,
	.read_frame = openai_chat_read_frame,
	.splice_usage_frame = openai_chat_splice_usage_frame,
	.write_failure = openai_chat_write_failure,
	.write_stream_failure = openai_chat_write_stream_failure,
	.read_failure = openai_chat_read_failure,
	.read_request = openai_chat_read_request,
	.write_response = openai_chat_write_response,
	.write_event = openai_chat_write_event,
	.write_request = openai_chat_write_request,
	.read_response = openai_chat_read_response,
	.read_event = openai_chat_read_event,
};
