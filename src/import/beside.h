/* beside.h - what stands in cells.jsonl beside a cell's samples: what lines of samples.jsonl have
 * no key for. Facts of the model, which may not change within a cell; means over the samples;
 * words.
 */
#pragma once

#include "store/cell_rows.h"

#include <stdint.h>

struct arena;
struct record;
struct str;

enum { BESIDE_MEANS = 11 };

struct beside {
    struct results_row row;
    uint64_t model_place; /* of the row that said what the model is */
    uint64_t n_means[BESIDE_MEANS];
};

[[nodiscard]] struct beside beside_of(struct folder_key key);
/* One sample's; text is copied to a, once for each different word. False, and why in `why`: the
 * model is another one than before. */
[[nodiscard]] bool beside_take(struct beside *b, const struct record *r, struct arena *a,
                               struct str *why);
/* Is there anything to write? */
[[nodiscard]] bool beside_says(const struct beside *b);
/* The words of a row of a cell's own: host, versus, what ran, ... */
void beside_words(struct results_row *row, const struct record *r, struct arena *a);
