/*
 * mustache_parse.c - from a text to steps, in three passes.
 *
 * scan() cuts the text into tags and pieces of text, none longer than a line,
 * and finds the end of each section. trim() takes away the white space around
 * tags that stand on lines of their own, which is where the rules are. emit()
 * writes the steps.
 *
 * Lines of a block are kept without the indentation that its first line has;
 * it is given back, or another one, where the block is put in.
 */
#include "site/mustache_step.h"

#define NONE SIZE_MAX
#define MAX_DELIMITER_BYTES 16

enum piece_kind {
	PIECE_TEXT,
	PIECE_VALUE,
	PIECE_RAW,
	PIECE_SECTION,
	PIECE_INVERTED,
	PIECE_PARTIAL,
	PIECE_PARENT,
	PIECE_BLOCK,
	PIECE_CLOSE,
	PIECE_NOTHING, /* a comment, or delimiters */
};

struct piece {
	enum piece_kind kind;
	struct str text; /* of text; else the name */
	unsigned line;
	size_t match;  /* the end of an opening tag, and the other way round */
	size_t parent; /* the section, parent or block around it; or NONE */
	size_t step;   /* the one that it became */
	bool starts_line;
	bool is_taken;     /* white space that is not written */
	bool is_alone;     /* on lines of its own */
	bool ends_line;    /* of a block: its content begins on the next line */
	struct str indent; /* the white space before it that was taken away */
	struct str margin; /* of a block that ends_line: of its lines */
};

struct parser {
	struct str name;
	struct str source;
	size_t at;
	unsigned line;
	char open[MAX_DELIMITER_BYTES], close[MAX_DELIMITER_BYTES];
	struct str opener, closer;
	struct arena *arena;  /* of the template */
	struct arena scratch; /* of the pieces */
	struct piece *pieces;
	size_t count, room;
	size_t parent; /* the inmost open section; or NONE */
	struct error *err;
};

static bool scan(struct parser *p);
static void scan_text(struct parser *p, struct str text);
static bool scan_tag(struct parser *p);
static bool set_delimiters(struct parser *p, struct str content, unsigned line);
static bool add_tag(struct parser *p, enum piece_kind kind, struct str content,
	unsigned line);
static bool close_section(struct parser *p, struct str name, unsigned line);
static struct piece *add(
	struct parser *p, enum piece_kind kind, struct str text, unsigned line);
static bool check_end(struct parser *p);
static bool refuse(
	struct parser *p, unsigned line, const char *why, struct str name);

static void trim(struct parser *p);
static void trim_parent(struct parser *p, size_t open);
static void trim_block_open(struct parser *p, size_t open);
static void trim_block_close(struct parser *p, size_t close);
static void trim_other(struct parser *p, size_t at);
static bool begins_line(const struct parser *p, size_t at, bool after_tags);
static bool ends_line(const struct parser *p, size_t at);
static bool is_inheritance(const struct parser *p, size_t at);
static bool is_in(const struct parser *p, size_t at, enum piece_kind kind);
static struct str take_before(struct parser *p, size_t at);
static void take_after(struct parser *p, size_t at);
static bool is_blank(const struct piece *piece);
static bool has_newline(const struct piece *piece);
static void set_margin(struct parser *p, size_t open);
static void remove_margins(struct parser *p);
static struct str outer_margin(const struct parser *p, size_t at);
static struct str leading_blanks(struct str text);
static struct str without_margin(struct str text, struct str margin);

static void emit(struct parser *p, struct mustache *out);
static void emit_piece(struct parser *p, struct mustache *out, size_t at);
static void split_name(
	struct parser *p, struct mustache_step *step, struct str name);

bool mustache_parse(struct str name, struct str source, struct arena *arena,
	const struct mustache **out, struct error *err)
{
	struct mustache *template = ARENA_NEW(arena, struct mustache);
	struct parser p = {
		.name = name,
		.source = source,
		.line = 1,
		.opener = S("{{"),
		.closer = S("}}"),
		.arena = arena,
		.parent = NONE,
		.err = err,
	};
	bool ok;

	arena_init(&p.scratch, 65536);
	ok = scan(&p) && check_end(&p);
	if (ok) {
		trim(&p);
		template->name = name;
		emit(&p, template);
		*out = template;
	}
	arena_release(&p.scratch);
	return ok;
}

