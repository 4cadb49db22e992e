/* err.h - what went wrong, in words a person can act on.
 *
 * The caller owns the struct err; nothing here allocates, so running out of memory can be
 * reported too. A function that can fail returns its code and takes the struct last.
 */
#pragma once

#include <stdint.h>

enum err_code : uint8_t {
    ERR_OK,
    ERR_USAGE,       /* the request makes no sense; exit 2 */
    ERR_PARSE,       /* a file or a reply is malformed; exit 2 where it is the experiment */
    ERR_IO,          /* the system said no; err.sys is errno */
    ERR_LIMIT,       /* a stated bound was reached */
    ERR_BACKEND,     /* the engine failed; err.msg carries its words */
    ERR_UNSUPPORTED, /* an honest "cannot": the report prints it as such (incompatible) */
    ERR_UNAVAILABLE, /* it exists, but not on this machine; says how to get it */
    ERR_INTERRUPTED, /* the person stopped it; exit 130 */
};

struct err {
    enum err_code code;
    int sys;
    char msg[1000]; /* outermost context first: "suite 'a.yaml': prompt 'p.txt': no such file" */
};

/* Record a failure, in one line of plain text whatever the arguments hold (base/plain.h). Returns
 * code, so that `return err_set(...)` reads as one step. */
[[nodiscard, gnu::format(printf, 3, 4)]]
enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...);

/* The same with several lines, for what has several things to say. */
[[nodiscard]] enum err_code err_set_lines(struct err *e, enum err_code code, const char *lines);

/* Record errno as ERR_IO. */
[[nodiscard, gnu::format(printf, 2, 3)]]
enum err_code err_sys(struct err *e, const char *fmt, ...);

/* Put context in front of a failure already recorded; returns its code unchanged. */
[[nodiscard, gnu::format(printf, 2, 3)]]
enum err_code err_wrap(struct err *e, const char *fmt, ...);
