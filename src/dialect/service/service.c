/*
 * service.c - the table of services and their formats.
 */
#include "dialect/service/head.h"

#include "dialect/embed/embed.h"
#include "dialect/service/rerank.h"

static void write_gemini_path(
	struct str model, const struct service_input *input, struct buf *out);
static void write_ollama_path(
	struct str model, const struct service_input *input, struct buf *out);

static const struct service_format formats[] = {
	{
		.service = SERVICE_COMPLETIONS,
		.name = "openai",
		.path = "/completions",
		.read_head = service_read_completions,
		.splice_request = service_splice_completions,
		.read_reply = service_read_completion,
		.read_frame = service_read_completion_frame,
	},
	{
		.service = SERVICE_EMBEDDINGS,
		.name = "openai",
		.path = "/embeddings",
		.read_head = openai_embed_read_head,
		.splice_request = service_splice_model,
		.read_reply = service_read_reply,
		.embed = &openai_embed,
	},
	{
		.service = SERVICE_EMBEDDINGS,
		.name = "gemini",
		.write_path = write_gemini_path,
		.read_head = gemini_embed_read_head,
		.splice_request = gemini_embed_splice_request,
		.read_reply = service_read_reply,
		.embed = &gemini_embed,
	},
	{
		.service = SERVICE_EMBEDDINGS,
		.name = "cohere",
		.path = "/embed",
		.read_head = cohere_embed_read_head,
		.splice_request = service_splice_model,
		.read_reply = service_read_reply,
		.embed = &cohere_embed,
	},
	{
		.service = SERVICE_EMBEDDINGS,
		.name = "ollama",
		.write_path = write_ollama_path,
		.read_head = ollama_embed_read_head,
		.splice_request = service_splice_model,
		.read_reply = service_read_reply,
		.embed = &ollama_embed,
	},
	{
		.service = SERVICE_EMBEDDINGS,
		.name = "voyage",
		.path = "/embeddings",
		.read_head = openai_embed_read_head,
		.splice_request = service_splice_model,
		.read_reply = service_read_reply,
		.embed = &voyage_embed,
	},
	{
		.service = SERVICE_RERANK,
		.name = "openai",
		.path = "/rerank",
		.read_head = rerank_read_head,
		.splice_request = service_splice_model,
		.read_reply = service_read_reply,
		.rerank = &openai_rerank,
	},
	{
		.service = SERVICE_RERANK,
		.name = "cohere",
		.path = "/rerank",
		.read_head = rerank_read_head,
		.splice_request = service_splice_model,
		.read_reply = service_read_reply,
		.rerank = &cohere_rerank,
	},
	{
		.service = SERVICE_RERANK,
		.name = "voyage",
		.path = "/rerank",
		.read_head = rerank_read_head,
		.splice_request = service_splice_model,
		.read_reply = service_read_reply,
		.rerank = &voyage_rerank,
	},
	{
		.service = SERVICE_MODERATIONS,
		.name = "openai",
		.path = "/moderations",
		.read_head = service_read_moderations,
		.splice_request = service_splice_model,
		.read_reply = service_read_reply,
	},
	{
		.service = SERVICE_IMAGES,
		.name = "openai",
		.path = "/images/generations",
		.read_head = service_read_images,
		.splice_request = service_splice_form,
		.read_reply = service_read_media,
		.read_frame = service_read_media_frame,
	},
	{
		.service = SERVICE_IMAGE_EDITS,
		.name = "openai",
		.path = "/images/edits",
		.read_head = service_read_images,
		.splice_request = service_splice_form,
		.read_reply = service_read_media,
		.read_frame = service_read_media_frame,
	},
	{
		.service = SERVICE_IMAGE_VARIATIONS,
		.name = "openai",
		.path = "/images/variations",
		.read_head = service_read_images,
		.splice_request = service_splice_form,
		.read_reply = service_read_media,
	},
	{
		.service = SERVICE_SPEECH,
		.name = "openai",
		.path = "/audio/speech",
		.read_head = service_read_speech,
		.splice_request = service_splice_model,
		.read_reply = service_read_media,
		.read_frame = service_read_media_frame,
	},
	{
		.service = SERVICE_TRANSCRIPTIONS,
		.name = "openai",
		.path = "/audio/transcriptions",
		.read_head = service_read_transcriptions,
		.splice_request = service_splice_form,
		.read_reply = service_read_media,
		.read_frame = service_read_media_frame,
	},
	{
		.service = SERVICE_TRANSLATIONS,
		.name = "openai",
		.path = "/audio/translations",
		.read_head = service_read_transcriptions,
		.splice_request = service_splice_form,
		.read_reply = service_read_media,
	},
};