/* --- scan */

static bool scan(struct parser *p)
{
	while (p->at < p->source.n) {
		struct str rest = str_from(p->source, p->at);
		size_t tag = str_find(rest, p->opener);

		scan_text(p, str_head(rest, tag));
		if (tag < rest.n && !scan_tag(p))
			return false;
	}
	return true;
}

/* In lines, each with its end. */
static void scan_text(struct parser *p, struct str text)
{
	p->at += text.n;
	while (text.n > 0) {
		size_t line = str_index(text, '\n');

		if (line < text.n)
			line++;
		add(p, PIECE_TEXT, str_head(text, line), p->line);
		if (text.p[line - 1] == '\n')
			p->line++;
		text = str_from(text, line);
	}
}

static bool scan_tag(struct parser *p)
{
	static const char sigils[] = "{&#^>$</!=";
	static const enum piece_kind kinds[] = { PIECE_RAW, PIECE_RAW,
		PIECE_SECTION, PIECE_INVERTED, PIECE_PARTIAL, PIECE_BLOCK,
		PIECE_PARENT, PIECE_CLOSE, PIECE_NOTHING, PIECE_NOTHING };
	unsigned line = p->line;
	struct str rest = str_from(p->source, p->at + p->opener.n);
	const char *sigil =
		rest.n && rest.p[0] ? strchr(sigils, rest.p[0]) : NULL;
	struct str before = { sigil && *sigil == '{' ? "}" : "=", 1 };
	bool has_twin = sigil && (*sigil == '{' || *sigil == '=');
	size_t end = 0;
	struct str content;

	/* The closing delimiter; that of {{{ and {{= has a twin before it. */
	for (;;) {
		end += str_find(str_from(rest, end), p->closer);
		if (end >= rest.n)
			return refuse(p, line, "a tag is not closed", S(""));
		if (!has_twin || (end > 1 && rest.p[end - 1] == before.p[0]))
			break;
		/* "}}}": the twin is the first of them. */
		if (str_starts(str_from(rest, end), before) &&
			str_starts(str_from(rest, end + 1), p->closer)) {
			end++;
			break;
		}
		end++;
	}
	content = str_from(str_head(rest, end - has_twin), sigil != NULL);
	p->at += p->opener.n + end + p->closer.n;
	for (size_t i = 0; i < end; i++)
		p->line += rest.p[i] == '\n';
	if (sigil && *sigil == '=')
		return set_delimiters(p, content, line);
	if (sigil && *sigil == '!') {
		add(p, PIECE_NOTHING, S(""), line);
		return true;
	}
	return add_tag(p, sigil ? kinds[sigil - sigils] : PIECE_VALUE,
		str_trim(content), line);
}

static bool set_delimiters(struct parser *p, struct str content, unsigned line)
{
	struct str text = str_trim(content);
	struct str parts[2] = { S(""), S("") };
	size_t first = 0;

	while (first < text.n && !isspace((unsigned char)text.p[first]))
		first++;
	parts[0] = str_head(text, first);
	parts[1] = str_trim(str_from(text, first));
	for (size_t i = 0; i < 2; i++) {
		bool is_good =
			parts[i].n > 0 && parts[i].n <= MAX_DELIMITER_BYTES;

		for (size_t k = 0; k < parts[i].n; k++)
			is_good = is_good && parts[i].p[k] != '=' &&
				  !isspace((unsigned char)parts[i].p[k]);
		if (!is_good)
			return refuse(p, line, "these are not delimiters: ",
				str_head(text, 60));
	}
	memcpy(p->open, parts[0].p, parts[0].n);
	memcpy(p->close, parts[1].p, parts[1].n);
	p->opener = (struct str){ p->open, parts[0].n };
	p->closer = (struct str){ p->close, parts[1].n };
	add(p, PIECE_NOTHING, S(""), line);
	return true;
}

