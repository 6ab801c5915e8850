/*
 * model_kind.c - tables of names, and lists of them.
 */
#include "catalog/model_kind.h"

#define MAX_NAMES_BYTES 256

const struct flag_name modality_names[] = {
	{ STR("text"), MODALITY_TEXT },
	{ STR("image"), MODALITY_IMAGE },
	{ STR("audio"), MODALITY_AUDIO },
	{ STR("video"), MODALITY_VIDEO },
	{ STR("file"), MODALITY_FILE },
	{ STR(""), 0 },
};

const struct flag_name capability_names[] = {
	{ STR("tools"), MODEL_CAN_TOOLS },
	{ STR("parallel_tools"), MODEL_CAN_PARALLEL_TOOLS },
	{ STR("json_schema"), MODEL_CAN_JSON_SCHEMA },
	{ STR("reasoning"), MODEL_CAN_REASON },
	{ STR("streaming"), MODEL_CAN_STREAM },
	{ STR(""), 0 },
};

static const char *const kind_names[MODEL_KINDS] = {
	[MODEL_CHAT] = "chat",
	[MODEL_COMPLETION] = "completion",
	[MODEL_EMBEDDING] = "embedding",
	[MODEL_MODERATION] = "moderation",
	[MODEL_RERANK] = "rerank",
	[MODEL_IMAGE] = "image",
	[MODEL_AUDIO] = "audio",
};

const char *model_kind_name(enum model_kind kind)
{
	assert(kind < MODEL_KINDS);
	return kind_names[kind];
}

bool model_kind_read(struct str name, enum model_kind *out, struct error *err)
{
	struct buf names = BUF_INIT(MAX_NAMES_BYTES);

	for (size_t i = 0; i < MODEL_KINDS; i++) {
		if (str_equal(name, str_of(kind_names[i]))) {
			*out = (enum model_kind)i;
			buf_release(&names);
			return true;
		}
		buf_printf(&names, "%s%s", i ? ", " : "", kind_names[i]);
	}
	error_refuse(err, ERR_BAD_FIELD, "kind",
		"A model's kind is one of %s, not '%.*s'.", buf_cstr(&names),
		STR_ARG(str_head(name, 64)));
	buf_release(&names);
	return false;
}

unsigned flag_find(const struct flag_name *table, struct str name)
{
	for (; table->name.n; table++) {
		if (str_equal(name, table->name))
			return table->flag;
	}
	return 0;
}

bool flags_read(const struct flag_name *table, const char *param,
	struct str list, unsigned *out, struct error *err)
{
	struct buf names = BUF_INIT(MAX_NAMES_BYTES);
	struct str word;
	unsigned flag = 1;

	*out = 0;
	while (flag && str_next_field(&list, ',', &word)) {
		flag = flag_find(table, str_trim(word));
		*out |= flag;
	}
	if (flag)
		return true;
	for (size_t i = 0; table[i].name.n; i++)
		buf_printf(&names, "%s%.*s", i ? ", " : "",
			STR_ARG(table[i].name));
	error_refuse(err, ERR_BAD_FIELD, param,
		"'%.*s' is none of %s: there are %s.",
		STR_ARG(str_head(word, 64)), param, buf_cstr(&names));
	buf_release(&names);
	return false;
}

unsigned flags_read_json(const struct flag_name *table, struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	unsigned flags = 0;

	while (json_next(&cursor, &item)) {
		for (const struct flag_name *row = table; row->name.n; row++) {
			if (json_text_is(item.value, row->name))
				flags |= row->flag;
		}
	}
	return flags;
}

void flags_write_json(
	const struct flag_name *table, unsigned flags, struct json_writer *w)
{
	json_begin_array(w);
	for (; table->name.n; table++) {
		if (flags & table->flag)
			json_write_str(w, table->name);
	}
	json_end_array(w);
}
