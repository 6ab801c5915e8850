/*
 * embed.h - the one inner form of embeddings, between any two formats.
 *
 * The conventions are those of chat.h: views, absent texts have p == NULL,
 * absent numbers are -1, what only one format knows stays in `extra`.
 *
 * Numbers are never computed anew: a list of them stays the text that the
 * provider wrote. Only base64 (of little-endian float32, OpenAI's) and lists
 * of floats are made of each other, when the client wants what the provider
 * does not give.
 */
#ifndef DIALECT_EMBED_H
#define DIALECT_EMBED_H

#include "dialect/dialect.h"
#include "dialect/service/service.h"
#include "dialect/shape.h"

/* How a vector is written. */
enum embed_type {
	EMBED_FLOAT,
	EMBED_BASE64, /* floats, as a string */
	EMBED_INT8,
	EMBED_UINT8,
	EMBED_BINARY,
	EMBED_UBINARY,
	EMBED_TYPES, /* how many */
};

#define EMBED_TYPE(type) (1U << (type))
/* Those that are made of each other here. */
#define EMBED_FLOATS (EMBED_TYPE(EMBED_FLOAT) | EMBED_TYPE(EMBED_BASE64))

/* What the vectors are for. */
enum embed_purpose {
	EMBED_PURPOSE_UNSET,
	EMBED_QUERY,
	EMBED_DOCUMENT,
	EMBED_CLASSIFICATION,
	EMBED_CLUSTERING,
	EMBED_SIMILARITY,
	EMBED_QUESTION,
	EMBED_FACT_CHECK,
	EMBED_CODE_QUERY,
	EMBED_PURPOSES, /* how many */
};

/* What becomes of a text that is too long. */
enum embed_truncate {
	EMBED_TRUNCATE_UNSET,
	EMBED_TRUNCATE_NONE, /* it is an error */
	EMBED_TRUNCATE_START,
	EMBED_TRUNCATE_END,
};

struct embed_input {
	struct str text;               /* absent: it is not one plain text */
	struct str json;               /* as it came */
	struct str title;              /* Gemini */
	struct chat_extra extra;       /* beside it */
	struct chat_extra inner_extra; /* in Gemini's embedContentConfig */
};

struct embed_request {
	const struct embed_format *format; /* whose words the extras are */
	struct str model;
	struct str member; /* that held the inputs: "input", "texts" */
	bool is_list;
	struct embed_input *inputs;
	size_t input_count;
	int64_t dimensions;
	unsigned types;      /* EMBED_TYPE() bits; 0: not said */
	bool packs_integers; /* base64 of int8: no other format has it */
	enum embed_purpose purpose;
	enum embed_truncate truncate;
	struct str user;
	/* As it was said, for the same format. */
	struct str dimensions_word; /* the member that held them */
	struct str encoding_word;
	struct str dtype_word;
	struct str types_json;
	bool has_config; /* Gemini's embedContentConfig held the rest */
	struct chat_extra extra;
};

struct embed_vector {
	struct str values[EMBED_TYPES]; /* json; absent: not given */
	struct chat_extra extra;
};

struct embed_response {
	const struct embed_format *format; /* whose words the extras are */
	struct str id;
	struct str model;
	struct embed_vector *vectors; /* in the order of the inputs */
	size_t count;
	int64_t prompt_tokens;
	struct str usage_json; /* as it came, for the same format */
	struct chat_extra extra;
};

enum embed_field {
	EMBED_FIELD_DIMENSIONS,
	EMBED_FIELD_TYPES,
	EMBED_FIELD_PURPOSE,
	EMBED_FIELD_TRUNCATE,
	EMBED_FIELD_USER,
	EMBED_FIELD_TITLE,
	EMBED_FIELDS, /* how many */
};

struct embed_format {
	const char *name;
	/* Its words for the fields; NULL: it has none. */
	const char *words[EMBED_FIELDS];
	const char *purposes[EMBED_PURPOSES]; /* NULL: it has no such word */
	bool takes_purpose;   /* false: the words are for reading alone */
	unsigned types;       /* that its providers can be asked for */
	bool has_many_types;  /* at once */
	bool truncates_start; /* can be told to */
	/* Members that must not be left out when they were not understood;
	 * ends with NULL. */
	const char *const *essential;

