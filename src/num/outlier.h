/* outlier.h - marks values that stand apart. Marks, never drops: whether a figure depends on them
 * is the caller's to show. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Centre and spread that a few wild values do not move: median and 1.4826 MAD. */
struct outlier_scale {
    double centre; /* NOT_MEASURED when n is 0 */
    double spread; /* in units of a normal sd; at least the resolution */
    bool floored;  /* more than half of the values are equal to within the resolution */
};

/* sorted[0..n) ascending; scratch[0..n). resolution: the smallest step that the clock or the format
 * can show, in the unit of x; 0: unknown, then spread may be 0. */
[[nodiscard]] struct outlier_scale outlier_scale(const double *sorted, size_t n, double resolution,
                                                 double *scratch);

/* Iglewicz & Hoaglin's (1993) modified z, (x - median) / (1.4826 MAD). With a spread of 0 any value
 * off the centre is infinitely far. */
[[nodiscard]] double outlier_z(const struct outlier_scale *s, double x);

/* Tukey's fences: quartiles (type 7) -+ 1.5 and 3 times their distance. */
struct outlier_fences {
    double severe_lo, mild_lo, mild_hi, severe_hi;
};
[[nodiscard]] struct outlier_fences outlier_fences(const double *sorted, size_t n);

enum outlier_mark : int8_t {
    OUTLIER_SEVERE_LO = -2,
    OUTLIER_MILD_LO = -1,
    OUTLIER_NONE = 0,
    OUTLIER_MILD_HI = 1,
    OUTLIER_SEVERE_HI = 2,
};
[[nodiscard]] enum outlier_mark outlier_mark(const struct outlier_fences *f, double x);
