/*
 * post.c - a POST by libcurl's easy interface.
 */
#include "net/post.h"

#include "net/blocking.h"

struct posting {
	const struct post *post;
	struct buf *answer;
	bool refused;
};

static void set_options(struct blocking *blocking, struct posting *posting,
	struct curl_slist *headers);
static size_t on_body(char *p, size_t size, size_t n, void *context);
static curl_socket_t on_open_socket(
	void *context, curlsocktype purpose, struct curl_sockaddr *address);

bool post_send(const struct post *post, int *status, struct buf *answer,
	struct error *err)
{
	struct posting posting = { .post = post, .answer = answer };
	struct curl_slist *headers = NULL;
	struct blocking blocking;
	long code = 0;
	bool sent;

	blocking_init(&blocking, post->timeout_ms, post->stop);
	for (size_t i = 0; i < post->header_count; i++)
		headers = curl_slist_append(headers, post->headers[i]);
	set_options(&blocking, &posting, headers);
	sent = blocking_run(&blocking, err);
	if (!sent && posting.refused)
		error_set(err, ERR_UPSTREAM_CONNECT,
			"its address is on a private network, which "
			"upstream.allow_private does not allow");
	curl_easy_getinfo(blocking.easy, CURLINFO_RESPONSE_CODE, &code);
	*status = (int)code;
	curl_slist_free_all(headers);
	blocking_release(&blocking);
	return sent;
}

static void set_options(struct blocking *blocking, struct posting *posting,
	struct curl_slist *headers)
{
	const struct post *post = posting->post;
	CURL *easy = blocking->easy;

	curl_easy_setopt(easy, CURLOPT_URL, post->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "llm-gateway/1");
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(
		easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.n);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post->body.p);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, posting);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, posting);
}

/* What does not fit is read and forgotten. */
static size_t on_body(char *p, size_t size, size_t n, void *context)
{
	struct buf *answer = ((struct posting *)context)->answer;
	struct str bytes = { p, size * n };

	buf_append(answer, str_head(bytes, answer->max - answer->n));
	return bytes.n;
}

static curl_socket_t on_open_socket(
	void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct posting *posting = context;

	(void)purpose;
	if (posting->post->is_refused &&
		posting->post->is_refused(&address->addr)) {
		posting->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
		address->protocol);
}
