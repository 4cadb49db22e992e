/* record.h - one row of a source, as fields: checked, in the fields' units, on its way to the
 * results folder. A field that was not taken is not known.
 */
#pragma once

#include "domain/status.h"
#include "import/field.h"

#include <stddef.h>
#include <stdint.h>

struct str;

struct record_value {
    const char *text; /* names and ids; of numbers, where it is JSON as it stands; else nullptr */
    size_t n;
    double number; /* where text is nullptr */
};

struct record {
    uint64_t place;              /* line, or number of the entry, in the source */
    unsigned _BitInt(128) known; /* bit f: values[f] is there */
    struct record_value values[FIELD_COUNT];
    enum phase phase;
    enum status status;
    int64_t submitted_ns; /* INT64_MIN: not said, or not to a fraction of a second */
    bool own_clock;       /* submitted_ns counts from a moment that nobody knows, not from 1970 */
    const char *reason;   /* why status is not ok; nullptr: not said */
    const int64_t *token_ns; /* of each decoding step, from submitted on; nullptr: not said */
    size_t n_tokens;
    const char *stop; /* why generation ended, one for the sample; nullptr: not said */
};

static_assert(FIELD_COUNT <= 128, "struct record.known has a bit for each");

[[nodiscard]] static inline unsigned _BitInt(128) record_bit(enum field f)
{
    return (unsigned _BitInt(128))1 << f;
}

void record_clear(struct record *r);
[[nodiscard]] static inline bool record_has(const struct record *r, enum field f)
{
    return (r->known & record_bit(f)) != 0;
}

/* text[0..n), which ends in a NUL and is borrowed as long as r is used, in that unit (nullptr: the
 * field's own) times `times`. What is missing is not taken. False, and why it is not the field's in
 * `why` (added to). */
[[nodiscard]] bool record_take(struct record *r, enum field f, const char *text, size_t n,
                               const struct field_unit *unit, double times, struct str *why);
/* The same of a number; NaN is missing. */
[[nodiscard]] bool record_take_number(struct record *r, enum field f, double x,
                                      const struct field_unit *unit, double times, struct str *why);

/* For readers that checked it themselves: text must outlive r; a NaN is not taken. */
void record_set_text(struct record *r, enum field f, const char *text);
void record_set_number(struct record *r, enum field f, double x);

[[nodiscard]] double record_number(const struct record *r,
                                   enum field f); /* NOT_MEASURED: unknown */
