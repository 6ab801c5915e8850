/*
 * data_directory.c - the setting, the source tree, the built-in path.
 */
#include "base/data_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#ifndef LLM_GATEWAY_DATA_DIR
#define LLM_GATEWAY_DATA_DIR "conf"
#endif

static bool source_tree(char out[PATH_MAX]);

void data_directory(struct str given, char out[PATH_MAX])
{
	if (given.n && given.n < PATH_MAX)
		snprintf(out, PATH_MAX, "%.*s", STR_ARG(given));
	else if (!source_tree(out))
		snprintf(out, PATH_MAX, "%s", LLM_GATEWAY_DATA_DIR);
}

bool data_directory_path(struct str given, const char *name, char out[PATH_MAX],
	struct error *err)
{
	size_t n;

	data_directory(given, out);
	n = strlen(out);
	if (n + 1 + strlen(name) >= PATH_MAX)
		return error_set(err, ERR_IO, "%s: the path is too long", name);
	snprintf(out + n, PATH_MAX - n, "/%s", name);
	return true;
}

/* The program is TREE/build/FLAVOUR/llm-gateway; its data TREE/conf. */
static bool source_tree(char out[PATH_MAX])
{
	static const char inside[] = "/conf/llm-gateway.conf";
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	struct stat stat_buf;
	char *slash = NULL;

	if (n <= 0)
		return false;
	out[n] = '\0';
	for (int up = 0; up < 3; up++) {
		slash = strrchr(out, '/');
		if (!slash)
			return false;
		*slash = '\0';
		if (up == 1 && strcmp(strrchr(out, '/') ?: "", "/build") != 0)
			return false;
	}
	if (strlen(out) + sizeof(inside) > PATH_MAX)
		return false;
	memcpy(slash, inside, sizeof(inside));
	if (stat(out, &stat_buf) != 0)
		return false;
	slash[strlen("/conf")] = '\0';
	return true;
}
