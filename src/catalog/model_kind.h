/*
 * model_kind.h - what a model is for and what it can do: kinds, modalities
 * and capabilities, and their names in the tables and on the command line.
 */
#ifndef CATALOG_MODEL_KIND_H
#define CATALOG_MODEL_KIND_H

#include "base/error.h"
#include "base/json.h"

enum model_kind {
	MODEL_CHAT,
	MODEL_COMPLETION,
	MODEL_EMBEDDING,
	MODEL_MODERATION,
	MODEL_RERANK,
	MODEL_IMAGE,
	MODEL_AUDIO,
	MODEL_KINDS /* how many */
};

/* Modalities: flags. */
enum {
	MODALITY_TEXT = 1 << 0,
	MODALITY_IMAGE = 1 << 1,
	MODALITY_AUDIO = 1 << 2,
	MODALITY_VIDEO = 1 << 3,
	MODALITY_FILE = 1 << 4,
};

/* Capabilities: flags. */
enum {
	MODEL_CAN_TOOLS = 1 << 0,
	MODEL_CAN_PARALLEL_TOOLS = 1 << 1,
	MODEL_CAN_JSON_SCHEMA = 1 << 2,
	MODEL_CAN_REASON = 1 << 3,
	MODEL_CAN_STREAM = 1 << 4,
};

struct flag_name {
	struct str name;
	unsigned flag;
};

/* "text", "image", "audio", "video", "file"; an empty name ends each. */
extern const struct flag_name modality_names[];
/* "tools", "parallel_tools", "json_schema", "reasoning", "streaming". */
extern const struct flag_name capability_names[];

const char *model_kind_name(enum model_kind kind);
/* ERR_BAD_FIELD names those there are. */
MUST_USE bool model_kind_read(
	struct str name, enum model_kind *out, struct error *err);

/* The flag of that name; 0: there is none. */
unsigned flag_find(const struct flag_name *table, struct str name);
/* "text,image" as flags. ERR_BAD_FIELD names the word that is not known, as
 * a value of `param`, and those there are. */
MUST_USE bool flags_read(const struct flag_name *table, const char *param,
	struct str list, unsigned *out, struct error *err);
/* Of a JSON array of names, words that are not known passed over. */
unsigned flags_read_json(const struct flag_name *table, struct json list);
void flags_write_json(
	const struct flag_name *table, unsigned flags, struct json_writer *w);

#endif
