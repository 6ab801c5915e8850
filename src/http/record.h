/*
 * record.h - FastCGI records as they travel.
 * Source: FastCGI Specification 1.0, section 3.3 and 8.
 */
#ifndef HTTP_RECORD_H
#define HTTP_RECORD_H

#include "base/base.h"

#define RECORD_HEAD_BYTES 8
#define RECORD_MAX_CONTENT 65528 /* a multiple of 8: no padding needed */

enum record_type {
	RECORD_BEGIN_REQUEST = 1,
	RECORD_ABORT_REQUEST = 2,
	RECORD_END_REQUEST = 3,
	RECORD_PARAMS = 4,
	RECORD_STDIN = 5,
	RECORD_STDOUT = 6,
};

struct record_head {
	uint8_t version;
	uint8_t type;
	uint8_t id_high, id_low;
	uint8_t length_high, length_low;
	uint8_t padding;
	uint8_t reserved;
};

static inline size_t record_length(const struct record_head *head)
{
	return (size_t)head->length_high << 8 | head->length_low;
}

static inline int record_id(const struct record_head *head)
{
	return head->id_high << 8 | head->id_low;
}

static inline struct record_head record_make(
	enum record_type type, int id, size_t length)
{
	assert(length <= RECORD_MAX_CONTENT);
	return (struct record_head){
		.version = 1,
		.type = (uint8_t)type,
		.id_high = (uint8_t)(id >> 8),
		.id_low = (uint8_t)id,
		.length_high = (uint8_t)(length >> 8),
		.length_low = (uint8_t)length,
	};
}

#endif