static bool add_tag(struct parser *p, enum piece_kind kind, struct str content,
	unsigned line)
{
	struct str name = content;

	/* {{> * name }} */
	if (name.n > 1 && name.p[0] == '*' && isspace((unsigned char)name.p[1]))
		name = arena_printf(p->arena, "*%.*s",
			STR_ARG(str_trim(str_from(name, 1))));
	if (name.n == 0)
		return refuse(p, line, "a tag has no name", S(""));
	if (kind == PIECE_CLOSE)
		return close_section(p, name, line);
	add(p, kind, name, line);
	if (kind == PIECE_SECTION || kind == PIECE_INVERTED ||
		kind == PIECE_PARENT || kind == PIECE_BLOCK)
		p->parent = p->count - 1;
	return true;
}

static bool close_section(struct parser *p, struct str name, unsigned line)
{
	size_t open = p->parent;

	if (open == NONE)
		return refuse(p, line, "this was not opened: ", name);
	if (!str_equal(p->pieces[open].text, name))
		return refuse(
			p, line, "not the end of what was opened last: ", name);
	p->parent = p->pieces[open].parent;
	add(p, PIECE_CLOSE, name, line)->match = open;
	p->pieces[open].match = p->count - 1;
	return true;
}

static struct piece *add(
	struct parser *p, enum piece_kind kind, struct str text, unsigned line)
{
	struct piece *piece;

	if (p->count == p->room) {
		struct piece *old = p->pieces;

		p->room = p->room ? 2 * p->room : 64;
		p->pieces = ARENA_ARRAY(&p->scratch, struct piece, p->room);
		if (old)
			memcpy(p->pieces, old, p->count * sizeof(*old));
	}
	piece = &p->pieces[p->count];
	*piece = (struct piece){
		.kind = kind,
		.text = text,
		.line = line,
		.match = NONE,
		.parent = p->parent,
		.starts_line = p->count == 0 || has_newline(piece - 1),
	};
	p->count++;
	return piece;
}

static bool check_end(struct parser *p)
{
	const struct piece *open;

	if (p->parent == NONE)
		return true;
	open = &p->pieces[p->parent];
	return refuse(p, open->line, "this is not closed: ", open->text);
}

static bool refuse(
	struct parser *p, unsigned line, const char *why, struct str name)
{
	return error_refuse(p->err, ERR_CONFIG, NULL, "%.*s:%u: %s%.*s",
		STR_ARG(p->name), line, why, STR_ARG(str_head(name, 100)));
}

/* --- trim */

static void trim(struct parser *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct piece *piece = &p->pieces[i];

		switch (piece->kind) {
		case PIECE_TEXT:
		case PIECE_VALUE:
		case PIECE_RAW: break;
		case PIECE_PARENT: trim_parent(p, i); break;
		case PIECE_BLOCK: trim_block_open(p, i); break;
		case PIECE_CLOSE:
			if (p->pieces[piece->match].kind == PIECE_BLOCK)
				trim_block_close(p, i);
			else if (p->pieces[piece->match].kind != PIECE_PARENT)
				trim_other(p, i);
			break;
		case PIECE_SECTION:
		case PIECE_INVERTED:
		case PIECE_PARTIAL:
		case PIECE_NOTHING: trim_other(p, i); break;
		}
	}
	remove_margins(p);
}

/* It is one thing from its beginning to its end, whatever is in between. */
static void trim_parent(struct parser *p, size_t open)
{
	size_t close = p->pieces[open].match;

	if (!begins_line(p, open, true) || !ends_line(p, close + 1))
		return;
	p->pieces[open].is_alone = true;
	p->pieces[open].indent = take_before(p, open);
	take_after(p, close);
}

