/*
 * service_tokens.c - what stands for an image, a second, a character.
 */
#include "gateway/service_tokens.h"

#include "base/money.h"

/* An image that is made: 6240 at the highest quality and size,
 * https://platform.openai.com/docs/guides/image-generation */
#define MADE_IMAGE_TOKENS 6240
/* Of sound in files of usual size, 32 kbit a second. */
#define USUAL_SOUND_BYTES_PER_TOKEN 128
#define SOUND_TOKENS_PER_SECOND 32
/* A minute that gpt-4o-mini-tts speaks is 1250 tokens, by its two prices
 * (https://platform.openai.com/docs/pricing), and about 900 characters: 3
 * tokens for 2. Digits and slow speech take more. */
#define SPOKEN_TOKENS_MOST 8

static int64_t heard(const struct call *call);
static int64_t made(const struct call *call);
static int64_t spoken(const struct call *call);
static int64_t smaller(int64_t a, int64_t b);
static int64_t product(int64_t count, int64_t tokens);

int64_t service_tokens_most_sent(const struct call *call)
{
	int64_t bytes = call->service_input.file_bytes;

	if (bytes <= 0)
		return 0;
	switch (call->service->service) {
	case SERVICE_IMAGE_EDITS:
	case SERVICE_IMAGE_VARIATIONS: return smaller(bytes, READ_IMAGE_TOKENS);
	case SERVICE_TRANSCRIPTIONS:
	case SERVICE_TRANSLATIONS: return bytes / SOUND_BYTES_PER_TOKEN;
	default: return 0;
	}
}

int64_t service_tokens_most_answered(const struct call *call)
{
	int64_t characters = call->service_input.characters;

	if (characters > 0)
		return product(characters, SPOKEN_TOKENS_MOST);
	return product(service_images_asked(call), MADE_IMAGE_TOKENS);
}

int64_t service_images_asked(const struct call *call)
{
	int64_t images = call->service_input.image_count;

	return images > 0 ? images : 0;
}

void service_tokens_count(struct call *call)
{
	struct chat_usage *told = &call->facts.usage;

	call->images_made = made(call);
	call->tokens.completion +=
		product(call->images_made, MADE_IMAGE_TOKENS);
	switch (call->service->service) {
	case SERVICE_SPEECH:
		told->audio_completion = spoken(call);
		call->tokens.completion += told->audio_completion;
		break;
	case SERVICE_TRANSCRIPTIONS:
	case SERVICE_TRANSLATIONS:
		if (told->prompt >= 0)
			break;
		told->audio_prompt = heard(call);
		call->tokens.prompt += told->audio_prompt;
		break;
	default: break;
	}
}

static int64_t heard(const struct call *call)
{
	int64_t most = service_tokens_most_sent(call);
	int64_t ms = call->service_usage.audio_ms;

	if (ms >= 0)
		return smaller(
			(ms * SOUND_TOKENS_PER_SECOND + 999) / 1000, most);
	return smaller(
		call->service_input.file_bytes / USUAL_SOUND_BYTES_PER_TOKEN,
		most);
}

/* Of a client that left, nobody knows. */
static int64_t made(const struct call *call)
{
	int64_t asked = service_images_asked(call);
	int64_t images = call->service_usage.images;

	return images >= 0 ? smaller(images, asked) : asked;
}

static int64_t spoken(const struct call *call)
{
	int64_t characters = call->service_input.characters;

	return characters > 0 ? (3 * characters + 1) / 2 : 0;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Of none where the count is not known. */
static int64_t product(int64_t count, int64_t tokens)
{
	int64_t total = 0;

	if (count > 0)
		money_add(&total, count, tokens);
	return total;
}
