/* http.h - one request to a server, through libcurl. No cookies, no redirections, no proxy but
 * that of the environment. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct http_request {
    const char *url;  /* http:// or https:// */
    const char *body; /* JSON that is posted; nullptr: GET */
    size_t n_body;
    const char *bearer; /* of the Authorization header; nullptr: none */
    double connect_timeout_s, timeout_s;
    bool (*stop)(void *context); /* asked now and then: give up? May be nullptr */
    void *context;
};

/* *ret_status: as the server said, 404 too. *ret_body (of the caller, empty) is what came, at most
 * 1 GiB. ERR_IO: no answer, with the server and why (refused, no such host, timed out, TLS).
 * ERR_INTERRUPTED: stop said so. ERR_USAGE: the URL is none. ERR_UNAVAILABLE: no libcurl here. */
[[nodiscard]] enum err_code http_do(const struct http_request *r, long *ret_status,
                                    struct str *ret_body, struct err *e);
