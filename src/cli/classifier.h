/*
 * classifier.h - what the commands about prompts share.
 */
#ifndef CLI_CLASSIFIER_H
#define CLI_CLASSIFIER_H

#include "classify/classify.h"
#include "cli/session.h"

/* In the folder of the data (base/data_directory.h). */
#define CLASSIFIER_WEIGHTS "classifier/weights"
#define CLASSIFIER_LEXICON "classifier/lexicon"

/*
 * The path of a data file: the option's, else `name` in the folder that
 * server.data_dir says, where the command line gives settings at all.
 */
MUST_USE bool classifier_path(struct session *session, const char *option,
	const char *name, char out[PATH_MAX], struct error *err);

/* The classifier of --weights; for classifier_close(). */
MUST_USE bool classifier_find(
	struct session *session, struct classifier **out, struct error *err);

/* The same text, with '?' for each byte that is no UTF-8. */
struct str mended_text(struct arena *arena, struct str text);

#endif
