/*
 * request_contents_json.c - the bodies of a call. They are foreign text of
 * any kind: the page shows them as text, and JSON says what they are.
 */
#include "site/pages/request_contents_json.h"

#include "ledger/request_contents.h"
#include "site/form.h"

#define INDENT 2
#define MAX_DEPTH 64

static json_t *state_json(const char *word);
static json_t *side_json(
	struct site_request *request, const struct contents_side *side);
static struct str header_lines(struct arena *arena, const json_t *headers);
static struct str indent(struct arena *arena, struct str json);
static void new_line(struct buf *out, size_t depth);

bool request_contents_put(struct site_request *request,
	const struct request_row *row, json_t *out, struct error *err)
{
	const struct usage_record *record = &row->record;
	struct request_contents contents;
	json_t *json = json_object();
	enum role role;
	bool exist;

	json_object_set_new(out, "contents", json);
	if (!request_contents_exist(request->db, record->started_unix_ms,
		    record->request_id, &exist, err) ||
		!permission_role(request->db, request->session.user_id,
			record->organisation_id, record->project_id, &role,
			err))
		return false;
	if (!exist || role < ROLE_ADMIN) {
		json_object_set_new(
			json, "state", state_json(exist ? "hidden" : "none"));
		return true;
	}
	if (!request_contents_load(request->db, request->site->vault,
		    record->started_unix_ms, record->request_id, request->arena,
		    &contents, err)) {
		json_object_set_new(json, "state", state_json("sealed"));
		return err->kind == ERR_CRYPTO;
	}
	json_object_set_new(json, "state", state_json("shown"));
	site_put_bool(json, "redacted", contents.is_redacted);
	json_object_set_new(
		json, "request", side_json(request, &contents.request));
	json_object_set_new(
		json, "response", side_json(request, &contents.response));
	return true;
}

/* The word, and true under its name. */
static json_t *state_json(const char *word)
{
	json_t *state = json_object();

	site_put(state, "word", str_of(word));
	site_put_bool(state, word, true);
	return state;
}

static json_t *side_json(
	struct site_request *request, const struct contents_side *side)
{
	json_t *json = json_object();
	json_t *headers = json_loadb(side->headers.p, side->headers.n, 0, NULL);
	bool is_text = form_is_plain(side->body, true);

	json_object_set_new(
		json, "kept", state_json(contents_body_name(side->kept)));
	json_object_set_new(json, "headers", headers ? headers : json_object());
	site_put_int(json, "bytes", (int64_t)side->body.n);
	site_put_bool(json, "is_binary", !is_text);
	if (is_text && side->body.n > 0)
		site_put(json, "body", side->body);
	else
		json_object_set_new(json, "body", json_null());
	if (request->wants_json)
		return json;
	site_put(json, "header_lines",
		header_lines(request->arena, json_object_get(json, "headers")));
	if (is_text && side->body.n > 0)
		site_put(json, "text", indent(request->arena, side->body));
	return json;
}

static struct str header_lines(struct arena *arena, const json_t *headers)
{
	struct str lines = S("");
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)headers, name, value) lines =
		arena_printf(arena, "%.*s%s: %s\n", STR_ARG(lines), name,
			json_string_value(value));
	return lines;
}

/* By its brackets alone, so that one that was cut is readable, too. What is
 * no JSON stays as it is. */
static struct str indent(struct arena *arena, struct str json)
{
	struct buf out;
	size_t depth = 0;
	bool in_string = false;
	struct str text;

	if (json.n == 0 || (json.p[0] != '{' && json.p[0] != '['))
		return json;
	buf_init(&out, 16 * json.n + 4096);
	for (size_t i = 0; i < json.n; i++) {
		char c = json.p[i];

		if (in_string) {
			buf_append_char(&out, c);
			if (c == '\\' && i + 1 < json.n)
				buf_append_char(&out, json.p[++i]);
			in_string = c != '"';
		} else if (c == '}' || c == ']') {
			depth = depth ? depth - 1 : 0;
			new_line(&out, depth);
			buf_append_char(&out, c);
		} else if ((c == '{' || c == '[') && i + 1 < json.n &&
			   (json.p[i + 1] == '}' || json.p[i + 1] == ']')) {
			buf_append_char(&out, c);
			buf_append_char(&out, json.p[++i]);
		} else if (c == '{' || c == '[') {
			depth++;
			buf_append_char(&out, c);
			new_line(&out, depth);
		} else if (c == ',') {
			buf_append_char(&out, c);
			new_line(&out, depth);
		} else if (c == ':') {
			buf_append(&out, S(": "));
		} else if (!isspace((unsigned char)c)) {
			in_string = c == '"';
			buf_append_char(&out, c);
		}
	}
	text = out.failed ? json : arena_copy(arena, buf_str(&out));
	buf_release(&out);
	return text;
}

static void new_line(struct buf *out, size_t depth)
{
	size_t spaces = (depth < MAX_DEPTH ? depth : MAX_DEPTH) * INDENT;

	buf_append_char(out, '\n');
	for (size_t i = 0; i < spaces; i++)
		buf_append_char(out, ' ');
}
