/*
 * mapped_file.c - opens the data files, and looks whether they are ours.
 */
#include "tokens/mapped_file.h"

#include "tokens/hash.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 64
#define VERSION 1

static bool map(const char *path, struct mapped_file *out, struct error *err);
static bool has_head(const struct mapped_file *file, const char *kind);
static uint32_t number_at(const struct mapped_file *file, size_t at);
static uint64_t sum_at(const struct mapped_file *file, size_t at);

bool mapped_file_open(const char *folder, const char *name, const char *kind,
	struct mapped_file *out, struct error *err)
{
	char path[PATH_MAX];

	*out = (struct mapped_file){ 0 };
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
		(int)sizeof(path))
		return error_set(err, ERR_IO, "%s: the name is too long", name);
	if (!map(path, out, err))
		return false;
	if (has_head(out, kind)) {
		out->content = (struct str){ (char *)out->memory + HEAD_BYTES,
			out->size - HEAD_BYTES };
		return true;
	}
	mapped_file_close(out);
	return error_set(err, ERR_CONFIG,
		"%s is not the file that belongs to this version", path);
}

static bool map(const char *path, struct mapped_file *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) != 0) {
		error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (stat.st_size < HEAD_BYTES) {
		close(fd);
		return error_set(err, ERR_CONFIG, "%s is cut short", path);
	}
	out->size = (size_t)stat.st_size;
	out->memory = mmap(NULL, out->size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (out->memory != MAP_FAILED)
		return true;
	out->memory = NULL;
	return error_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

static bool has_head(const struct mapped_file *file, const char *kind)
{
	char name[16] = "llm-gateway";
	char what[16] = "";

	memcpy(what, kind, strlen(kind));
	return memcmp(file->memory, name, sizeof(name)) == 0 &&
	       memcmp((char *)file->memory + 16, what, sizeof(what)) == 0 &&
	       number_at(file, 32) == VERSION &&
	       number_at(file, 40) == file->size - HEAD_BYTES &&
	       sum_at(file, 56) == hash_bytes(file->memory, 56);
}

void mapped_file_close(struct mapped_file *file)
{
	if (file->memory)
		munmap(file->memory, file->size);
	*file = (struct mapped_file){ 0 };
}

bool mapped_file_is_whole(const struct mapped_file *file)
{
	return sum_at(file, 48) == hash_bytes(file->content.p, file->content.n);
}

static uint32_t number_at(const struct mapped_file *file, size_t at)
{
	uint32_t number;

	memcpy(&number, (char *)file->memory + at, sizeof(number));
	return le32toh(number);
}

static uint64_t sum_at(const struct mapped_file *file, size_t at)
{
	return hash_word((char *)file->memory + at);
}
