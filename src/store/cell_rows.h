/* cell_rows.h - cells.jsonl: what an imported source says of whole cells, a line each.
 *
 * Such a cell has figures and no samples: nothing can be derived from it again, and no interval
 * made. A line may also stand beside samples (`beside_samples`), and then holds only what the lines
 * of samples do not: what the model is, and what a source says of power, price, the host and what
 * ran.
 */
#pragma once

#include "base/err.h"
#include "domain/status.h"
#include "store/folder.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct jsonw;

struct results_row { /* NOT_MEASURED: the source does not say it */
    struct folder_key key;
    size_t cell; /* index among results.cells */
    uint32_t replicate;
    int32_t invocation; /* -1: not of one invocation */
    enum status status;
    const char *reason; /* nullptr: none given */
    const char *host;   /* nullptr: not said; several with ", " between */
    const char *versus; /* the backend that the row compares its own with; nullptr: none */
    double n_samples, mean_ms, median_ms, std_ms, p99_ms, max_ms, first_ms, mean_excl_first_ms,
        median_rest_ms;
    double ttft_ms, prefill_ms, decode_ms, prompt_tokens, generated_tokens, tokens, tokens_per_s,
        power_w, temperature_c, clock_mhz, steal_percent;
    double min_ms, q25_ms, q75_ms, p90_ms, p95_ms, ci_low_ms, ci_high_ms, cost_per_million;
    double versus_n, versus_mean_ms, versus_std_ms;                       /* of the other */
    double difference_ms, change_percent, t_statistic, p_value, cohens_d; /* stated of the two */
    double f_statistic, f_p_value;                    /* stated of all rows that have the same */
    double exponent, exponent_low, exponent_high, r2; /* the same, of a law by model size */
    /* Beside samples: means over them. */
    double padding_tokens, idle_power_w, power_samples, power_window_ms, power_std_w, power_min_w,
        power_max_w, energy_j, cost_per_hour;
    double cost_total, cost_infra, cost_energy, cost_purchase; /* as the source adds them up */
    double power_gaps;                        /* share of the window without a reading */
    double power_windows, power_windows_once; /* samples that say their power_samples; at most 1 */
    double energies, energies_not_positive;   /* samples that say their energy_j; those <= 0 */
    const char *ran_backend, *ran_precision, *timed_region, *power_quality,
        *pricing; /* several words: " | " between */
    bool beside_samples;
    double params_millions, n_layers, d_model; /* of the model */
};

/* A number of a row, by its name in the file and (but for counts over samples) in `import --map`.
 */
struct cell_rows_figure {
    const char *name;
    size_t offset; /* of a double in struct results_row */
};
struct cell_rows_word { /* the same of a text */
    const char *name;
    size_t offset; /* of a const char * */
};
extern const struct cell_rows_word cell_rows_words[];
extern const size_t cell_rows_n_words;
extern const struct cell_rows_figure cell_rows_figures[];
extern const size_t cell_rows_n_figures;

/* All NOT_MEASURED, status ok, no invocation. */
[[nodiscard]] struct results_row cell_rows_none(void);
/* Is it a row of a cell's own: not beside samples, and more than what its model is? */
[[nodiscard]] bool cell_rows_has_figures(const struct results_row *r);

/* One line's object; unknown figures are left out. */
void cell_rows_write(const struct results_row *r, struct jsonw *w);

struct cell_rows_fault { /* lines that are none of a cell, and are left out */
    size_t lines;
    const char *why; /* file and line of the first, and what was expected */
};

/* Every line, in file order; text belongs to a. */
[[nodiscard]] enum err_code cell_rows_read(const char *path, uint32_t replicate, struct arena *a,
                                           struct results_row **ret, size_t *ret_n,
                                           struct cell_rows_fault *ret_bad, struct err *e);
