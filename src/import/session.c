#include "import/session.h"

#include "base/arena.h"
#include "base/defs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

constexpr uint64_t MOST_BAD = 1000; /* rows, where they are an error: then the rest is not read */
constexpr uint64_t SHOWN_BAD = 4;

void session_done(struct session *s)
{
    target_discardp(&s->target);
    str_done(&s->complaints);
    str_done(&s->row_why);
}

enum err_code session_begin(struct session *s, struct err *e)
{
    return target_open(s->q->out, s->q->force, s->a, &s->target, e);
}

void session_note(struct session *s, const char *fmt, ...)
{
    if (s->n_notes == s->room_notes) {
        const char **const more = ARENA_ARRAY(s->a, const char *, 2 * s->room_notes + 16);
        if (s->n_notes)
            memcpy(more, s->notes, s->n_notes * sizeof *more);
        s->notes = more;
        s->room_notes = 2 * s->room_notes + 16;
    }
    va_list ap;
    va_start(ap, fmt);
    s->notes[s->n_notes++] = arena_vprintf(s->a, fmt, ap);
    va_end(ap);
}

enum err_code session_complain(struct session *s, const char *message, struct err *e)
{
    if (s->bad++ < SHOWN_BAD)
        str_printf(&s->complaints, "%s%.200s", s->bad > 1 ? "\n" : "", message);
    return s->bad == MOST_BAD && !s->q->skip_bad ? session_check(s, e) : ERR_OK;
}

enum err_code session_bad(struct session *s, uint64_t place, const char *why, struct err *e)
{
    CLEANUP(str_done) struct str line = {};
    str_printf(&line, "%s:%" PRIu64 ": %s", s->source.file, place, why);
    return session_complain(s, line.text, e);
}

enum err_code session_take(struct session *s, const struct record *r, struct err *e)
{
    s->rows++;
    if (s->q->stop && *s->q->stop)
        return err_set(e, ERR_INTERRUPTED, "interrupted; nothing was written");
    str_clear(&s->row_why);
    switch (s->map.form == MAPPING_SAMPLES ? target_sample(s->target, r, &s->row_why, e)
                                           : target_row(s->target, r, &s->row_why, e)) {
    case TARGET_TAKEN:
        return ERR_OK;
    case TARGET_BAD:
        return session_bad(s, r->place, str_text(&s->row_why), e);
    case TARGET_FAILED:
        return e->code;
    }
    unreachable();
}

enum err_code session_check(const struct session *s, struct err *e)
{
    if (s->bad == 0 || s->q->skip_bad)
        return ERR_OK;
    CLEANUP(str_done) struct str text = {};
    str_puts(&text, str_text(&s->complaints));
    if (s->bad > SHOWN_BAD)
        str_printf(&text, "\nand %" PRIu64 "%s more such rows", s->bad - SHOWN_BAD,
                   s->bad >= MOST_BAD ? " (or more)" : "");
    str_puts(&text, "\nnothing was written; --skip-bad leaves such rows out");
    return err_set_lines(e, ERR_PARSE, text.text);
}
