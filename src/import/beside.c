#include "import/beside.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "import/record.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

constexpr size_t MOST_WORDS = 400; /* bytes of the words of one field */

static const struct {
    enum field f;
    size_t at; /* in struct results_row */
} means[] = {
    {FIELD_IDLE_POWER_W, FIELD_OF(struct results_row, idle_power_w, double)},
    {FIELD_POWER_SAMPLES, FIELD_OF(struct results_row, power_samples, double)},
    {FIELD_POWER_WINDOW_MS, FIELD_OF(struct results_row, power_window_ms, double)},
    {FIELD_ENERGY_J, FIELD_OF(struct results_row, energy_j, double)},
    {FIELD_COST_PER_HOUR, FIELD_OF(struct results_row, cost_per_hour, double)},
    {FIELD_COST_PER_MILLION, FIELD_OF(struct results_row, cost_per_million, double)},
    {FIELD_COST_TOTAL, FIELD_OF(struct results_row, cost_total, double)},
    {FIELD_COST_INFRA, FIELD_OF(struct results_row, cost_infra, double)},
    {FIELD_COST_ENERGY, FIELD_OF(struct results_row, cost_energy, double)},
    {FIELD_COST_PURCHASE, FIELD_OF(struct results_row, cost_purchase, double)},
    {FIELD_POWER_GAPS, FIELD_OF(struct results_row, power_gaps, double)},
};
static_assert(sizeof means / sizeof *means == BESIDE_MEANS);

static const struct {
    enum field f;
    size_t at;
    const char *between;
} words[] = {
    {FIELD_RAN_BACKEND, FIELD_OF(struct results_row, ran_backend, const char *), " | "},
    {FIELD_RAN_PRECISION, FIELD_OF(struct results_row, ran_precision, const char *), " | "},
    {FIELD_PRICING, FIELD_OF(struct results_row, pricing, const char *), " | "},
    {FIELD_TIMED_REGION, FIELD_OF(struct results_row, timed_region, const char *), " | "},
    {FIELD_POWER_QUALITY, FIELD_OF(struct results_row, power_quality, const char *), " | "},
    {FIELD_HOST, FIELD_OF(struct results_row, host, const char *), ", "},
};

struct beside beside_of(struct folder_key key)
{
    struct beside b = {.row = cell_rows_none()};
    b.row.key = key;
    b.row.beside_samples = true;
    return b;
}

/* What stays the same for all samples of a cell. */
static bool take_model(struct beside *b, const struct record *r, struct str *why)
{
    const struct {
        enum field f;
        double *to;
    } facts[] = {{FIELD_PARAMS_MILLIONS, &b->row.params_millions},
                 {FIELD_N_LAYERS, &b->row.n_layers},
                 {FIELD_D_MODEL, &b->row.d_model}};
    for (size_t i = 0; i < COUNT_OF(facts); i++) {
        if (!record_has(r, facts[i].f))
            continue;
        const double x = record_number(r, facts[i].f);
        if (isnan(*facts[i].to)) {
            *facts[i].to = x;
            b->model_place = r->place;
        } else if (x != *facts[i].to) {
            str_printf(why, "%s: %.15g here and %.15g in row %" PRIu64 " of the same cell",
                       field_table[facts[i].f].name, x, *facts[i].to, b->model_place);
            return false;
        }
    }
    return true;
}

static void add_to(double *count, double x)
{
    *count = isnan(*count) ? x : *count + x;
}

static void take_means(struct beside *b, const struct record *r)
{
    struct results_row *const m = &b->row;
    for (size_t i = 0; i < BESIDE_MEANS; i++) {
        if (!record_has(r, means[i].f))
            continue;
        const double x = record_number(r, means[i].f);
        double mean;
        memcpy(&mean, (char *)m + means[i].at, sizeof mean);
        mean = b->n_means[i]++ == 0 ? x : mean + (x - mean) / (double)b->n_means[i];
        memcpy((char *)m + means[i].at, &mean, sizeof mean);
    }
    if (record_has(r, FIELD_POWER_SAMPLES)) {
        add_to(&m->power_windows, 1);
        add_to(&m->power_windows_once, record_number(r, FIELD_POWER_SAMPLES) <= 1);
    }
    if (record_has(r, FIELD_ENERGY_J)) {
        add_to(&m->energies, 1);
        add_to(&m->energies_not_positive, !(record_number(r, FIELD_ENERGY_J) > 0));
    }
}

static bool holds_word(const char *list, const struct record_value *v, const char *between)
{
    const size_t gap = strlen(between);
    for (const char *at = list; at;) {
        const char *const end = strstr(at, between);
        const size_t n = end ? (size_t)(end - at) : strlen(at);
        if (n == v->n && memcmp(at, v->text, n) == 0)
            return true;
        at = end ? end + gap : nullptr;
    }
    return false;
}

void beside_words(struct results_row *row, const struct record *r, struct arena *a)
{
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (!record_has(r, words[i].f))
            continue;
        const struct record_value *const v = &r->values[words[i].f];
        const char *list;
        memcpy(&list, (char *)row + words[i].at, sizeof list);
        if (list && (holds_word(list, v, words[i].between) || strlen(list) + v->n > MOST_WORDS))
            continue;
        list = list ? arena_printf(a, "%s%s%.*s", list, words[i].between, (int)v->n, v->text)
                    : arena_strndup(a, v->text, v->n);
        memcpy((char *)row + words[i].at, &list, sizeof list);
    }
}

bool beside_take(struct beside *b, const struct record *r, struct arena *a, struct str *why)
{
    if (!take_model(b, r, why))
        return false;
    take_means(b, r);
    beside_words(&b->row, r, a);
    return true;
}

bool beside_says(const struct beside *b)
{
    const struct results_row *const m = &b->row;
    bool says = !isnan(m->params_millions) || !isnan(m->n_layers) || !isnan(m->d_model);
    for (size_t i = 0; i < BESIDE_MEANS; i++)
        says = says || b->n_means[i] > 0;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        const char *list;
        memcpy(&list, (const char *)m + words[i].at, sizeof list);
        says = says || list;
    }
    return says;
}
