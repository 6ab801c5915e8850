/*
 * mustache.c - any text as a template: it is refused, or it renders, with
 * itself as every partial. The first line may be its data.
 */
#include "site/mustache.h"

struct self {
	const struct mustache *template;
};

static const struct mustache *find(void *owner, struct str name)
{
	(void)name;
	return ((struct self *)owner)->template;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	size_t line = str_index(text, '\n');
	json_t *context = json_loadb(text.p, line, 0, NULL);
	struct buf out = BUF_INIT(65536);
	struct error err = ERROR_INIT;
	struct self self;
	struct arena arena;

	arena_init(&arena, 4096);
	if (context)
		text = str_from(text, line + 1);
	if (mustache_parse(S("fuzz"), text, &arena, &self.template, &err) &&
		!mustache_render(self.template, find, &self, &context,
			context != NULL, &out, &err))
		assert(err.kind == ERR_TOO_DEEP || err.kind == ERR_TOO_LARGE);
	buf_release(&out);
	json_decref(context);
	arena_release(&arena);
	return 0;
}
