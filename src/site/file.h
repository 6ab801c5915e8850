/*
 * file.h - the dashboard's scripts, styles and pictures under /_/.
 *
 * The web server sends them itself where it is set up so (nginx/, apache/);
 * this is for where it is not. All are read at the start: there are few.
 * Pages of other origins may load one of them, the component for fields of
 * text (static/js/ai-text-enhancer.umd.js).
 */
#ifndef SITE_FILE_H
#define SITE_FILE_H

#include "base/arena.h"
#include "base/error.h"
#include "http/exchange.h"

struct site_files;

/* FOLDER/public/_. ERR_CONFIG. */
MUST_USE bool site_files_open(
	const char *folder, struct site_files **out, struct error *err);
/* Safe with NULL. */
void site_files_close(struct site_files *files);

/* Changes when any of them does: addresses with ?v= of it are kept for ever. */
struct str site_files_version(const struct site_files *files);

bool site_files_has(const struct site_files *files, struct str path);

/* Answer and end the exchange, with 304 where the client has it. False: there
 * is no such file, and nothing happened. */
bool site_files_serve(const struct site_files *files, struct http_exchange *x);

#endif
