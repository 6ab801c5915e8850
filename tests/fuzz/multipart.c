/*
 * service/multipart.c - any bytes as a form: the first line is its content
 * type.
 *
 * Parts lie within the body, in order, and do not overlap. A form that is
 * accepted goes out with another model, reads the same but for that, and a
 * second time there is nothing to change.
 */
#include "dialect/service/multipart.h"
#include "dialect/service/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned walk(struct str type, struct str body);
static void try_form(struct str type, struct str body);
static void try_splice(const struct service_format *format,
	const struct chat_head *head, const struct service_input *input,
	struct arena *arena);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	size_t line = str_index(text, '\n');

	walk(str_head(text, line), str_from(text, line + 1));
	try_form(str_head(text, line), str_from(text, line + 1));
	return 0;
}

/* How many parts there are. */
static unsigned walk(struct str type, struct str body)
{
	struct error err = ERROR_INIT;
	struct multipart_part part;
	struct multipart form;
	size_t at = 0;
	unsigned parts = 0;

	if (!multipart_init(&form, type, body, &err)) {
		assert(error_http_status(&err) == 400);
		return 0;
	}
	for (; multipart_next(&form, &part, &err); parts++) {
		assert(part.name.n > 0);
		assert(part.value_at > at);
		assert(part.value.p == body.p + part.value_at);
		at = part.value_at + part.value.n;
		assert(at + form.delimiter_bytes <= body.n);
	}
	assert(form.done == (err.kind == ERR_NONE));
	assert(parts <= MULTIPART_MAX_PARTS);
	return parts;
}

static void try_form(struct str type, struct str body)
{
	static const enum service services[] = { SERVICE_TRANSCRIPTIONS,
		SERVICE_IMAGE_EDITS };

	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		const struct service_format *format =
			service_format_find(S("openai"), services[i]);
		struct error err = ERROR_INIT;
		struct service_input input;
		struct chat_head head;
		struct arena arena;

		arena_init(&arena, 4096);
		if (format->read_head(type, body, &arena, &head, &input, &err))
			try_splice(format, &head, &input, &arena);
		else
			assert(error_http_status(&err) == 400);
		arena_release(&arena);
	}
}

static void try_splice(const struct service_format *format,
	const struct chat_head *head, const struct service_input *input,
	struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct service_input input_again;
	struct chat_head again;
	struct splice splice;
	struct str joined;
	bool ok;

	format->splice_request(head, input, S("new"), false, arena, &splice);
	joined = splice_join(&splice, arena);
	ok = format->read_head(
		input->content_type, joined, arena, &again, &input_again, &err);
	/* A form may have had as many parts as it may have. */
	if (!ok && head->model_place.bytes == 0 &&
		walk(input->content_type, head->body) == MULTIPART_MAX_PARTS)
		return;
	assert(ok);
	assert(str_equal(again.model, S("new")));
	assert(again.stream == head->stream && again.n == head->n);
	assert(input_again.file_bytes == input->file_bytes);
	format->splice_request(
		&again, &input_again, S("new"), false, arena, &splice);
	assert(str_equal(splice_join(&splice, arena), joined));
}
