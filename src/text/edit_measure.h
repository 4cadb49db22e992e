/* edit_measure.h - every edit measure by its name. */
#pragma once

#include "text/fuzz_ratio.h"
#include "text/jaro.h"

enum edit_measure_kind : uint8_t {
    EDIT_MEASURE_COUNT,    /* a distance, or a length: a whole number of code points */
    EDIT_MEASURE_FRACTION, /* a similarity, 0 to 1 */
    EDIT_MEASURE_PERCENT,  /* a similarity, 0 to 100 */
};

struct edit_measure_scratch { /* starts as {} */
    struct fuzz_ratio fuzz;
    struct jaro jaro;
};

void edit_measure_done(struct edit_measure_scratch *s);

/* "levenshtein", "levenshtein_similarity", "ratio", ...; COUNT of them, in a fixed order. */
[[nodiscard]] size_t edit_measure_count(void);
[[nodiscard]] const char *edit_measure_name(size_t which);
[[nodiscard]] enum edit_measure_kind edit_measure_kind(size_t which);
[[nodiscard]] size_t edit_measure_find(const char *name); /* edit_measure_count(): none */

/* The similarity of a distance d is 1 - d / most, most being the largest that texts of these
 * lengths can have; 1 for two empty texts. NOT_MEASURED: hamming of texts of two lengths. */
[[nodiscard]] double edit_measure(struct edit_measure_scratch *s, size_t which, struct edit_pair p);
