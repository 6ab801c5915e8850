/*
 * file.c - files in memory.
 */
#include "site/file.h"

#include <fts.h>
#include <fcntl.h>
#include <unistd.h>

#include "crypto/digest.h"

#define MAX_FILE_BYTES (8 << 20)
#define MAX_FILES 512
#define TAG_DIGITS 16
/* What pages of other origins load; the web servers' files name it too. */
#define SHARED_PATH "/_/js/ai-text-enhancer.umd.js"

struct site_file {
	struct str path; /* "/_/css/site.css" */
	struct str bytes;
	const char *type;
	char tag[TAG_DIGITS + 3]; /* with its quotes */
};

struct site_files {
	struct arena arena;
	struct site_file files[MAX_FILES];
	size_t count;
	char version[TAG_DIGITS + 1];
};

static bool read_all(
	struct site_files *files, const char *folder, struct error *err);
static bool read_one(struct site_files *files, const FTSENT *entry, size_t skip,
	struct error *err);
static int compare(const FTSENT **a, const FTSENT **b);
static void set_version(struct site_files *files);
static const char *type_of(struct str path);
static const struct site_file *find(
	const struct site_files *files, struct str path);

bool site_files_open(
	const char *folder, struct site_files **out, struct error *err)
{
	struct site_files *files = calloc(1, sizeof(*files));

	if (!files)
		abort();
	arena_init(&files->arena, 65536);
	if (!read_all(files, folder, err)) {
		site_files_close(files);
		return false;
	}
	set_version(files);
	*out = files;
	return true;
}

void site_files_close(struct site_files *files)
{
	if (!files)
		return;
	arena_release(&files->arena);
	free(files);
}

struct str site_files_version(const struct site_files *files)
{
	return str_of(files->version);
}

bool site_files_has(const struct site_files *files, struct str path)
{
	return find(files, path) != NULL;
}

bool site_files_serve(const struct site_files *files, struct http_exchange *x)
{
	const struct site_file *file = find(files, x->path);
	struct str known = http_param(x, S("HTTP_IF_NONE_MATCH"));
	bool is_known;

	if (!file)
		return false;
	is_known = known.n > 0 && str_find(known, str_of(file->tag)) < known.n;
	http_begin(x, is_known ? 304 : 200, file->type);
	http_header(x, "ETag", str_of(file->tag));
	http_header(x, "Cache-Control",
		str_starts(x->query, S("v="))
			? S("public, max-age=31536000, immutable")
			: S("public, max-age=3600"));
	http_header(x, "X-Content-Type-Options", S("nosniff"));
	if (str_equal(file->path, S(SHARED_PATH))) {
		http_header(x, "Access-Control-Allow-Origin", S("*"));
		http_header(
			x, "Cross-Origin-Resource-Policy", S("cross-origin"));
	}
	if (!is_known)
		http_header_int(x, "Content-Length", (int64_t)file->bytes.n);
	if (!is_known && !str_equal(x->method, S("HEAD")))
		http_body(x, file->bytes);
	http_end(x);
	http_push(x);
	return true;
}

static bool read_all(
	struct site_files *files, const char *folder, struct error *err)
{
	struct str root = arena_printf(&files->arena, "%s/public/_", folder);
	char *roots[] = { (char *)(uintptr_t)root.p, NULL };
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare);
	FTSENT *entry;
	bool ok = walk != NULL;

	while (ok && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_F && entry->fts_name[0] != '.')
			ok = read_one(files, entry, root.n - 2, err);
	}
	if (walk)
		fts_close(walk);
	return (ok && files->count > 0) ||
	       error_refuse(err, ERR_CONFIG, "site.dir",
		       "%s: the dashboard's files cannot be read", root.p);
}

/* `skip`: of the file's path, what is not part of its address. */
static bool read_one(struct site_files *files, const FTSENT *entry, size_t skip,
	struct error *err)
{
	struct site_file *file = &files->files[files->count];
	size_t size = (size_t)entry->fts_statp->st_size;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];
	int fd = open(entry->fts_path, O_RDONLY | O_CLOEXEC);
	char *bytes;
	ssize_t n;

	if (fd < 0 || size > MAX_FILE_BYTES || files->count == MAX_FILES) {
		if (fd >= 0)
			close(fd);
		return error_refuse(err, ERR_CONFIG, "site.dir",
			"%s: it cannot be read, or is too large",
			entry->fts_path);
	}
	bytes = arena_alloc(&files->arena, size + 1);
	n = read(fd, bytes, size);
	close(fd);
	file->bytes = (struct str){ bytes, n > 0 ? (size_t)n : 0 };
	file->path = arena_copy(
		&files->arena, str_from(str_of(entry->fts_path), skip));
	file->type = type_of(file->path);
	digest_sha256(file->bytes, digest);
	digest_hex(digest, SHA256_BYTES, hex);
	snprintf(file->tag, sizeof(file->tag), "\"%.*s\"", TAG_DIGITS, hex);
	files->count++;
	return true;
}

static int compare(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void set_version(struct site_files *files)
{
	struct str parts[2 * MAX_FILES];
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];

	for (size_t i = 0; i < files->count; i++) {
		parts[2 * i] = files->files[i].path;
		parts[2 * i + 1] = str_of(files->files[i].tag);
	}
	digest_sha256_parts(parts, 2 * files->count, digest);
	digest_hex(digest, SHA256_BYTES, hex);
	memcpy(files->version, hex, TAG_DIGITS);
}

static const char *type_of(struct str path)
{
	static const struct {
		struct str ending;
		const char *type;
	} types[] = {
		{ STR(".css"), "text/css; charset=utf-8" },
		{ STR(".js"), "text/javascript; charset=utf-8" },
		{ STR(".mjs"), "text/javascript; charset=utf-8" },
		{ STR(".svg"), "image/svg+xml" },
		{ STR(".png"), "image/png" },
		{ STR(".ico"), "image/x-icon" },
		{ STR(".woff2"), "font/woff2" },
		{ STR(".json"), "application/json" },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (str_ends(path, types[i].ending))
			return types[i].type;
	}
	return "text/plain; charset=utf-8";
}

static const struct site_file *find(
	const struct site_files *files, struct str path)
{
	for (size_t i = 0; i < files->count; i++) {
		if (str_equal(files->files[i].path, path))
			return &files->files[i];
	}
	return NULL;
}
