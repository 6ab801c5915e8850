/*
 * rerank.h - the one inner form of rerankings: a query and documents go out,
 * scores come back. Conventions as in chat.h.
 *
 * Three formats differ in a few words: Cohere's (v2), Voyage's, and the one
 * that Jina, OpenRouter and most others speak, called "openai" because its
 * route stands beside OpenAI's.
 */
#ifndef DIALECT_RERANK_H
#define DIALECT_RERANK_H

#include "dialect/dialect.h"

struct rerank_document {
	struct str text; /* absent: it is not one plain text */
	struct str json; /* as it came */
};

struct rerank_request {
	const struct rerank_format *format; /* whose words the extras are */
	struct str model;
	struct str query;
	struct rerank_document *documents;
	size_t document_count;
	int64_t top_n;
	enum chat_flag return_documents;
	int64_t max_tokens_per_doc; /* Cohere */
	enum chat_flag truncation;  /* Voyage */
	struct chat_extra extra;
};

struct rerank_result {
	int64_t index;       /* of the document */
	struct str score;    /* a number, as written */
	struct str document; /* json, as it came */
	struct chat_extra extra;
};

struct rerank_response {
	const struct rerank_format *format; /* whose words the extras are */
	struct str id;
	struct str model;
	struct rerank_result *results; /* best first, as they came */
	size_t count;
	int64_t total_tokens;
	int64_t search_units;
	struct str usage_json; /* as it came, for the same format */
	struct chat_extra extra;
};

extern const struct rerank_format openai_rerank;
extern const struct rerank_format cohere_rerank;
extern const struct rerank_format voyage_rerank;

/* ERR_MISSING_FIELD or ERR_BAD_FIELD with the path. */
MUST_USE bool rerank_read_request(const struct rerank_format *format,
	const struct chat_head *head, struct arena *arena,
	struct rerank_request *out, struct error *err);

/*
 * In the words of `to`, with the provider's name of the model. What it has no
 * words for is added to the losses; ERR_UNSUPPORTED with the path where the
 * scores would be wrong without. Documents are never asked back: the client
 * gets its own.
 */
MUST_USE bool rerank_write_request(const struct rerank_request *request,
	const struct rerank_format *to, struct chat_losses *losses,
	struct buf *out, struct error *err);

/* rerank_response.c. ERR_UPSTREAM_GARBAGE. */
MUST_USE bool rerank_read_response(const struct rerank_format *format,
	struct str body, struct arena *arena, struct rerank_response *out,
	struct error *err);
/* In the words of the format that `asked` came in. ERR_UPSTREAM_GARBAGE when
 * a result is of no document. */
MUST_USE bool rerank_write_response(const struct rerank_response *response,
	const struct rerank_request *asked, struct buf *out, struct error *err);

/* --- for rerank.c and rerank_response.c --- */

struct rerank_format {
	const char *name;
	/* Its words in requests; NULL: it has none. */
	const char *top_n;
	const char *return_documents;
	const char *max_tokens_per_doc;
	const char *truncation;
	/* In answers: */
	const char *results;
	bool has_id;
	bool has_cohere_meta;     /* tells usage as `meta` */
	bool documents_are_texts; /* gives "..." back, not {"text": "..."} */
};

#endif
