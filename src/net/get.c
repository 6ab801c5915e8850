/*
 * get.c - a GET by libcurl's easy interface.
 */
#include "net/get.h"

#include "net/blocking.h"

struct getting {
	const struct get *get;
	struct buf *body;
	char *etag;
	bool refused;
	bool too_large;
};

static struct curl_slist *make_headers(const struct get *get);
static void set_options(struct blocking *blocking, struct getting *getting,
	struct curl_slist *headers);
static size_t on_header(char *p, size_t size, size_t n, void *context);
static size_t on_body(char *p, size_t size, size_t n, void *context);
static curl_socket_t on_open_socket(
	void *context, curlsocktype purpose, struct curl_sockaddr *address);

bool get_fetch(const struct get *get, int *status, struct buf *body,
	char etag[GET_ETAG_BYTES], struct error *err)
{
	struct getting getting = { .get = get, .body = body, .etag = etag };
	struct curl_slist *headers = make_headers(get);
	struct blocking blocking;
	long code = 0;
	bool ok;

	etag[0] = '\0';
	blocking_init(&blocking, get->timeout_ms, NULL);
	set_options(&blocking, &getting, headers);
	ok = blocking_run(&blocking, err);
	if (!ok && getting.refused)
		error_set(err, ERR_UPSTREAM_CONNECT,
			"its address is on a private network, which "
			"upstream.allow_private does not allow");
	else if (!ok && getting.too_large)
		error_set(err, ERR_UPSTREAM_TOO_LARGE,
			"it has more than %zu bytes", body->max);
	curl_easy_getinfo(blocking.easy, CURLINFO_RESPONSE_CODE, &code);
	*status = (int)code;
	curl_slist_free_all(headers);
	blocking_release(&blocking);
	return ok;
}

static struct curl_slist *make_headers(const struct get *get)
{
	char header[GET_ETAG_BYTES + 32];
	struct curl_slist *list = NULL;

	for (size_t i = 0; i < get->header_count; i++)
		list = curl_slist_append(list, get->headers[i]);
	if (!get->etag || !get->etag[0])
		return list;
	snprintf(header, sizeof(header), "If-None-Match: %s", get->etag);
	return curl_slist_append(list, header);
}

static void set_options(struct blocking *blocking, struct getting *getting,
	struct curl_slist *headers)
{
	const struct get *get = getting->get;
	CURL *easy = blocking->easy;

	curl_easy_setopt(easy, CURLOPT_URL, get->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "llm-gateway/1");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	if (get->ca_file && get->ca_file[0])
		curl_easy_setopt(easy, CURLOPT_CAINFO, get->ca_file);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, getting);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, getting);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, getting);
}

static size_t on_header(char *p, size_t size, size_t n, void *context)
{
	struct getting *getting = context;
	struct str line = { p, size * n };
	struct str value = str_trim(str_from(line, str_index(line, ':') + 1));

	if (str_equal_nocase(str_head(line, 5), S("etag:")) &&
		value.n < GET_ETAG_BYTES) {
		memcpy(getting->etag, value.p, value.n);
		getting->etag[value.n] = '\0';
	}
	return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *context)
{
	struct getting *getting = context;
	struct str bytes = { p, size * n };

	buf_append(getting->body, bytes);
	getting->too_large = getting->body->failed;
	return getting->too_large ? 0 : bytes.n;
}

static curl_socket_t on_open_socket(
	void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct getting *getting = context;

	(void)purpose;
	if (getting->get->is_refused &&
		getting->get->is_refused(&address->addr)) {
		getting->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
		address->protocol);
}
