/* oracle.h - expected numbers from the JSON files in tests/oracle (see ORIGIN.md there). */
#pragma once

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"
#include "test.h"

#include <stdlib.h>

/* A missing file is a failed check, and then an empty value. */
static inline const struct json *oracle_read(const char *name, struct arena *a)
{
    const char *const root = getenv("CHIMERA_TESTS");
    struct err e = {};
    const struct json *v = nullptr;
    const enum err_code code = json_read_file(
        file_join(a, file_join(a, root ? root : "tests", "oracle"), name), a, &v, &e);
    CHECK(name, code == ERR_OK, "%s", e.msg);
    return v;
}

static inline double oracle_number(const struct json *v, const char *key)
{
    return json_f64(json_get(v, key), NOT_MEASURED);
}

static inline double oracle_at(const struct json *v, const char *key, size_t i)
{
    return json_f64(json_at(json_get(v, key), i), NOT_MEASURED);
}

static inline double *oracle_numbers(const struct json *v, struct arena *a, size_t *ret_n)
{
    double *const x = ARENA_ARRAY(a, double, json_len(v) + 1);
    struct json_iter it = json_iter(v);
    const struct json *item;
    for (*ret_n = 0; (item = json_next(&it, nullptr));)
        x[(*ret_n)++] = json_f64(item, NOT_MEASURED);
    return x;
}

/* Digits that agree (McCullough 1998), at most 16. */
static inline double oracle_digits(double got, double want)
{
    if (isnan(got) || isnan(want))
        return isnan(got) && isnan(want) ? 16 : 0;
    if (!(fabs(got - want) > 0))
        return 16;
    return fmin(16, -log10(fabs(want) > 0 ? fabs(got - want) / fabs(want) : fabs(got)));
}

#define CHECK_DIGITS(label, got, want, digits)                                                     \
    do {                                                                                           \
        const double og_ = (got), ow_ = (want);                                                    \
        CHECK(label, oracle_digits(og_, ow_) >= (digits), "got %.17g, want %.17g: %.1f digits",    \
              og_, ow_, oracle_digits(og_, ow_));                                                  \
    } while (0)
