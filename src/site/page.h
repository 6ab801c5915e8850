/*
 * page.h - START HERE for the dashboard: what a page is.
 *
 * A page is a row of data (struct site_page): where it is, who may see it,
 * which fields it takes, and a function that loads what it shows as a JSON
 * object. It writes no HTML. serve.c is the one place that finds the row,
 * reads the session, judges the role and the CSRF token, checks the fields,
 * calls the function, and then answers
 *
 *	- with that JSON, for `Accept: application/json`, a path that ends in
 *	  ".json" and everything under /api/v1/ (the same page is there too:
 *	  /api/v1/requests is /requests);
 *	- else with the template, to which the layout's own facts (user,
 *	  navigation, texts, CSRF token...) are added.
 *
 * A page that changes something is a POST row, which ends with
 * site_redirect(); without one its JSON is shown by its template, as for a
 * secret that is shown once. When it fails because of what was sent (an error
 * with a status below 500), the GET row of the same path is shown again with
 * `problem` ({"message", "field"}) and `form` (what was filled in, secrets
 * apart).
 *
 * All of this runs on a worker and may block.
 */
#ifndef SITE_PAGE_H
#define SITE_PAGE_H

#include <jansson.h>

#include "accounts/permission.h"
#include "http/exchange.h"
#include "site/site.h"

struct site_request;
struct site_stream;
struct template_set;

/* --- the row --- */

enum site_method { SITE_GET, SITE_POST, SITE_PUT, SITE_PATCH, SITE_DELETE };

/* Who may see it: each row of roles includes those behind it. */
enum site_who {
	SITE_PUBLIC,  /* everybody; the session is read where there is one */
	SITE_SESSION, /* whoever is logged in, member of anything or not */
	SITE_VIEWER,  /* a role in the organisation of the session */
	SITE_MEMBER,
	SITE_ADMIN,
	SITE_OWNER,
	SITE_OPERATOR,
};

enum site_type {
	SITE_TEXT,   /* one line, white space at its ends removed */
	SITE_LINES,  /* several lines */
	SITE_SECRET, /* as sent; never shown again */
	SITE_INT,    /* from min to max */
	SITE_BOOL,   /* a checkbox: there, or not */
	SITE_CHOICE, /* one word of `choices` */
	SITE_DATE,   /* 2026-11-21 */
	/* Several texts: the field may come more than once, each with several
	 * between commas; JSON may send an array. Its text has them all, with
	 * commas. */
	SITE_LIST,
};

/* A field of a form or of a query. What is not declared is passed over. */
struct site_field {
	const char *name; /* NULL ends the list */
	enum site_type type;
	bool required;
	size_t max_bytes;    /* 0: 255 */
	int64_t min, max;    /* of a SITE_INT */
	const char *choices; /* of a SITE_CHOICE: "open|closed" */
};

struct site_page {
	/* "{id}" stands for one part of the path, see site_request.id. */
	struct str path;
	enum site_method method;
	enum site_who who;
	/* Their role in the organisation as a whole counts, whatever project
	 * they look at. */
	bool of_organisation;
	const struct site_field *fields; /* NULL: takes none */
	/* Fill the object. False: *err is answered. NULL: the template says
	 * everything. */
	bool (*load)(
		struct site_request *request, json_t *out, struct error *err);
	const char *template; /* NULL: JSON is all there is */
	const char *title;    /* key of its text: "requests.title" */
	const char *nav;      /* name of the navigation's item; or NULL */
};

/* --- the session, filled by session.c --- */

struct site_session {
	int64_t id;      /* 0: nobody is logged in */
	int64_t user_id; /* 0 with the same meaning */
	int64_t organisation_id;
	int64_t project_id; /* the chosen one; 0: all of them */
	struct str organisation;
	struct str email;
	struct str name;
	struct str locale;    /* "en", "es"; "" unknown */
	struct str time_zone; /* IANA; "" is UTC */
	struct str theme;     /* "light", "dark"; "" as the system has it */
	enum role role;       /* in the organisation and project above */
	enum role organisation_role; /* in all of it */
	bool is_operator;
	/* It came by `Authorization: Bearer`, which no foreign page can make a
	 * browser send: needs no CSRF token. */
	bool is_bearer;
	struct str csrf_token; /* "" only where user_id is 0 */
	int64_t ends_ms;       /* unless it is used before */
};

/*
 * Read the session of the request, and renew its cookie where that is due.
 * With none, or one that is over, the struct stays empty; that is no error.
 * Texts live in the request's arena. ERR_DATABASE.
 */
MUST_USE bool site_session_load(struct site_request *request,
	struct site_session *out, struct error *err);

/* --- the request, as a page's function sees it --- */

struct site_request {
	struct http_exchange *exchange;
	struct site *site;
	struct arena *arena; /* the exchange's */
	const struct site_page *page;
	struct db *db; /* its own until it is answered */
	struct site_session session;
	struct str id; /* what stands for {id}; decoded, never with a '/' */
	bool wants_json;
	bool is_tls; /* the browser's connection */
	const char *request_id;
	struct template_set *templates;
	struct str language; /* the one to speak: "en", "es" */
	const json_t *texts; /* of that language */

	/* The answer; set through the functions below. */
	int status; /* 0: 200 */
	struct str redirect;
	struct {
		const char *content_type; /* NULL: it is none */
		struct str file_name;
		struct str body;
	} download;
	struct site_cookie *cookies;
	struct site_stream *stream; /* a file of any length (stream.h) */
	const struct site_values *values;
};

/* What was sent for a declared field: "", 0 or false where nothing was. */
struct str site_text(const struct site_request *request, const char *name);
int64_t site_int(const struct site_request *request, const char *name);
bool site_bool(const struct site_request *request, const char *name);
/* Something other than nothing. */
bool site_has(const struct site_request *request, const char *name);
/*
 * Was the field there at all, if only empty? A form sends all that it shows,
 * so what is empty in it is to be none; so is null in JSON. What a PATCH does
 * not name stays as it is.
 */
bool site_sent(const struct site_request *request, const char *name);
/* A PATCH that does not name the field. */
bool site_keeps(const struct site_request *request, const char *name);

/* A cookie that came; "" when there is none. */
struct str site_cookie(const struct site_request *request, struct str name);
/* Send one: HttpOnly, SameSite=Lax, Path=/, and Secure behind TLS. 0 seconds
 * removes it; negative ones keep it until the browser is closed. The name is
 * a literal, the value has no ';'. */
void site_set_cookie(struct site_request *request, const char *name,
	struct str value, int64_t max_age_seconds);

/*
 * Answer with 303 to a path of ours. `flash` is the key of a text that the
 * next page shows once ("flash.saved"); NULL: none. JSON clients get the
 * object instead, and no redirect.
 */
void site_redirect(
	struct site_request *request, struct str path, const char *flash);

/* Answer with a small file to keep instead of a page: `body` lives in the
 * request's arena. For one of any length: stream.h. */
void site_download(struct site_request *request, const char *content_type,
	struct str file_name, struct str body);

/* `path` when it is one of ours, as "/x?y" is and "//host" and "https:..."
 * are not; else "/". For what came as ?next=. */
struct str site_own_path(struct str path);

/* --- JSON --- */

/* Bytes that are not UTF-8 become U+FFFD. */
void site_put(json_t *object, const char *name, struct str value);
void site_put_int(json_t *object, const char *name, int64_t value);
void site_put_bool(json_t *object, const char *name, bool value);

#endif
