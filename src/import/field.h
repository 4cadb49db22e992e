/* field.h - the fields that `import` understands: one table for mapping, checking, --help and
 * docs/IMPORT.md. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum field : uint8_t {
    FIELD_SCENARIO,
    FIELD_BACKEND,
    FIELD_MODEL,
    FIELD_PRECISION,
    FIELD_RAN_BACKEND,
    FIELD_RAN_PRECISION,
    FIELD_TIMED_REGION,
    FIELD_MODE,
    FIELD_COMPILED,
    FIELD_COMPILE_FALLBACK,
    FIELD_COMPILE_GRAPHS,
    FIELD_INVOCATION,
    FIELD_REPETITION,
    FIELD_PROMPT_INDEX,
    FIELD_PHASE,
    FIELD_STARTED_AT,
    FIELD_STATUS,
    FIELD_LATENCY_MS,
    FIELD_TTFT_MS,
    FIELD_PREFILL_MS,
    FIELD_DECODE_MS,
    FIELD_PROMPT_TOKENS,
    FIELD_PADDING_TOKENS,
    FIELD_GENERATED_TOKENS,
    FIELD_TOKENS,
    FIELD_TOKENS_PER_S,
    FIELD_POWER_W,
    FIELD_IDLE_POWER_W,
    FIELD_POWER_SAMPLES,
    FIELD_POWER_WINDOW_MS,
    FIELD_POWER_STD_W,
    FIELD_POWER_MIN_W,
    FIELD_POWER_MAX_W,
    FIELD_ENERGY_J,
    FIELD_COST_PER_HOUR,
    FIELD_TEMPERATURE_C,
    FIELD_CLOCK_MHZ,
    FIELD_STEAL_PERCENT,
    FIELD_PARAMS_MILLIONS,
    FIELD_N_LAYERS,
    FIELD_D_MODEL,
    FIELD_HOST,
    FIELD_N_SAMPLES,
    FIELD_MEAN_MS,
    FIELD_MEDIAN_MS,
    FIELD_STD_MS,
    FIELD_P99_MS,
    FIELD_MAX_MS,
    FIELD_FIRST_MS,
    FIELD_MEAN_EXCL_FIRST_MS,
    FIELD_MEDIAN_REST_MS,
    FIELD_MIN_MS,
    FIELD_Q25_MS,
    FIELD_Q75_MS,
    FIELD_P90_MS,
    FIELD_P95_MS,
    FIELD_CI_LOW_MS,
    FIELD_CI_HIGH_MS,
    FIELD_COST_PER_MILLION,
    FIELD_PRICING,
    FIELD_COST_TOTAL,
    FIELD_COST_INFRA,
    FIELD_COST_ENERGY,
    FIELD_COST_PURCHASE,
    FIELD_POWER_QUALITY,
    FIELD_POWER_GAPS,
    FIELD_VERSUS,
    FIELD_VERSUS_N,
    FIELD_VERSUS_MEAN_MS,
    FIELD_VERSUS_STD_MS,
    FIELD_DIFFERENCE_MS,
    FIELD_CHANGE_PERCENT,
    FIELD_T_STATISTIC,
    FIELD_P_VALUE,
    FIELD_COHENS_D,
    FIELD_F_STATISTIC,
    FIELD_F_P_VALUE,
    FIELD_EXPONENT,
    FIELD_EXPONENT_LOW,
    FIELD_EXPONENT_HIGH,
    FIELD_R2,
    FIELD_COUNT,
};

enum field_kind : uint8_t {
    FIELD_KIND_NAME,   /* a word that names a cell */
    FIELD_KIND_ID,     /* a whole number, or words that are numbered as they appear */
    FIELD_KIND_PHASE,  /* cold, warmup, measured */
    FIELD_KIND_STATUS, /* ok, error, ... */
    FIELD_KIND_TIME,   /* an instant: ISO 8601, or a number with its unit */
    FIELD_KIND_WHOLE,  /* a whole number, 0 or more */
    FIELD_KIND_AMOUNT, /* a number, 0 or more */
    FIELD_KIND_NUMBER, /* a number */
};

enum field_of : uint8_t { /* rows that it may stand in */
                          FIELD_OF_SAMPLE = 1,
                          FIELD_OF_CELL = 2,
                          FIELD_OF_BOTH = 3,
};

enum field_quantity : uint8_t { /* what units it can be in */
                                FIELD_PLAIN,
                                FIELD_DURATION, /* ms */
                                FIELD_INSTANT,  /* no unit of its own */
                                FIELD_POWER,    /* W */
                                FIELD_MILLIONS,
};

struct field_info {
    const char *name;
    enum field_kind kind;
    enum field_quantity quantity;
    enum field_of rows;
    bool names_form;         /* a column of that name says what the rows are: cell summaries,
                                latency_ms */
    const char *about;       /* one line */
    const char *const *also; /* columns of these names are taken for it; ends in nullptr */
};

extern const struct field_info field_table[FIELD_COUNT];

/* By its name, or by one that is taken for it. FIELD_COUNT: no such field. */
[[nodiscard]] enum field field_find(const char *name);
/* The nearest right name, or nullptr. */
[[nodiscard]] const char *field_nearest(const char *name);

struct field_unit { /* a value in it, times `times`, by `by`, is one in the field's own */
    const char *name;
    enum field_quantity quantity;
    double times, by;
};
/* nullptr: the field cannot be in it. */
[[nodiscard]] const struct field_unit *field_unit_find(enum field f, const char *name);
/* "ns, us, ms, s, min"; "" where it has no units. */
[[nodiscard]] const char *field_units(enum field f);

constexpr size_t FIELD_LONGEST = 64; /* of a plain name, with its NUL */
/* "Latency (ms)" -> "latency_ms"; "" where it does not fit. */
void field_plain_name(const char *name, char out[static FIELD_LONGEST]);

/* Is the column's name the field's, or one of those that are taken for it? Compared without case,
 * every run of other characters than letters and digits being one '_'. 0: no; 1: its own name; 2
 * and more: a synonym, the smaller the better. */
[[nodiscard]] unsigned field_matches(enum field f, const char *column);

/* The same where the name is one of the latency's with a word beside it that makes it the cell's
 * figure f ("mean_total_ms", "latency_ms_p95"), or f's own beside the word for a mean
 * ("prefill_ms_mean"). */
[[nodiscard]] unsigned field_matches_figure(enum field f, const char *column);

/* A column whose name says another unit of a field: "latency_s", "params". *ret_unit is it.
 * FIELD_COUNT: none. */
[[nodiscard]] enum field field_in_other_unit(const char *column, const char **ret_unit);

/* Of a column whose name fits by `fit` (field_matches): are 1 and 0 true and false in it?
 * "success", "is_warmup" are so; "warmup: 1" may be how many there were. */
[[nodiscard]] bool field_is_truth(enum field f, unsigned fit);
/* "timestamp" may be a number of no known unit, "params" may be in millions already, "warmup" a
 * count: values that are none of the field's are then left out. */
[[nodiscard]] bool field_may_be_another(enum field f);
