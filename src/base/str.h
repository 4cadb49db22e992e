/* str.h - a growing text buffer. The one place where chimera builds text of unknown length.
 *
 * A str is embedded, starts as {} and is freed with str_done(). `text` is nullptr until something
 * was added, afterwards it always ends in a NUL that `n` does not count. Growth has a limit
 * (STR_LIMIT unless set); reaching it ends the program: text of that size is a bug of ours.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

constexpr size_t STR_LIMIT = 1U << 30;

struct str {
    char *text;
    size_t n, room;
};

void str_done(struct str *s);  /* for CLEANUP() too */
void str_clear(struct str *s); /* keeps the memory, so that a loop does not allocate */
void str_reserve(struct str *s, size_t extra);
void str_add(struct str *s, const char *bytes, size_t n);
void str_puts(struct str *s, const char *text);
void str_putc(struct str *s, char c);
[[gnu::format(printf, 2, 3)]] void str_printf(struct str *s, const char *fmt, ...);
[[gnu::format(printf, 2, 0)]] void str_vprintf(struct str *s, const char *fmt, va_list ap);
const char *str_text(const struct str *s); /* never nullptr */
