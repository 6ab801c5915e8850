/*
 * settings.c - every setting with its meaning and default, as the file that
 * an operator starts from.
 */
#include "base/settings.h"

#include "base/buf.h"
#include "cli/command.h"

#define MAX_BYTES (1 << 20)

static bool run(struct session *session, struct error *err)
{
	struct buf text = BUF_INIT(MAX_BYTES);

	settings_describe(&text);
	if (text.failed) {
		buf_release(&text);
		return error_set(err, ERR_INTERNAL, "too many settings");
	}
	if (session->output.json)
		output_str(&session->output, "settings", buf_str(&text));
	else
		fwrite(text.p, 1, text.n, stdout);
	if (!session->output.json)
		output_none(&session->output);
	buf_release(&text);
	return true;
}

const struct command command_settings = {
	.words = "settings",
	.operands = "",
	.help = "print every setting with its meaning and default",
	.needs = NEEDS_NOTHING,
	.run = run,
};
