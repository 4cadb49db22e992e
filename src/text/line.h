/* line.h - a piece of text that somebody else owns. */
#pragma once

#include <stddef.h>

struct line {
    const char *text; /* UTF-8; need not end in a NUL, may contain one */
    size_t n;         /* bytes */
};
