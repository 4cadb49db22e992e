#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_done(struct str *s)
{
    free(s->text);
    *s = (struct str){};
}

void str_clear(struct str *s)
{
    s->n = 0;
    if (s->text)
        s->text[0] = '\0';
}

void str_reserve(struct str *s, size_t extra)
{
    if (extra < s->room - s->n && s->text)
        return;
    if (extra >= STR_LIMIT - s->n - 1) {
        fprintf(stderr, "chimera: a text grew past %zu bytes\n", STR_LIMIT);
        abort();
    }
    size_t room = s->room ? s->room : 64;
    while (room - s->n <= extra)
        room *= 2;
    char *const text = realloc(s->text, room);
    if (!text) {
        fprintf(stderr, "chimera: out of memory: %zu bytes of text\n", room);
        abort();
    }
    s->text = text;
    s->room = room;
    s->text[s->n] = '\0';
}

void str_add(struct str *s, const char *bytes, size_t n)
{
    str_reserve(s, n);
    if (n)
        memcpy(s->text + s->n, bytes, n);
    s->n += n;
    s->text[s->n] = '\0';
}

void str_puts(struct str *s, const char *text)
{
    str_add(s, text, strlen(text));
}

void str_putc(struct str *s, char c)
{
    str_add(s, &c, 1);
}

void str_vprintf(struct str *s, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    const int n = vsnprintf(nullptr, 0, fmt, again);
    va_end(again);
    if (n < 0)
        return;
    str_reserve(s, (size_t)n);
    (void)vsnprintf(s->text + s->n, (size_t)n + 1, fmt, ap);
    s->n += (size_t)n;
}

void str_printf(struct str *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap);
    str_vprintf(s, fmt, ap);
    va_end(ap);
}

const char *str_text(const struct str *s)
{
    return s->text ? s->text : "";
}
