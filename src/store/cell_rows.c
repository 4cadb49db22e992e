#include "store/cell_rows.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <math.h>
#include <string.h>

#define FIGURE(name) {#name, FIELD_OF(struct results_row, name, double)}

const struct cell_rows_figure cell_rows_figures[] = {
    FIGURE(n_samples),       FIGURE(mean_ms),
    FIGURE(median_ms),       FIGURE(std_ms),
    FIGURE(p99_ms),          FIGURE(max_ms),
    FIGURE(first_ms),        FIGURE(mean_excl_first_ms),
    FIGURE(median_rest_ms),  FIGURE(ttft_ms),
    FIGURE(prefill_ms),      FIGURE(decode_ms),
    FIGURE(prompt_tokens),   FIGURE(generated_tokens),
    FIGURE(tokens),          FIGURE(tokens_per_s),
    FIGURE(power_w),         FIGURE(temperature_c),
    FIGURE(clock_mhz),       FIGURE(steal_percent),
    FIGURE(min_ms),          FIGURE(q25_ms),
    FIGURE(q75_ms),          FIGURE(p90_ms),
    FIGURE(p95_ms),          FIGURE(ci_low_ms),
    FIGURE(ci_high_ms),      FIGURE(cost_per_million),
    FIGURE(versus_n),        FIGURE(versus_mean_ms),
    FIGURE(versus_std_ms),   FIGURE(difference_ms),
    FIGURE(change_percent),  FIGURE(t_statistic),
    FIGURE(p_value),         FIGURE(cohens_d),
    FIGURE(f_statistic),     FIGURE(f_p_value),
    FIGURE(exponent),        FIGURE(exponent_low),
    FIGURE(exponent_high),   FIGURE(r2),
    FIGURE(padding_tokens),  FIGURE(idle_power_w),
    FIGURE(power_samples),   FIGURE(power_window_ms),
    FIGURE(power_std_w),     FIGURE(power_min_w),
    FIGURE(power_max_w),     FIGURE(energy_j),
    FIGURE(cost_per_hour),   FIGURE(cost_total),
    FIGURE(cost_infra),      FIGURE(cost_energy),
    FIGURE(cost_purchase),   FIGURE(power_gaps),
    FIGURE(power_windows),   FIGURE(power_windows_once),
    FIGURE(energies),        FIGURE(energies_not_positive),
    FIGURE(params_millions), FIGURE(n_layers),
    FIGURE(d_model),
};
const size_t cell_rows_n_figures = COUNT_OF(cell_rows_figures);

#define WORD(name) {#name, FIELD_OF(struct results_row, name, const char *)}

const struct cell_rows_word cell_rows_words[] = {
    WORD(ran_backend), WORD(ran_precision), WORD(pricing), WORD(timed_region), WORD(power_quality)};
const size_t cell_rows_n_words = COUNT_OF(cell_rows_words);

constexpr size_t MODEL_FACTS = 3; /* the last ones */

static double *at(struct results_row *r, size_t figure)
{
    return (double *)(void *)((char *)r + cell_rows_figures[figure].offset);
}

static double get(const struct results_row *r, size_t figure)
{
    double x;
    memcpy(&x, (const char *)r + cell_rows_figures[figure].offset, sizeof x);
    return x;
}

struct results_row cell_rows_none(void)
{
    struct results_row r = {.invocation = -1, .status = STATUS_OK};
    for (size_t i = 0; i < cell_rows_n_figures; i++)
        *at(&r, i) = NOT_MEASURED;
    return r;
}

bool cell_rows_has_figures(const struct results_row *r)
{
    if (r->beside_samples)
        return false;
    for (size_t i = 0; i < cell_rows_n_figures - MODEL_FACTS; i++)
        if (!isnan(get(r, i)))
            return true;
    return r->status != STATUS_OK;
}

