/*
 * media.h - images, sounds and files inside a conversation.
 */
#ifndef DIALECT_MEDIA_H
#define DIALECT_MEDIA_H

#include "dialect/chat.h"

/* Of "data:image/png;base64,iVBOR..." in part->url, set data and media_type
 * beside it; any other URL changes nothing. */
void media_split_data_url(struct chat_part *part);

/* Append "data:image/png;base64,iVBOR..."; `otherwise` is the type of a part
 * that does not name its own. */
void media_append_data_url(
	const struct chat_part *part, const char *otherwise, struct buf *out);

/* Append base64 in the usual alphabet and padded; Gemini's clients may send
 * the URL's, and leave the padding out. */
void media_append_base64(struct str data, struct buf *out);
/* The same as a JSON string. */
void media_write_base64(struct str data, struct json_writer *w);

/* The type that a file's name or a URL's path ends in: "image/jpeg" of
 * "cat.JPG"; absent when it is not a known one. */
struct str media_type_of_name(struct str name);

/* "file.pdf" of "application/pdf", for those that insist on a name; "file"
 * when the type is not a known one. */
void media_append_file_name(struct str media_type, struct buf *out);

/* Is it base64, padded or not, in the usual or the URL's alphabet? */
bool media_is_base64(struct str text);

#endif
