/* number.h - numbers as people read them: enough digits to compare, no more. */
#pragma once

struct arena;

/* About three significant digits without an exponent: "0.043", "5.31", "48.2", "312", "12 400".
 * nullptr when x is no number. */
[[nodiscard]] const char *number_short(struct arena *a, double x);
