/*
 * routing_policy.c - presets, and weights as projects write them.
 */
#include "accounts/routing_policy.h"

#include "base/json.h"

/*
 * With 4 : 1, one in two chances of an answer that is not good enough is
 * worth a price that is sixteen times lower, and no more: the strong model is
 * asked where it is needed. strategy.h has the formula.
 */
static const struct {
	const char *name;
	struct routing_weights weights;
} presets[] = {
	[ROUTING_CHEAP] = { "cheap", { 2, 1, 0.05 } },
	[ROUTING_BALANCED] = { "balanced", { 4, 1, 0.1 } },
	[ROUTING_QUALITY] = { "quality", { 8, 0.5, 0.05 } },
};

static bool read_preset(
	struct json word, struct routing_policy *out, struct error *err);
static bool set_weight(struct routing_policy *policy, struct str name,
	double value, struct error *err);

struct routing_policy routing_policy_of(enum routing_preset preset)
{
	return (struct routing_policy){
		.is_set = true,
		.preset = preset,
		.weights = presets[preset].weights,
	};
}

const char *routing_preset_name(enum routing_preset preset)
{
	return presets[preset].name;
}

bool routing_preset_find(struct str name, enum routing_preset *out)
{
	for (unsigned i = 0; i < ARRAY_LEN(presets); i++) {
		if (str_equal(name, str_of(presets[i].name))) {
			*out = i;
			return true;
		}
	}
	return false;
}

bool routing_policy_read(
	struct str settings, struct routing_policy *out, struct error *err)
{
	struct routing_policy policy;
	struct json_cursor cursor;
	struct json_member member;
	struct json root, routing;

	*out = (struct routing_policy){ .is_set = false };
	if (settings.n == 0)
		return true;
	if (!json_check(settings, JSON_MAX_DEPTH, &root, err))
		return false;
	routing = json_find(root, S("routing"));
	if (routing.type == JSON_TYPE_NONE || routing.type == JSON_TYPE_NULL)
		return true;
	if (!read_preset(json_find(routing, S("preset")), &policy, err))
		return false;
	cursor = json_members(routing);
	while (json_next(&cursor, &member)) {
		double value;

		if (json_name_is(member, S("preset")))
			continue;
		if (!json_double(member.value, &value))
			return error_refuse(err, ERR_BAD_FIELD, "routing",
				"A weight of 'routing' is a number.");
		if (!set_weight(&policy, member.name, value, err))
			return false;
	}
	*out = policy;
	return true;
}

void routing_policy_write(const struct routing_policy *policy, struct buf *out)
{
	const struct routing_weights *weights = &policy->weights;

	buf_printf(out,
		"{\"preset\":\"%s\",\"quality\":%.6g,\"cost\":%.6g,"
		"\"speed\":%.6g}",
		presets[policy->preset].name, weights->quality, weights->cost,
		weights->speed);
}

bool routing_policy_parse(
	struct str words, struct routing_policy *out, struct error *err)
{
	enum routing_preset preset;
	struct str word = S("");

	if (!str_next_field(&words, ',', &word) ||
		!routing_preset_find(str_trim(word), &preset))
		return error_refuse(err, ERR_BAD_FIELD, "routing",
			"The router prefers cheap, balanced or quality, not "
			"'%.*s'.",
			STR_ARG(str_head(word, 60)));
	*out = routing_policy_of(preset);
	while (str_next_field(&words, ',', &word)) {
		size_t equals = str_index(word, '=');
		struct json number = { JSON_TYPE_NUMBER,
			str_trim(str_from(word, equals + 1)) };
		struct json checked;
		struct error ignored;
		double value;

		if (!json_check(number.text, 1, &checked, &ignored) ||
			!json_double(checked, &value))
			return error_refuse(err, ERR_BAD_FIELD, "routing",
				"'%.*s' is no weight: say quality=4, cost=1 or "
				"speed=0.1.",
				STR_ARG(str_head(word, 60)));
		if (!set_weight(
			    out, str_trim(str_head(word, equals)), value, err))
			return false;
	}
	return true;
}

static bool read_preset(
	struct json word, struct routing_policy *out, struct error *err)
{
	*out = routing_policy_of(ROUTING_BALANCED);
	if (word.type == JSON_TYPE_NONE)
		return true;
	for (unsigned i = 0; i < ARRAY_LEN(presets); i++) {
		if (json_text_is(word, str_of(presets[i].name))) {
			*out = routing_policy_of(i);
			return true;
		}
	}
	return error_refuse(err, ERR_BAD_FIELD, "routing",
		"A preset is cheap, balanced or quality.");
}

static bool set_weight(struct routing_policy *policy, struct str name,
	double value, struct error *err)
{
	struct routing_weights *weights = &policy->weights;

	if (value < 0 || value > ROUTING_WEIGHT_MAX)
		return error_refuse(err, ERR_BAD_FIELD, "routing",
			"A weight is a number from 0 to %d.",
			ROUTING_WEIGHT_MAX);
	if (str_equal(name, S("quality")))
		weights->quality = value;
	else if (str_equal(name, S("cost")))
		weights->cost = value;
	else if (str_equal(name, S("speed")))
		weights->speed = value;
	else
		return error_refuse(err, ERR_BAD_FIELD, "routing",
			"The router weighs quality, cost and speed, not "
			"'%.*s'.",
			STR_ARG(str_head(name, 60)));
	return true;
}