static void trim_block_open(struct parser *p, size_t open)
{
	struct piece *piece = &p->pieces[open];

	piece->ends_line =
		has_newline(&p->pieces[open + 1]) &&
		is_blank(&p->pieces[open + 1]) &&
		(begins_line(p, open, true) || is_in(p, open, PIECE_PARENT));
	if (begins_line(p, open, false))
		piece->indent = take_before(p, open);
	if (!piece->ends_line)
		return;
	take_after(p, open);
	set_margin(p, open);
}

static void trim_block_close(struct parser *p, size_t close)
{
	bool is_last = ends_line(p, close + 1);

	if (!begins_line(p, close, false))
		return;
	if (is_last || is_in(p, close, PIECE_PARENT) ||
		(is_inheritance(p, close + 1) &&
			p->pieces[close + 1].kind == PIECE_CLOSE))
		take_before(p, close);
	if (is_last)
		take_after(p, close);
}

static void trim_other(struct parser *p, size_t at)
{
	if (!begins_line(p, at, false) || !ends_line(p, at + 1))
		return;
	p->pieces[at].is_alone = true;
	p->pieces[at].indent = take_before(p, at);
	take_after(p, at);
}

/* Only white space is before it on its line; and, with after_tags, opening
 * tags of parents and blocks. */
static bool begins_line(const struct parser *p, size_t at, bool after_tags)
{
	while (!p->pieces[at].starts_line) {
		const struct piece *before = &p->pieces[--at];

		if (is_blank(before))
			continue;
		if (!after_tags || (before->kind != PIECE_PARENT &&
					   before->kind != PIECE_BLOCK))
			return false;
	}
	return true;
}

/* White space up to the end of a line, or the end of the text. */
static bool ends_line(const struct parser *p, size_t at)
{
	return at >= p->count ||
	       (is_blank(&p->pieces[at]) &&
		       (has_newline(&p->pieces[at]) || at + 1 == p->count));
}

static bool is_inheritance(const struct parser *p, size_t at)
{
	const struct piece *piece;

	if (at >= p->count)
		return false;
	piece = &p->pieces[at];
	if (piece->kind == PIECE_CLOSE)
		piece = &p->pieces[piece->match];
	return piece->kind == PIECE_PARENT || piece->kind == PIECE_BLOCK;
}

static bool is_in(const struct parser *p, size_t at, enum piece_kind kind)
{
	size_t parent = p->pieces[at].parent;

	return parent != NONE && p->pieces[parent].kind == kind;
}

/* The blanks before it on its line. */
static struct str take_before(struct parser *p, size_t at)
{
	struct piece *before;

	if (p->pieces[at].starts_line)
		return S("");
	before = &p->pieces[at - 1];
	if (!before->starts_line || !is_blank(before))
		return S("");
	before->is_taken = true;
	return before->text;
}

/* The rest of its line. */
static void take_after(struct parser *p, size_t at)
{
	if (at + 1 < p->count && is_blank(&p->pieces[at + 1]))
		p->pieces[at + 1].is_taken = true;
}

static bool is_blank(const struct piece *piece)
{
	return piece->kind == PIECE_TEXT && str_trim(piece->text).n == 0;
}

static bool has_newline(const struct piece *piece)
{
	return piece->kind == PIECE_TEXT &&
	       piece->text.p[piece->text.n - 1] == '\n';
}

/* As the first line of its content that is not empty; without any, as the
 * block itself. */
static void set_margin(struct parser *p, size_t open)
{
	size_t close = p->pieces[open].match;

	p->pieces[open].margin = p->pieces[open].indent;
	for (size_t i = open + 2; i < close; i++) {
		const struct piece *piece = &p->pieces[i];

		if (!piece->starts_line ||
			(is_blank(piece) &&
				(has_newline(piece) || i + 1 == close)))
			continue;
		p->pieces[open].margin = piece->kind == PIECE_TEXT
						 ? leading_blanks(piece->text)
						 : S("");
		return;
	}
}

