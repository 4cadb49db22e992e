/* figure.h - samples as points, medians with their intervals, one panel per scenario: drawn by
 * gnuplot.
 *
 * gnuplot is a child process that gets its script through a file without a name; no shell is
 * involved. Same data, same picture. Nothing is computed here but places on the page.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct figure_row {        /* one configuration in one panel */
    const char *why_empty; /* nullptr: it has samples; else a word that stands in their place */
    const double *x;       /* ascending; at most FIGURE_POINTS of them are drawn, evenly by rank */
    size_t n;
    double median, lo, hi; /* lo and hi may be NOT_MEASURED */
};

struct figure_panel {
    const char *title;
    const struct figure_row *rows; /* n_labels of them */
};

struct figure {
    const char *title, *axis;  /* axis: quantity and unit */
    const char *const *labels; /* of the rows, the same in every panel */
    const unsigned *colors;    /* of the rows: number of a colour, any */
    size_t n_labels;
    const struct figure_panel *panels;
    size_t n_panels;
};

constexpr size_t FIGURE_POINTS = 400;

/* Write a PNG, 1200 points wide: beside path, then renamed. ERR_UNAVAILABLE: no gnuplot, says how
 * to get it. */
[[nodiscard]] enum err_code figure_draw(const struct figure *f, const char *path, struct err *e);
