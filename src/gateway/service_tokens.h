/*
 * service_tokens.h - images, sound and speech in tokens. Providers that bill
 * them by the piece, the second or the character tell no tokens; but limits and
 * prices know nothing else, and uncounted such calls would be all but free.
 */
#ifndef GATEWAY_SERVICE_TOKENS_H
#define GATEWAY_SERVICE_TOKENS_H

#include "gateway/call.h"

/* The dearest image that is read: 8 tiles of 5667 and 2833, which gpt-4o-mini
 * counts; https://platform.openai.com/docs/guides/images-vision */
#define READ_IMAGE_TOKENS 48169
/* Of sound that is heard: 32 tokens a second is the most that is counted
 * (Gemini's), 8 kbit a second the least that speech is written in. */
#define SOUND_BYTES_PER_TOKEN 32

/* How many images a call for a service asks for; 0: it is for none. */
int64_t service_images_asked(const struct call *call);
/* The most that the files of a call for a service can be. */
int64_t service_tokens_most_sent(const struct call *call);
/* The most that its answer can be besides text; 0: it is nothing else. */
int64_t service_tokens_most_answered(const struct call *call);
/*
 * Add to the call's tokens what its files and its answer are, where its
 * provider did not tell: by what the answer says of them, else by the request.
 * An estimate, and no more than the above. Images are counted as such, too.
 */
void service_tokens_count(struct call *call);

#endif
