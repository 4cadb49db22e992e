/* document.h - the tables inside one JSON document: lists of objects, and objects of objects that
 * are alike ({"onnx": {"mean": ...}, "torch": {...}}), whose keys name the rows. Pure.
 */
#pragma once

#include "io/json.h"

#include <stddef.h>

struct arena;

struct document_table {
    const char *path; /* keys with dots between */
    const struct json *rows;
    bool keyed; /* an object of objects */
};

/* At most `most` of them, none inside another, in the order of the document. Paths belong to a. */
[[nodiscard]] size_t document_tables(const struct json *document, struct arena *a,
                                     struct document_table *ret, size_t most);
