/* by_name.h - the columns that mapping.c takes without being asked, because their names say it. */
#pragma once

#include "import/mapping.h"

struct label_column { /* of a wide table */
    const char *label;
    struct mapping_column c;
};

struct resolving {
    const struct mapping_request *q;
    struct arena *a;
    enum field label_field; /* FIELD_COUNT: nobody said */
    struct label_column *labels;
    size_t n_labels;
    const char *could_be_wide; /* nullptr, or columns that look like it */
    const char *twice;         /* nullptr, or a field's column whose name stands twice */
    enum field twice_field;
    struct mapping_column by_field[FIELD_COUNT]; /* of labels: the first one's */
    bool labelled[FIELD_COUNT];
    bool mapped[FIELD_COUNT], constant[FIELD_COUNT], barred[FIELD_COUNT];
    bool *used; /* columns */
};

/* The unused column whose name fits the field best; a name that stands twice fits nothing. */
void by_name_take(struct resolving *z, enum field f);
/* The one unused column whose last key (behind its last dot) is the field's. */
void by_name_last_key(struct resolving *z, enum field f);
/* Nothing but a number of samples, where rows are cells: "n". */
void by_name_n(struct resolving *z);
/* Where nothing else tells the backends apart, the device does. */
void by_name_device(struct resolving *z);
/* Columns without a unit beside a mean that was asked for, in its unit. */
void by_name_siblings(struct resolving *z);
/* Costs with the kind of price behind their names, and that kind as a constant. */
void by_name_prices(struct resolving *z, struct mapping *m);
/* A sensor of the CPU beside the GPU's that was taken: each for the rows that ran there. */
void by_name_twin(struct resolving *z, struct mapping *m);
