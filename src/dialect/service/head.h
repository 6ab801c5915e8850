/*
 * head.h - what the readers of services' requests share, on top of
 * head.h: the texts that are worked on are counted, whatever holds them.
 */
#ifndef DIALECT_SERVICE_HEAD_H
#define DIALECT_SERVICE_HEAD_H

#include "dialect/head.h"
#include "dialect/service/service.h"

/* What a reader in a table of head.h gets: its head_reader is the first
 * member of this one. */
struct service_reader {
	struct head_reader head;
	struct service_input *input;
};

struct service_input *service_reader_input(struct head_reader *r);

/* Nothing known but the type. */
void service_input_init(struct service_input *input, struct str content_type);

/* Read a JSON body by the table. ERR_CONTENT_TYPE when it is something else;
 * no type at all means JSON, too. */
MUST_USE bool service_read_json(struct str content_type, struct str body,
	struct arena *arena, const struct head_field *fields, size_t count,
	struct chat_head *out, struct service_input *input, struct error *err);

/* The media type alone, without parameters. */
struct str service_media_type(struct str content_type);
bool service_is_json(struct str content_type);

/* Readers for tables. The texts: a string, or a list of strings, of token
 * ids or of objects with texts in them. */
bool service_read_texts(struct head_reader *r, struct json value);
/* A text that is counted, but is not what is worked on. */
bool service_read_text(struct head_reader *r, struct json value);
bool service_read_user(struct head_reader *r, struct json value);
bool service_read_response_format(struct head_reader *r, struct json value);
bool service_read_n(struct head_reader *r, struct json value);

/* Count the strings within a value, and its numbers as token ids. */
void service_count(struct chat_head *head, struct json value);

/* service_format->splice_request where the model is a member of the body, and
 * where it stands in the address. */
void service_splice_model(const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out);

/* embed/head.c: the heads of embedding requests, by format */
bool openai_embed_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err); /* Voyage's, too */
bool cohere_embed_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err);
bool ollama_embed_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err);
bool gemini_embed_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err);
void gemini_embed_splice_request(const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out);

/* rerank.c */
bool rerank_read_head(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err);

/* openai.c: the heads of what only OpenAI's format has */
bool service_read_completions(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err);
bool service_read_moderations(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err);
bool service_read_speech(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err);
/* JSON or a form. */
bool service_read_images(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err);
bool service_read_transcriptions(struct str content_type, struct str body,
	struct arena *arena, struct chat_head *out, struct service_input *input,
	struct error *err);
void service_splice_completions(const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out);

/* form.c: a body that is a form, of any service */
MUST_USE bool service_read_form(struct str content_type, struct str body,
	struct chat_head *out, struct service_input *input, struct error *err);
/* JSON or a form. */
void service_splice_form(const struct chat_head *head,
	const struct service_input *input, struct str upstream_model,
	bool ask_usage, struct arena *arena, struct splice *out);

/* reply.c: what answers tell. Two for translators: the tokens of the
 * prompt, and what rerankers bill; -1: they do not tell. */
int64_t service_read_prompt_tokens(struct json root);
void service_read_units(
	struct json root, int64_t *tokens, int64_t *search_units);
bool service_read_reply(struct str content_type, struct str body,
	const struct service_input *input, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage,
	struct error *err);
bool service_read_completion(struct str content_type, struct str body,
	const struct service_input *input, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage,
	struct error *err);
/* Whatever is no JSON is sound or subtitles. */
bool service_read_media(struct str content_type, struct str body,
	const struct service_input *input, struct arena *arena,
	struct chat_facts *facts, struct service_usage *usage,
	struct error *err);
bool service_read_completion_frame(const struct frame *frame,
	struct chat_facts *facts, struct service_usage *usage,
	struct arena *scratch, struct error *err);
bool service_read_media_frame(const struct frame *frame,
	struct chat_facts *facts, struct service_usage *usage,
	struct arena *scratch, struct error *err);

#endif