/* Which formats the providers of a chat dialect speak besides. */
static const struct {
	struct str dialect;
	struct str format;
} speakers[] = {
	{ STR("openai_chat"), STR("openai") },
	{ STR("openai_responses"), STR("openai") },
	{ STR("gemini"), STR("gemini") },
	{ STR("cohere"), STR("cohere") },
	{ STR("ollama"), STR("ollama") },
	{ STR("voyage"), STR("voyage") },
};

static const char *const names[SERVICES] = {
	[SERVICE_CHAT] = "chat",
	[SERVICE_COMPLETIONS] = "completions",
	[SERVICE_EMBEDDINGS] = "embeddings",
	[SERVICE_MODERATIONS] = "moderations",
	[SERVICE_RERANK] = "rerankings",
	[SERVICE_IMAGES] = "images",
	[SERVICE_IMAGE_EDITS] = "image edits",
	[SERVICE_IMAGE_VARIATIONS] = "image variations",
	[SERVICE_SPEECH] = "speech",
	[SERVICE_TRANSCRIPTIONS] = "transcriptions",
	[SERVICE_TRANSLATIONS] = "translations",
};

const struct service_format *service_format_find(
	struct str format, enum service service)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (formats[i].service == service &&
			str_equal(format, str_of(formats[i].name)))
			return &formats[i];
	return NULL;
}

const struct service_format *service_find(
	struct str provider_dialect, enum service service)
{
	for (size_t i = 0; i < ARRAY_LEN(speakers); i++)
		if (str_equal(provider_dialect, speakers[i].dialect))
			return service_format_find(speakers[i].format, service);
	return NULL;
}

const char *service_name(enum service service)
{
	assert(service < SERVICES);
	return names[service];
}

void service_check_table(void)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct service_format *f = &formats[i];

		assert(f->service > SERVICE_CHAT && f->service < SERVICES);
		assert((f->path != NULL) != (f->write_path != NULL));
		assert(f->read_head && f->splice_request && f->read_reply);
		assert((f->service == SERVICE_EMBEDDINGS) ==
			(f->embed != NULL));
		assert((f->service == SERVICE_RERANK) == (f->rerank != NULL));
		assert(f == service_format_find(str_of(f->name), f->service));
	}
	for (int i = 0; i < SERVICES; i++)
		assert(names[i]);
}

/* As the body is: several requests, or one. */
static void write_gemini_path(
	struct str model, const struct service_input *input, struct buf *out)
{
	struct buf name = BUF_INIT(model.n + 16);

	gemini_embed_write_model(model, &name);
	buf_append_char(out, '/');
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (isalnum(c) || strchr("-._~/", c))
			buf_append_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
	buf_append(out,
		input->is_list ? S(":batchEmbedContents") : S(":embedContent"));
	buf_release(&name);
}

/* Only the older address knows `prompt`. */
static void write_ollama_path(
	struct str model, const struct service_input *input, struct buf *out)
{
	(void)model;
	buf_append(out, str_equal(input->member, S("prompt"))
				? S("/api/embeddings")
				: S("/api/embed"));
}
