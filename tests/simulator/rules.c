/*
 * rules.c - the list of rules, replaced as a whole.
 */
#include "rules.h"

#include "base/json.h"
#include "behaviour.h"

static bool read_rule(struct json object, struct arena *arena, struct rule *out,
	struct error *err);
static bool copy(struct json value, struct arena *arena, char *out);
static bool has_key(const struct http_request *request, const char *key);

void rules_init(struct rules *rules)
{
	pthread_mutex_init(&rules->lock, NULL);
	rules->has_any = false;
	rules->count = 0;
}

bool rules_read(struct rules *rules, struct str body, struct error *err)
{
	struct rule all[RULES_MAX];
	struct json_cursor items;
	struct json_member item;
	struct arena arena;
	struct json root;
	size_t count = 0;
	bool ok;

	if (!json_check(body, JSON_MAX_DEPTH, &root, err))
		return false;
	arena_init(&arena, 4096);
	items = json_members(json_find(root, S("rules")));
	ok = json_find(root, S("rules")).type == JSON_TYPE_ARRAY ||
	     error_refuse(
		     err, ERR_BAD_FIELD, "rules", "'rules' must be a list.");
	while (ok && json_next(&items, &item))
		ok = (count < RULES_MAX ||
			     error_refuse(err, ERR_BAD_FIELD, "rules",
				     "At most %d rules.", RULES_MAX)) &&
		     read_rule(item.value, &arena, &all[count++], err);
	arena_release(&arena);
	if (!ok)
		return false;
	pthread_mutex_lock(&rules->lock);
	memcpy(rules->all, all, count * sizeof(all[0]));
	rules->count = count;
	rules->has_any = count > 0;
	pthread_mutex_unlock(&rules->lock);
	return true;
}

void rules_clear(struct rules *rules)
{
	pthread_mutex_lock(&rules->lock);
	rules->count = 0;
	rules->has_any = false;
	pthread_mutex_unlock(&rules->lock);
}

struct str rules_take(struct rules *rules, const struct http_request *request,
	struct arena *arena)
{
	struct str behaviour = S("");

	if (!rules->has_any)
		return behaviour;
	pthread_mutex_lock(&rules->lock);
	for (size_t i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->all[i];

		if (rule->times == 0 || !has_key(request, rule->key))
			continue;
		if (rule->times > 0)
			rule->times--;
		behaviour = arena_copy(arena, str_of(rule->behaviour));
		break;
	}
	pthread_mutex_unlock(&rules->lock);
	return behaviour;
}

static bool read_rule(struct json object, struct arena *arena, struct rule *out,
	struct error *err)
{
	struct json times = json_find(object, S("times"));
	struct behaviour checked;

	*out = (struct rule){ .times = -1 };
	behaviour_init(&checked);
	if (!copy(json_find(object, S("behaviour")), arena, out->behaviour) ||
		!copy(json_find(object, S("key")), arena, out->key) ||
		(times.type != JSON_TYPE_NONE && !json_int(times, &out->times)))
		return error_refuse(err, ERR_BAD_FIELD, "rules",
			"A rule has a text 'behaviour', and may have a text "
			"'key' and a number 'times'.");
	return behaviour_parse(&checked, str_of(out->behaviour), err);
}

static bool copy(struct json value, struct arena *arena, char *out)
{
	struct str text;

	if (value.type == JSON_TYPE_NONE)
		return true;
	return json_text(value, arena, &text) && text.n < RULE_TEXT_BYTES &&
	       snprintf(out, RULE_TEXT_BYTES, "%.*s", STR_ARG(text)) >= 0;
}

static bool has_key(const struct http_request *request, const char *key)
{
	struct str bearer = http_find_header(request, S("authorization"));
	struct str header = http_find_header(request, S("x-api-key"));

	return key[0] == '\0' || str_ends(bearer, str_of(key)) ||
	       str_equal(header, str_of(key));
}
