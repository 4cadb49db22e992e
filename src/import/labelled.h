/* labelled.h - columns of a wide table: names that are a field's with a label beside it, such as
 * "onnx_latency_ms" and "torch_latency_ms", one row of the table being a row of each label. Pure.
 */
#pragma once

#include "import/field.h"

#include <stddef.h>

struct arena;

struct labelled {
    size_t column;
    enum field field;
    const struct field_unit *unit; /* that the name tells; nullptr: the field's own */
    const char *label;             /* in small letters, pieces joined by '_' */
};

struct labelled_columns {
    enum field by; /* what the labels are: FIELD_BACKEND, FIELD_PRECISION, ...; FIELD_COUNT: they
                      may be one of these, but nothing says which */
    struct labelled *columns;
    size_t n; /* 0: none */
};

/* Of names[0..n) (the first thousand) that are not used[]: those of at least two labels of one
 * field. by: what the labels are; FIELD_COUNT: only labels that name an engine, a device or a
 * precision are taken for such, and `by` says so; where there are others alone, they are returned
 * with FIELD_COUNT. taken[f]: the field has a column of its own. */
[[nodiscard]] struct labelled_columns labelled_find(const char *const *names, size_t n,
                                                    const bool *used,
                                                    const bool taken[static FIELD_COUNT],
                                                    enum field by, struct arena *a);
/* Does the word name an engine or a device, such as transformers-gpu? Models' names do not. */
[[nodiscard]] bool labelled_is_engine(const char *word);
/* Is the whole name of the column engines, devices and precisions, and no field's? */
[[nodiscard]] bool labelled_is_backend(const char *column);
