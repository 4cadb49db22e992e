#include "base/err.h"

#include "base/plain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap);
    vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    plain_line(e->msg); /* names out of a file are among the arguments */
    e->code = code;
    e->sys = 0;
    return code;
}

enum err_code err_set_lines(struct err *e, enum err_code code, const char *lines)
{
    snprintf(e->msg, sizeof e->msg, "%s", lines);
    plain_lines(e->msg);
    e->code = code;
    e->sys = 0;
    return code;
}

enum err_code err_sys(struct err *e, const char *fmt, ...)
{
    const int sys = errno; /* before anything below can change it */
    char what[800];
    va_list ap;
    va_start(ap);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    const enum err_code code = err_set(e, ERR_IO, "%s: %s", what, strerrordesc_np(sys));
    e->sys = sys;
    return code;
}

enum err_code err_wrap(struct err *e, const char *fmt, ...)
{
    char inner[sizeof e->msg];
    memcpy(inner, e->msg, sizeof inner);

    va_list ap;
    va_start(ap);
    const int head = vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    plain_line(e->msg);
    if (head < 0 || (size_t)head >= sizeof e->msg)
        return e->code;

    const size_t room = sizeof e->msg - (size_t)head;
    if (snprintf(e->msg + head, room, ": %s", inner) >= (int)room)
        memcpy(e->msg + sizeof e->msg - 4, "...", 4); /* say that something was cut */
    return e->code;
}
