/* literal.h - how a number, an instant or "nothing" is written in a table, read strictly: what
 * could mean two things is refused with the reason. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* "", NaN, NA, N/A, #N/A, null, none, whatever the case, and "-". */
[[nodiscard]] bool literal_is_missing(const char *text, size_t n);

struct literal_number {
    bool json;     /* text is a JSON number as it stands */
    bool negative; /* and not zero */
    bool whole;    /* digits alone, but for a zero fraction */
    bool huge;     /* only strtod() can tell whether it is finite */
};
/* nullptr, or why text[0..n) is no number: a decimal comma, thousands separators, a unit ... Blanks
 * around it must be gone. */
[[nodiscard]] const char *literal_number(const char *text, size_t n, struct literal_number *ret);

/* Make "1.234,5" (thousands '.', decimal ',') a number with a point alone, in place; *n is its
 * length, and a NUL stands behind it. false: it is none of that form, and stays. */
[[nodiscard]] bool literal_plain(char *text, size_t *n, char thousands, char decimal);

/* 2026-01-31T12:00:00.123Z, with a blank for the T, an offset (+02:00), or no zone, which is taken
 * for UTC. *ret: ns since 1970; *ret_fraction: digits of a second that were given. */
[[nodiscard]] bool literal_instant(const char *text, size_t n, int64_t *ret,
                                   unsigned *ret_fraction);
