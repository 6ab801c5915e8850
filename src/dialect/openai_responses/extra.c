/*
 * extra.c - members that are kept as they came.
 */
#include "dialect/openai_responses/openai_responses.h"

void openai_responses_set_idle(struct chat_extra *extra,
	struct chat_extra *idle, const struct str *names, size_t count)
{
	struct chat_member *kept = extra->first, *next;

	extra->first = extra->last = NULL;
	for (; kept; kept = next) {
		next = kept->next;
		openai_responses_push(openai_responses_is_among(
					      kept->member.name, names, count)
					      ? idle
					      : extra,
			kept);
	}
}

bool openai_responses_is_among(
	struct str text, const struct str *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(text, list[i]))
			return true;
	return false;
}

void openai_responses_push(struct chat_extra *extra, struct chat_member *member)
{
	member->next = NULL;
	if (extra->last)
		extra->last->next = member;
	else
		extra->first = member;
	extra->last = member;
}
