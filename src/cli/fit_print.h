/* fit_print.h - what `chimera stats --fit` says to people. */
#pragma once

#include "analysis/column_fit.h"

struct str;

/* level_asked: the crossing is told even where no value is on its other side.
 * width: of the terminal, or 0. */
void fit_print(const struct column_fit *f, const char *x, const char *y, bool level_asked,
               size_t width, bool colour, struct arena *a, struct str *out);
