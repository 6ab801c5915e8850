/*
 * image.c - sizes from the heads of picture files, and the two ways of
 * counting: by tiles of 512 pixels, or by patches of 32.
 */
#include "tokens/image.h"

/* A JPEG may have other things before its size; then it is unknown. */
#define MAX_HEAD_BYTES 262144
#define TILE 512
#define LONG_SIDE 2048
#define SHORT_SIDE 768
#define PATCH 32
#define MAX_PATCHES 1536

/* How a model counts: with patches, a picture has as many tokens as patches,
 * times percent; else `base`, and `tile` for each tile. */
struct image_rule {
	struct str prefix;
	int64_t base;
	int64_t tile;
	int64_t patch_percent; /* 0: by tiles */
};

/* A longer name before a shorter one. */
static const struct image_rule rules[] = {
	{ STR("gpt-5-mini"), 0, 0, 162 },
	{ STR("gpt-5-nano"), 0, 0, 246 },
	{ STR("gpt-4.1-mini"), 0, 0, 162 },
	{ STR("gpt-4.1-nano"), 0, 0, 246 },
	{ STR("o4-mini"), 0, 0, 172 },
	{ STR("gpt-4o-mini"), 2833, 5667, 0 },
	{ STR("gpt-5"), 70, 140, 0 },
	{ STR("computer-use-preview"), 65, 129, 0 },
	{ STR("o1"), 75, 150, 0 },
	{ STR("o3"), 75, 150, 0 },
	{ STR(""), 85, 170, 0 },
};

struct head {
	struct str base64;
	size_t size;
};

static unsigned byte_at(const struct head *head, size_t at);
static unsigned sextet(char c);
static int64_t number_at(
	const struct head *head, size_t at, unsigned bytes, bool little);
static bool has_bytes(const struct head *head, size_t at, const char *text);
static bool png_size(const struct head *head, int64_t *width, int64_t *height);
static bool gif_size(const struct head *head, int64_t *width, int64_t *height);
static bool jpeg_size(const struct head *head, int64_t *width, int64_t *height);
static bool webp_size(const struct head *head, int64_t *width, int64_t *height);
static int64_t tiles(int64_t width, int64_t height);
static int64_t patches(int64_t width, int64_t height);
static int64_t rounded_up(int64_t amount, int64_t unit);

bool image_size(struct str base64, int64_t *width, int64_t *height)
{
	struct head head = { base64, base64.n / 4 * 3 };

	if (head.size > MAX_HEAD_BYTES)
		head.size = MAX_HEAD_BYTES;
	return (png_size(&head, width, height) ||
		       gif_size(&head, width, height) ||
		       jpeg_size(&head, width, height) ||
		       webp_size(&head, width, height)) &&
	       *width > 0 && *height > 0;
}

/* Decoded where it is looked at; what is beyond, or no base64, is 0. */
static unsigned byte_at(const struct head *head, size_t at)
{
	const char *group = head->base64.p + at / 3 * 4;

	if (at >= head->size)
		return 0;
	switch (at % 3) {
	case 0: return (sextet(group[0]) << 2 | sextet(group[1]) >> 4) & 255;
	case 1: return (sextet(group[1]) << 4 | sextet(group[2]) >> 2) & 255;
	default: return (sextet(group[2]) << 6 | sextet(group[3])) & 255;
	}
}

static unsigned sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : 0;
}

static int64_t number_at(
	const struct head *head, size_t at, unsigned bytes, bool little)
{
	int64_t number = 0;

	for (unsigned i = 0; i < bytes; i++)
		number = number << 8 |
			 byte_at(head, little ? at + bytes - 1 - i : at + i);
	return number;
}

static bool has_bytes(const struct head *head, size_t at, const char *text)
{
	for (size_t i = 0; text[i]; i++)
		if (byte_at(head, at + i) != (unsigned char)text[i])
			return false;
	return true;
}

static bool png_size(const struct head *head, int64_t *width, int64_t *height)
{
	if (!has_bytes(head, 0, "\x89PNG") || !has_bytes(head, 12, "IHDR"))
		return false;
	*width = number_at(head, 16, 4, false);
	*height = number_at(head, 20, 4, false);
	return true;
}