/* From the end on, so that outer margins are as they were. */
static void remove_margins(struct parser *p)
{
	for (size_t i = p->count; i-- > 0;) {
		struct piece *piece = &p->pieces[i];
		struct str margin = outer_margin(p, i);

		if (piece->kind == PIECE_BLOCK && piece->ends_line)
			piece->indent = piece->margin;
		piece->indent = without_margin(piece->indent, margin);
		if (piece->kind == PIECE_TEXT && piece->starts_line)
			piece->text = without_margin(piece->text, margin);
	}
}

static struct str outer_margin(const struct parser *p, size_t at)
{
	for (size_t i = p->pieces[at].parent; i != NONE;
		i = p->pieces[i].parent) {
		if (p->pieces[i].kind == PIECE_BLOCK && p->pieces[i].ends_line)
			return p->pieces[i].margin;
	}
	return S("");
}

static struct str leading_blanks(struct str text)
{
	size_t n = 0;

	while (n < text.n && (text.p[n] == ' ' || text.p[n] == '\t'))
		n++;
	return str_head(text, n);
}

static struct str without_margin(struct str text, struct str margin)
{
	size_t n = 0;

	while (n < margin.n && n < text.n && text.p[n] == margin.p[n])
		n++;
	return str_from(text, n);
}

/* --- emit */

static void emit(struct parser *p, struct mustache *out)
{
	out->steps = ARENA_ARRAY(p->arena, struct mustache_step, p->count + 1);
	for (size_t i = 0; i < p->count; i++) {
		const struct piece *piece = &p->pieces[i];

		if (piece->kind == PIECE_CLOSE)
			out->steps[p->pieces[piece->match].step].end =
				out->count;
		else if (is_in(p, i, PIECE_PARENT) &&
			 piece->kind != PIECE_BLOCK)
			i = piece->match == NONE ? i : piece->match;
		else if (!piece->is_taken && piece->kind != PIECE_NOTHING)
			emit_piece(p, out, i);
	}
}

static void emit_piece(struct parser *p, struct mustache *out, size_t at)
{
	static const enum mustache_kind kinds[] = {
		[PIECE_TEXT] = MUSTACHE_TEXT,
		[PIECE_VALUE] = MUSTACHE_VALUE,
		[PIECE_RAW] = MUSTACHE_RAW,
		[PIECE_SECTION] = MUSTACHE_SECTION,
		[PIECE_INVERTED] = MUSTACHE_INVERTED,
		[PIECE_PARTIAL] = MUSTACHE_PARTIAL,
		[PIECE_PARENT] = MUSTACHE_PARENT,
		[PIECE_BLOCK] = MUSTACHE_BLOCK,
	};
	struct piece *piece = &p->pieces[at];
	struct mustache_step *step = &out->steps[out->count];
	struct mustache_step *last = step - 1;

	/* Lines that follow each other are one text. */
	if (piece->kind == PIECE_TEXT && at > 0 && out->count > 0 &&
		piece[-1].kind == PIECE_TEXT && !piece[-1].is_taken &&
		last->text.p + last->text.n == piece->text.p) {
		last->text.n += piece->text.n;
		return;
	}
	piece->step = out->count++;
	step->kind = kinds[piece->kind];
	step->line = piece->line;
	step->text = piece->text;
	step->is_alone = piece->is_alone;
	step->indent = piece->indent;
	step->end = out->count;
	if (piece->kind == PIECE_TEXT)
		return;
	step->is_dynamic =
		(piece->kind == PIECE_PARTIAL || piece->kind == PIECE_PARENT) &&
		piece->text.p[0] == '*';
	split_name(p, step, str_from(piece->text, step->is_dynamic));
}

static void split_name(
	struct parser *p, struct mustache_step *step, struct str name)
{
	size_t room = 1;
	struct str part;

	if (str_equal(name, S(".")))
		return;
	for (size_t i = 0; i < name.n; i++)
		room += name.p[i] == '.';
	step->path = ARENA_ARRAY(p->arena, struct str, room);
	while (str_next_field(&name, '.', &part))
		step->path[step->path_length++] = part;
}
