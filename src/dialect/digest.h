/*
 * digest.h - what a request asks for, in a form that is the same for all who
 * ask the same: the bytes that a response cache makes its key of.
 *
 * Everything that can change the answer is in it, each member with its name
 * and length, in a fixed order. What is arranged differently in the formats,
 * or merely written differently, is alike: content as one text or as a list,
 * white space in JSON, 0.70 for 0.7, the ids of tool calls (a result names
 * its call by number). Left out is what asks for nothing: stream options, the
 * user, metadata, marks for the provider's own cache, service tiers.
 *
 * What the neutral form cannot express is in it with the format's name, so
 * that only requests in that format can be equal to it.
 */
#ifndef DIALECT_DIGEST_H
#define DIALECT_DIGEST_H

#include "dialect/chat.h"

/* Pieces of the form, in order: views of the request or of the arena. */
struct digest {
	struct str *parts;
	size_t count;
	size_t room;
	char *free; /* in the arena: where the next short piece goes */
	size_t free_bytes;
	struct arena *arena;
	struct str own; /* the format that has members of its own, or "" */
};

/* Nothing yet; pieces live in the arena. */
void digest_init(struct digest *digest, struct arena *arena);

/* One more thing that the answer depends on; a text that is absent is not the
 * same as an empty one. */
void digest_add(struct digest *digest, const char *name, struct str text);
void digest_add_int(struct digest *digest, const char *name, int64_t number);

/* The members of a request that no dialect reads, in their order, but those
 * of `without`, which ends with NULL. */
void digest_add_members(
	struct digest *digest, struct json object, const char *const *without);

/* The request as read by its dialect, but not its model. */
void digest_add_request(
	struct digest *digest, const struct chat_request *request);

#endif
