/*
 * head.h - what the readers of requests' heads share: a table of members that
 * says what each must be, and the place of the model's name.
 *
 * The members that the gateway itself acts on must mean the same to it and to
 * the provider. So their types are checked, and one that appears twice is
 * refused: parsers differ in which of the two they read, and a request must
 * not be admitted as one model or size and served as another. All other
 * members are the provider's business and pass.
 */
#ifndef DIALECT_HEAD_H
#define DIALECT_HEAD_H

#include "dialect/dialect.h"

/* Types that a value may have, as bits. */
#define HEAD_TYPE(type) (1U << (type))
#define HEAD_NULL HEAD_TYPE(JSON_TYPE_NULL)
#define HEAD_BOOL \
	(HEAD_TYPE(JSON_TYPE_TRUE) | HEAD_TYPE(JSON_TYPE_FALSE) | HEAD_NULL)
#define HEAD_NUMBER (HEAD_TYPE(JSON_TYPE_NUMBER) | HEAD_NULL)
#define HEAD_STRING (HEAD_TYPE(JSON_TYPE_STRING) | HEAD_NULL)
#define HEAD_ARRAY (HEAD_TYPE(JSON_TYPE_ARRAY) | HEAD_NULL)
#define HEAD_OBJECT (HEAD_TYPE(JSON_TYPE_OBJECT) | HEAD_NULL)
#define HEAD_ANY (~0U)

struct head_reader {
	struct chat_head *head;
	struct arena *arena;
	struct error *err;
	const char *name; /* of the member that is being read */
};

struct head_field {
	struct str name;
	unsigned types;       /* those the value may have, see HEAD_TYPE() */
	const char *expected; /* the same in words: "an array of messages" */
	bool once;            /* refused when it appears twice */
	bool (*read)(struct head_reader *r, struct json value); /* or NULL */
};

#define HEAD_FIELDS 64 /* the most a table may have */

/* The name of a member within the request, as an error tells it. */
struct head_path {
	char text[96];
};

/* Check that the body is a JSON object, and read its members by the table,
 * in the order in which they stand. ERR_BAD_JSON, ERR_TOO_DEEP,
 * ERR_BAD_REQUEST, ERR_BAD_FIELD. */
MUST_USE bool head_read(struct head_reader *r, struct str body,
	const struct head_field *fields, size_t count);

/* "'messages[2].role' must be a string, but it is an array." */
bool head_refuse_type(struct error *err, const char *path, const char *expected,
	struct json value);
/* "'messages' is missing: send an array of messages." */
bool head_refuse_missing(struct error *err, const char *path, const char *hint);

struct head_path head_path(const char *format, ...) PRINTF_LIKE(1, 2);

/* Readers for tables: the model's name and place, `stream`. */
bool head_read_model(struct head_reader *r, struct json value);
bool head_read_stream(struct head_reader *r, struct json value);
/* What is no text asks for no tier that we know. */
bool head_read_service_tier(struct head_reader *r, struct json value);
/* A whole number from 1 on: the larger of those read is head->max_tokens. */
bool head_read_max_tokens(struct head_reader *r, struct json value);
/* An array of messages: each is read, and head->messages says where they are.
 * ERR_BAD_FIELD when there is none. */
typedef bool head_read_message(
	struct head_reader *r, size_t index, struct json message);
bool head_read_messages(struct head_reader *r, struct json value,
	head_read_message *read_message);
/* ERR_MISSING_FIELD without `messages`; `content` is the example's. */
MUST_USE bool head_require_messages(
	const struct chat_head *head, const char *content, struct error *err);
/* "messages[2].role"; made only when something is wrong, for a conversation
 * has many messages. */
struct head_path head_message_path(size_t index, const char *member);
/* A role that is missing, no text, or none of those that are known; `known`
 * may be NULL where any text is one. */
bool head_refuse_role(struct head_reader *r, size_t index, struct json role,
	const char *known);
/* To be counted: an array of tools. */
bool head_read_tools(struct head_reader *r, struct json value);

/* Bytes of a string between its quotes, escapes as they stand; 0 of anything
 * but a string. */
size_t head_text_bytes(struct json string);
/* A text of the conversation: counted as text, and as a whole. */
void head_count_text(struct chat_head *head, struct json string);

struct chat_place head_place(const struct chat_head *head, struct json value);

/* A member behind the opening brace; `with_comma` ends with one. */
struct splice_edit head_insert_first(struct json object, const char *body,
	struct str with_comma, struct str alone);

/* Whether the name must change, and how: the value, or a first member. */
bool head_wants_other_model(
	const struct chat_head *head, struct str upstream_model);
struct splice_edit head_edit_model(const struct chat_head *head,
	struct str upstream_model, struct arena *arena);

/* dialect->splice_request where the model's name is all that changes. */
void head_splice_model(const struct chat_head *head, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out);
/* The same where the name stands in the address: nothing changes. */
void head_splice_nothing(const struct chat_head *head,
	struct str upstream_model, bool ask_usage, struct arena *arena,
	struct splice *out);

#endif