void cell_rows_write(const struct results_row *r, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "scenario", r->key.scenario);
    jsonw_kstr(w, "backend", r->key.backend);
    jsonw_kstr(w, "precision", r->key.precision);
    jsonw_kstr(w, "model", r->key.model);
    if (r->invocation >= 0)
        jsonw_ki64(w, "invocation", r->invocation);
    jsonw_kstr(w, "status", status_name(r->status));
    if (r->reason)
        jsonw_kstr(w, "reason", r->reason);
    if (r->beside_samples)
        jsonw_kbool(w, "beside_samples", true);
    if (r->host)
        jsonw_kstr(w, "host", r->host);
    if (r->versus)
        jsonw_kstr(w, "versus", r->versus);
    for (size_t i = 0; i < cell_rows_n_words; i++) {
        const char *word;
        memcpy(&word, (const char *)r + cell_rows_words[i].offset, sizeof word);
        if (word)
            jsonw_kstr(w, cell_rows_words[i].name, word);
    }
    for (size_t i = 0; i < cell_rows_n_figures; i++)
        if (!isnan(get(r, i)))
            jsonw_kf64(w, cell_rows_figures[i].name, get(r, i));
    jsonw_end_object(w);
}

static const char *text(const struct json *v, const char *key, struct arena *a)
{
    const char *const s = json_str(json_get(v, key), nullptr);
    return s ? arena_strdup(a, s) : nullptr;
}

static bool read_row(const struct json *v, struct arena *a, struct results_row *ret)
{
    struct results_row r = cell_rows_none();
    r.key = (struct folder_key){text(v, "scenario", a), text(v, "backend", a),
                                text(v, "precision", a), text(v, "model", a)};
    r.reason = text(v, "reason", a);
    r.host = text(v, "host", a);
    r.versus = text(v, "versus", a);
    const int64_t invocation = json_i64(json_get(v, "invocation"), -1);
    r.invocation = invocation < INT32_MAX ? (int32_t)invocation : -1;
    for (size_t i = 0; i < cell_rows_n_figures; i++)
        *at(&r, i) = json_f64(json_get(v, cell_rows_figures[i].name), NOT_MEASURED);
    for (size_t i = 0; i < cell_rows_n_words; i++) {
        const char *const word = text(v, cell_rows_words[i].name, a);
        memcpy((char *)&r + cell_rows_words[i].offset, &word, sizeof word);
    }
    r.beside_samples = json_bool(json_get(v, "beside_samples"), false);
    *ret = r;
    return r.key.scenario && r.key.backend && r.key.precision && r.key.model &&
           status_parse(json_str(json_get(v, "status"), "ok"), &ret->status);
}

enum err_code cell_rows_read(const char *path, uint32_t replicate, struct arena *a,
                             struct results_row **ret, size_t *ret_n,
                             struct cell_rows_fault *ret_bad, struct err *e)
{
    *ret_bad = (struct cell_rows_fault){};
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)1 << 30);
    char *all;
    size_t n, lines = 1, rows = 0;
    if (file_read(path, scratch, &all, &n, e))
        return e->code;
    for (size_t i = 0; i < n; i++)
        lines += all[i] == '\n';
    struct results_row *const list = ARENA_ARRAY(a, struct results_row, lines);
    size_t line = 1;
    for (size_t from = 0, length; from < n; from += length + 1, line++) {
        const char *const end = memchr(all + from, '\n', n - from);
        length = end ? (size_t)(end - all) - from : n - from;
        CLEANUP(arena_freep) struct arena *own = arena_new((size_t)256 << 20);
        const struct json *v;
        struct err why;
        if (length == 0)
            continue;
        if (json_parse(all + from, length, path, own, &v, &why) == ERR_OK &&
            read_row(v, a, &list[rows])) {
            list[rows++].replicate = replicate;
            continue;
        }
        if (ret_bad->lines++ == 0)
            ret_bad->why =
                arena_printf(a,
                             "%s:%zu: a cell's line is a JSON object with scenario, backend, "
                             "precision and model as text, and a status of the contract's",
                             path, line);
    }
    *ret = list;
    *ret_n = rows;
    return ERR_OK;
}
