/*
 * data_directory.h - where the data files are that the program was built with:
 * weights, vocabularies.
 *
 * The setting server.data_dir when it is not empty, else conf/ of the source
 * tree when the program runs from its build folder, else what was built in
 * (LLM_GATEWAY_DATA_DIR, PREFIX/share/llm-gateway/conf).
 */
#ifndef BASE_DATA_DIRECTORY_H
#define BASE_DATA_DIRECTORY_H

#include "base/error.h"

/* Without a '/' at its end. */
void data_directory(struct str given, char out[PATH_MAX]);

/* The path of a file in it, as "classifier/weights"; ERR_IO when the name is
 * too long. Whether the file is there is not looked at. */
MUST_USE bool data_directory_path(struct str given, const char *name,
	char out[PATH_MAX], struct error *err);

#endif
