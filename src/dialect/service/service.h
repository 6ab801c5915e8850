/*
 * service.h - what is asked for besides a chat: embeddings, rerankings, legacy
 * completions, moderations, images, speech, transcriptions.
 *
 * A service has one or more wire formats; a row of functions per pair says how
 * the gateway reads and meters it. Where the client's format is the provider's
 * the bytes go through with only the model's name spliced; embeddings and
 * rerankings are translated between formats, too. The gateway does not see
 * which of the two it was:
 *
 *	client = service_format_find(S("openai"), SERVICE_EMBEDDINGS);
 *	client->read_head(content_type, body, arena, &head, &input, &err);
 *	... choose a model and its provider ...
 *	provider = service_find(S("gemini"), SERVICE_EMBEDDINGS);
 *	service_call_make(&call, client, provider, &head, &input, model, ...);
 *	... send call.body to base URL + call.path, get a reply ...
 *	provider->read_reply(type, reply, &input, arena, &facts, &usage, &err);
 *	service_call_answer(&call, reply, request_id, arena, &answer, &err);
 *
 * A stream is always passed through: provider->read_frame() meters it. Errors
 * are told in the client's chat dialect, and read by failure.h.
 */
#ifndef DIALECT_SERVICE_H
#define DIALECT_SERVICE_H

#include "dialect/dialect.h"

enum service {
	SERVICE_CHAT, /* dialect.h's matter: it has no rows here */
	SERVICE_COMPLETIONS,
	SERVICE_EMBEDDINGS,
	SERVICE_MODERATIONS,
	SERVICE_RERANK,
	SERVICE_IMAGES,
	SERVICE_IMAGE_EDITS,
	SERVICE_IMAGE_VARIATIONS,
	SERVICE_SPEECH,
	SERVICE_TRANSCRIPTIONS,
	SERVICE_TRANSLATIONS, /* of speech, into English text */
	SERVICES,             /* how many */
};

/* What the gateway must know of a request beside its chat_head. A text is
 * empty, a count -1, where the service has no such thing. */
struct service_input {
	struct str content_type; /* of the body, as it came */
	struct str member;   /* that holds what is worked on: "input", "file" */
	bool is_list;        /* and it is a list, maybe of one */
	bool wants_base64;   /* embeddings: the client expects base64 alone */
	int64_t item_count;  /* texts to embed or moderate, documents */
	int64_t image_count; /* asked for; 1 when not said */
	int64_t characters;  /* of the text to be spoken */
	int64_t file_bytes;  /* of all files in a form */
	struct str response_format; /* "url", "mp3", "verbose_json" */
	struct str language;        /* of the speech: "en" */
};

/* What is billed besides tokens; -1: not known. */
struct service_usage {
	int64_t images;
	int64_t characters;
	int64_t audio_ms; /* heard */
	int64_t search_units;
};

struct embed_format;
struct rerank_format;

struct service_format {
	enum service service;
	const char *name; /* of the format: "openai", "gemini", "cohere" */
	/* What comes behind the base URL: one or the other. */
	const char *path;
	void (*write_path)(struct str model, const struct service_input *input,
		struct buf *out);

	/*
	 * Check a request's whole body (JSON, or a form where the service
	 * takes files) and find what matters. Token ids count as four bytes
	 * each in head->prompt_bytes. Where the model stands in the address,
	 * the caller sets head->model. Errors as in dialect.h, and
	 * ERR_CONTENT_TYPE.
	 */
	MUST_USE bool (*read_head)(struct str content_type, struct str body,
		struct arena *arena, struct chat_head *out,
		struct service_input *input, struct error *err);

	/* The client's bytes with the provider's name of the model. With
	 * ask_usage, a stream of completions tells its usage. */
	void (*splice_request)(const struct chat_head *head,
		const struct service_input *input, struct str upstream_model,
		bool ask_usage, struct arena *arena, struct splice *out);

	/*
	 * Read a whole answer for tokens and other units. Bytes that are not
	 * JSON (sound, subtitles) are as good as any where the service may
	 * answer with them; else ERR_UPSTREAM_GARBAGE. `input` is the
	 * client's: what only the request tells is taken from there.
	 */
	MUST_USE bool (*read_reply)(struct str content_type, struct str body,
		const struct service_input *input, struct arena *arena,
		struct chat_facts *facts, struct service_usage *usage,
		struct error *err);
	/* One event of a stream; NULL: the service has none. */
	MUST_USE bool (*read_frame)(const struct frame *frame,
		struct chat_facts *facts, struct service_usage *usage,
		struct arena *scratch, struct error *err);

	/* To other formats and back; NULL: this service passes through. */
	const struct embed_format *embed;
	const struct rerank_format *rerank;
};

/* The format's row; NULL when there is none. */
const struct service_format *service_format_find(
	struct str format, enum service service);

/* The row that providers of that chat dialect speak; NULL when they do not
 * have the service. "voyage" has embeddings and rerankings, and no chat. */
const struct service_format *service_find(
	struct str provider_dialect, enum service service);

/* For messages: "embeddings", "image edits". */
const char *service_name(enum service service);

void service_usage_init(struct service_usage *usage);

struct embed_request;
struct rerank_request;
struct chat_losses;

/* One attempt: what goes to the provider, and what the way back needs. Lives
 * in the arena it was made in, with views of the head's body. */
struct service_call {
	const struct service_format *client;
	const struct service_format *provider;
	const struct service_input *input;
	struct str path; /* behind the base URL */
	struct str content_type;
	struct splice body;
	/* What was asked, where the answer must be translated; else NULL. */
	const struct embed_request *embed;
	const struct rerank_request *rerank;
	size_t request_bytes;
};

/*
 * Splice or translate a request. What the provider's format cannot say is
 * added to the losses (NULL will do where the formats are the same).
 * ERR_UNSUPPORTED, ERR_BAD_FIELD or ERR_MISSING_FIELD with the path in
 * `param`: it must not go out. `input` and the head's body must outlive the
 * call.
 */
MUST_USE bool service_call_make(struct service_call *out,
	const struct service_format *client,
	const struct service_format *provider, const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct chat_losses *losses,
	struct error *err);

/*
 * The whole answer for the client. Its views look into the reply or live in
 * the arena. request_id stands in for an id that the client's format has and
 * the provider left out. ERR_UPSTREAM_GARBAGE, ERR_UPSTREAM_TOO_LARGE: it
 * cannot be translated.
 *
 * Where a client of the provider's own format asked for base64 and gets lists
 * of numbers, they are made base64: OpenAI's SDK for Node asks for it by
 * itself and decodes what it gets, and some compatible servers do not know it.
 */
MUST_USE bool service_call_answer(const struct service_call *call,
	struct str reply, struct str request_id, struct arena *arena,
	struct splice *out, struct error *err);

/* Every row has what its service needs; asserted once at start. */
void service_check_table(void);

#endif