static bool gif_size(const struct head *head, int64_t *width, int64_t *height)
{
	if (!has_bytes(head, 0, "GIF8"))
		return false;
	*width = number_at(head, 6, 2, true);
	*height = number_at(head, 8, 2, true);
	return true;
}

/* Segment by segment up to the one that begins a frame. */
static bool jpeg_size(const struct head *head, int64_t *width, int64_t *height)
{
	size_t at = 2;

	if (!has_bytes(head, 0, "\xff\xd8"))
		return false;
	while (at + 9 < head->size && byte_at(head, at) == 0xff) {
		unsigned kind = byte_at(head, at + 1);

		if (kind >= 0xc0 && kind <= 0xcf && kind != 0xc4 &&
			kind != 0xc8 && kind != 0xcc) {
			*height = number_at(head, at + 5, 2, false);
			*width = number_at(head, at + 7, 2, false);
			return true;
		}
		at += kind == 0xff
			      ? 1
			      : 2 + (size_t)number_at(head, at + 2, 2, false);
	}
	return false;
}

static bool webp_size(const struct head *head, int64_t *width, int64_t *height)
{
	if (!has_bytes(head, 0, "RIFF") || !has_bytes(head, 8, "WEBPVP8"))
		return false;
	switch (byte_at(head, 15)) {
	case ' ':
		*width = number_at(head, 26, 2, true) & 0x3fff;
		*height = number_at(head, 28, 2, true) & 0x3fff;
		return true;
	case 'L':
		*width = (number_at(head, 21, 4, true) & 0x3fff) + 1;
		*height = (number_at(head, 21, 4, true) >> 14 & 0x3fff) + 1;
		return true;
	case 'X':
		*width = number_at(head, 24, 3, true) + 1;
		*height = number_at(head, 27, 3, true) + 1;
		return true;
	default: return false;
	}
}

int64_t image_tokens(
	struct str model, struct str detail, int64_t width, int64_t height)
{
	const struct image_rule *rule = rules;

	while (!str_starts(model, rule->prefix))
		rule++;
	if (rule->patch_percent > 0)
		return rounded_up(
			patches(width, height) * rule->patch_percent, 100);
	if (str_equal(detail, S("low")))
		return rule->base;
	return rule->base + rule->tile * tiles(width, height);
}

/* Made to fit a square of 2048, then to a shortest side of 768. */
static int64_t tiles(int64_t width, int64_t height)
{
	double scale = 1, longest, shortest;

	longest = (double)(width > height ? width : height);
	shortest = (double)(width > height ? height : width);
	if (longest > LONG_SIDE)
		scale = LONG_SIDE / longest;
	if (shortest * scale > SHORT_SIDE)
		scale = SHORT_SIDE / shortest;
	return rounded_up((int64_t)((double)width * scale + 0.5), TILE) *
	       rounded_up((int64_t)((double)height * scale + 0.5), TILE);
}

/* As many as cover it; a picture with too many is made smaller. */
static int64_t patches(int64_t width, int64_t height)
{
	double columns = (double)width / PATCH, rows = (double)height / PATCH;

	if (columns * rows > (double)MAX_PATCHES * MAX_PATCHES)
		return MAX_PATCHES;
	if (rounded_up(width, PATCH) * rounded_up(height, PATCH) <= MAX_PATCHES)
		return rounded_up(width, PATCH) * rounded_up(height, PATCH);
	/* By steps of a patch: at most 1536 of them are looked at. */
	for (int64_t across = MAX_PATCHES; across > 0; across--) {
		double height_then = rows * (double)across / columns;
		int64_t down = (int64_t)height_then;

		if ((double)down < height_then)
			down++;
		if (across <= rounded_up(width, PATCH) &&
			across * down <= MAX_PATCHES)
			return across * down;
	}
	return MAX_PATCHES;
}

static int64_t rounded_up(int64_t amount, int64_t unit)
{
	return (amount + unit - 1) / unit;
}
