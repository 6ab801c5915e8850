/*
 * blocking.c - libcurl's easy interface.
 */
#include "net/blocking.h"

static int on_progress(void *context, curl_off_t down_total, curl_off_t down,
	curl_off_t up_total, curl_off_t up);

void blocking_init(
	struct blocking *blocking, int64_t timeout_ms, const bool *stop)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		abort();
	memset(blocking, 0, sizeof(*blocking));
	blocking->easy = easy;
	blocking->timeout_ms = timeout_ms;
	blocking->stop = stop;
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, blocking->error_text);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, blocking);
}

void blocking_release(struct blocking *blocking)
{
	curl_easy_cleanup(blocking->easy);
}

bool blocking_run(struct blocking *blocking, struct error *err)
{
	CURLcode code = curl_easy_perform(blocking->easy);
	const char *text = blocking->error_text[0] ? blocking->error_text
						   : curl_easy_strerror(code);

	switch (code) {
	case CURLE_OK: return true;
	case CURLE_ABORTED_BY_CALLBACK:
		return error_set(err, ERR_DRAINING, "the process is ending");
	case CURLE_OPERATION_TIMEDOUT:
		return error_set(err, ERR_UPSTREAM_TIMEOUT,
			"no answer within %" PRId64 " ms",
			blocking->timeout_ms);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_URL_MALFORMAT:
		return error_set(err, ERR_UPSTREAM_CONNECT, "%s", text);
	default: return error_set(err, ERR_UPSTREAM_RESET, "%s", text);
	}
}

/* libcurl asks at least once a second. */
static int on_progress(void *context, curl_off_t down_total, curl_off_t down,
	curl_off_t up_total, curl_off_t up)
{
	const struct blocking *blocking = context;

	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return blocking->stop &&
	       __atomic_load_n(blocking->stop, __ATOMIC_ACQUIRE);
}
