/* mapping.h - which column of a table is which field: what was asked for (--map, --const), then the
 * columns whose names say it. Decides whether rows are samples or cells.
 */
#pragma once

#include "base/err.h"
#include "import/record.h"

#include <stddef.h>

struct arena;

enum mapping_form : uint8_t { MAPPING_SAMPLES, MAPPING_CELLS };

enum mapping_why : uint8_t { MAPPING_ASKED, MAPPING_SAME_NAME, MAPPING_SYNONYM };

struct mapping_column {
    enum field field;
    enum mapping_why why;
    size_t column;
    const char *name;              /* of the column */
    const struct field_unit *unit; /* nullptr: the field's own */
    double times;                  /* 1 unless --map FIELD=COLUMN*X */
    bool guessed; /* its name is a field's in many files, and something else in some: a value that
                     is none of the field's is left out, and said */
    const char *only; /* "gpu", "cpu": of rows whose backend is named so; nullptr: of all */
    const struct mapping_column *parts; /* of a name that several columns make: "A+B"; n_parts */
    size_t n_parts;                     /* 0: one column */
    bool truth; /* a column "success": 1 and 0 are true and false; in "status" they are neither */
};

/* Of a wide table: what each row holds of one label, which is a row of its own. */
struct mapping_label {
    const char *label;
    struct mapping_column *columns;
    size_t n;
};

struct mapping_const {
    enum field field;
    const char *text;
};

struct mapping {
    enum mapping_form form;
    struct mapping_column
        *columns; /* in order of the fields; of every label, where there are any */
    size_t n;
    enum field label_field; /* what the labels are; of no meaning without any */
    struct mapping_label *labels;
    size_t n_labels;
    struct mapping_const *consts;
    size_t n_consts;
    bool readings; /* samples that are readings of the power alone: no requests, no latency */
    struct record template; /* every row begins as it: the constants */
    const char **unused;    /* columns that no field took */
    size_t *unused_columns; /* where they stand */
    size_t n_unused;
    const char *hint; /* of an unused column that is a field in another unit; nullptr: none */
};

/* map, constants: items "FIELD=COLUMN", "FIELD=COLUMN+COLUMN" (of a name), "FIELD@LABEL=COLUMN" (of
 * a wide table), either with ":UNIT" or
 * "*X" behind it, "FIELD=" (take no column for it), "FIELD=VALUE". source is for messages.
 * ERR_USAGE names a field or column that is not there and the nearest right one. Text belongs to a
 * or is borrowed. */
struct mapping_request {
    const char *source;
    const char *const *names; /* the columns */
    size_t n_names;
    const char *const *map, *const *constants;
    size_t n_map, n_constants;
    const char *wide; /* the field that labels are of; nullptr: backend, or as their words show */
};
[[nodiscard]] enum err_code mapping_resolve(const struct mapping_request *q, struct arena *a,
                                            struct mapping *ret, struct err *e);

/* Only the constants, for formats whose columns are known. */
[[nodiscard]] enum err_code mapping_constants(const struct mapping_request *q, struct arena *a,
                                              struct mapping *ret, struct err *e);
/* A row's beginning: nothing but the constants. */
void mapping_start(const struct mapping *m, struct record *r);
/* The column that the field is taken from, in the words of --map; nullptr: none. */
[[nodiscard]] const char *mapping_column_of(const struct mapping *m, enum field f);
[[nodiscard]] bool mapping_has(const struct mapping *m, enum field f); /* a column or a constant */