	MUST_USE bool (*read_request)(const struct chat_head *head,
		struct arena *arena, struct embed_request *out,
		struct error *err);
	/* The model's name is the provider's. Of foreign requests only what
	 * embed_losses_find() let pass. */
	void (*write_request)(
		const struct embed_request *request, struct buf *out);
	/* `sent` says which type a list of numbers has. */
	MUST_USE bool (*read_response)(struct str body, enum embed_type sent,
		struct arena *arena, struct embed_response *out,
		struct error *err);
	/* `asked` is the client's request: it may want its texts back. */
	void (*write_response)(const struct embed_response *response,
		const struct embed_request *asked, struct buf *out);
};

extern const struct embed_format openai_embed;
extern const struct embed_format voyage_embed;
extern const struct embed_format gemini_embed;
extern const struct embed_format cohere_embed;
extern const struct embed_format ollama_embed;

/* Everything absent. */
void embed_request_init(
	struct embed_request *request, const struct embed_format *format);
void embed_response_init(
	struct embed_response *response, const struct embed_format *format);

/* By its word in that format; EMBED_PURPOSE_UNSET when it has none such. */
enum embed_purpose embed_purpose_find(
	const struct embed_format *format, struct json word);

/* How to say the purpose in `to`, by its nearest word when it has none of its
 * own; NULL when there is not even that. */
const char *embed_purpose_word(
	const struct embed_request *request, const struct embed_format *to);

/* The types a client wants, and the one that a provider with one type at a
 * time is asked for. */
unsigned embed_types_wanted(const struct embed_request *request);
enum embed_type embed_type_sent(
	const struct embed_request *request, const struct embed_format *to);
/* "float", "int8"; EMBED_TYPES when there is none of that name. */
const char *embed_type_name(enum embed_type type);
enum embed_type embed_type_find(struct json name);

/*
 * What the request asks for and `to` cannot say. ERR_UNSUPPORTED with the path
 * in `param` when it must not go out: inputs that are not text, vectors of a
 * type that the provider does not have.
 */
MUST_USE bool embed_losses_find(const struct embed_request *request,
	const struct embed_format *to, struct chat_losses *out,
	struct error *err);

/* One vector for each input, in every type that was asked for.
 * ERR_UPSTREAM_GARBAGE when that cannot be had. */
MUST_USE bool embed_response_fit(struct embed_response *response,
	const struct embed_request *asked, struct arena *arena,
	struct error *err);

/* --- part.c: pieces that formats share --- */

/* Inputs of a string, a list of strings, or OpenAI's lists of token ids: a
 * flat one is one input. */
MUST_USE bool embed_read_inputs(struct json value, const char *member,
	struct arena *arena, struct embed_request *out, struct error *err);
/* Inputs of a list alone. ERR_BAD_FIELD when it is empty. */
MUST_USE bool embed_read_list(struct json value, const char *member,
	struct arena *arena, struct embed_request *out, struct error *err);
/* The same, written: a string or a list, in own words the items as they
 * came. */
void embed_write_inputs(const struct embed_request *request, bool own_words,
	struct json_writer *w);
/* A list of vectors of one type. ERR_UPSTREAM_GARBAGE. */
MUST_USE bool embed_read_vectors(struct json list, enum embed_type type,
	struct arena *arena, struct embed_response *out, struct error *err);
/* One vector: a list of numbers, or base64 when that was asked for. */
MUST_USE bool embed_read_vector(struct json value, enum embed_type type,
	struct embed_vector *out, struct error *err);

/* Rows of shape.h that formats share; `into` is an embed_request. */
bool embed_read_nothing(struct json value, void *into, struct arena *arena);
bool embed_read_encoding(struct json value, void *into, struct arena *arena);
bool embed_read_dtype(struct json value, void *into, struct arena *arena);
/* true and false, of Voyage and Ollama */
bool embed_read_truncate(struct json value, void *into, struct arena *arena);
void embed_write_truncate(const char *name, const struct embed_request *request,
	const struct shape_out *out);
/* encoding_format and output_dtype together are the type. */
void embed_settle_types(struct embed_request *request);

/* vector.c: a JSON list of numbers <-> a JSON string of base64. False:
 * it is no such thing, or has numbers that the other cannot hold. */
MUST_USE bool embed_vector_to_base64(
	struct json list, struct arena *arena, struct str *out);
MUST_USE bool embed_vector_to_floats(
	struct json base64, struct arena *arena, struct str *out);

/* "models/x", unless the name says what it is of. */
void gemini_embed_write_model(struct str model, struct buf *out);

#endif
