/*
 * image.h - what a picture costs as a part of a prompt, by OpenAI's published
 * rules: https://platform.openai.com/docs/guides/images-vision
 */
#ifndef TOKENS_IMAGE_H
#define TOKENS_IMAGE_H

#include "base/str.h"

/* The size in pixels, from the head of a PNG, JPEG, GIF or WebP in base64;
 * false: none of them, or cut short. */
bool image_size(struct str base64, int64_t *width, int64_t *height);

/* The tokens of a picture of that size; detail is "low", "high", "auto" or
 * "". Of a model that has no vision: those of one that has. */
int64_t image_tokens(
	struct str model, struct str detail, int64_t width, int64_t height);

#endif
