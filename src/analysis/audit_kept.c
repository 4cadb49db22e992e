#include "analysis/audit_kept.h"

#include "analysis/audit_reading.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/quantile.h"
#include "num/sort.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

constexpr size_t SCRATCH = (size_t)4 << 30;

/* Of the rows whose value is known; each function that fills says how a missing value looks. */
struct tally {
    size_t n;
    double sum, squares, min, max;
};

static void tally_add(struct tally *t, double x)
{
    t->min = t->n == 0 || x < t->min ? x : t->min;
    t->max = t->n == 0 || x > t->max ? x : t->max;
    t->sum += x;
    t->squares += x * x; /* token counts: whole numbers, which do not cancel */
    t->n++;
}

static void tally_i64(struct tally *t, int64_t x)
{
    if (x >= 0)
        tally_add(t, (double)x);
}

static double tally_mean(const struct tally *t)
{
    return t->n ? t->sum / (double)t->n : NOT_MEASURED;
}

static double tally_sd(const struct tally *t)
{
    if (t->n < 2)
        return NOT_MEASURED;
    const double n = (double)t->n;
    return sqrt(fmax(0, (t->squares - t->sum * t->sum / n) / (n - 1)));
}

struct by_prompt { /* a sample on its way to its prompt */
    int32_t prompt;
    size_t at; /* in stats->x and rows */
};

static struct audit_prompt prompt_of(const struct audit_cell *c, const struct by_prompt *at,
                                     size_t n, double *room)
{
    struct tally prompt = {}, generated = {};
    for (size_t i = 0; i < n; i++) {
        const size_t row = c->rows[at[i].at];
        room[i] = c->stats->x[at[i].at];
        tally_i64(&prompt, c->samples->prompt_tokens[row]);
        tally_i64(&generated, c->samples->generated_tokens[row]);
    }
    return (struct audit_prompt){at[0].prompt, n, quantile_median(room, n), tally_mean(&prompt),
                                 tally_mean(&generated)};
}

static void keep_prompts(const struct audit_cell *c, struct audit_kept *k, struct arena *a)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const size_t n = c->stats->n;
    struct by_prompt *const order = ARENA_ARRAY(scratch, struct by_prompt, n);
    double *const room = ARENA_ARRAY(scratch, double, n);
    int64_t *const prompt = ARENA_ARRAY(scratch, int64_t, n);
    size_t *const places = ARENA_ARRAY(scratch, size_t, n);
    for (size_t i = 0; i < n; i++)
        prompt[i] = c->samples->prompt_index[c->rows[i]];
    sort_places(prompt, n, places);
    for (size_t i = 0; i < n; i++)
        order[i] = (struct by_prompt){(int32_t)prompt[places[i]], places[i]};
    for (size_t i = 0; i < n; i++)
        k->n_prompts += i == 0 || order[i].prompt != order[i - 1].prompt;
    struct audit_prompt *const prompts = ARENA_ARRAY(a, struct audit_prompt, k->n_prompts);
    for (size_t i = 0, p = 0; i < n; p++) {
        size_t end = i + 1;
        while (end < n && order[end].prompt == order[i].prompt)
            end++;
        prompts[p] = prompt_of(c, order + i, end - i, room);
        i = end;
    }
    k->prompts = prompts;
}

static void keep_stamps(const struct results_samples *s, size_t row, struct audit_kept *k)
{
    k->with_ttft += isnan(s->ttft_ms[row]) ? 0 : 1;
    k->with_prefill += isnan(s->prefill_ms[row]) ? 0 : 1;
    k->with_decode += isnan(s->decode_ms[row]) ? 0 : 1;
    k->with_stamps += s->submitted_ns[row] != INT64_MIN && s->finished_ns[row] != INT64_MIN;
}

static void keep_spans(const struct audit_cell *c, struct audit_kept *k, struct arena *a)
{
    const struct cell_stats *const t = c->stats;
    struct audit_span *const spans = ARENA_ARRAY(a, struct audit_span, t->n_units + 1);
    for (size_t u = 0; u < t->n_units; u++) {
        struct audit_span s = {INT64_MAX, INT64_MIN};
        bool known = true;
        for (size_t i = t->start[u]; i < t->start[u + 1]; i++) {
            const int64_t at = c->samples->submitted_ns[c->rows[i]];
            known = known && at != INT64_MIN;
            s.first_ns = at < s.first_ns ? at : s.first_ns;
            s.last_ns = at > s.last_ns ? at : s.last_ns;
        }
        spans[u] = known ? s : (struct audit_span){INT64_MIN, INT64_MIN};
    }
    k->spans = spans;
}

/* Where latency, ttft and decode are all known. */
static double find_outside(const struct audit_cell *c)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const struct results_samples *const s = c->samples;
    double *const shares = ARENA_ARRAY(scratch, double, c->stats->n);
    size_t n = 0;
    for (size_t i = 0; i < c->stats->n; i++) {
        const size_t row = c->rows[i];
        const double x =
            (s->latency_ms[row] - s->ttft_ms[row] - s->decode_ms[row]) / s->latency_ms[row];
        if (isfinite(x))
            shares[n++] = x;
    }
    return quantile_median(shares, n);
}

/* Of the samples whose rate is known. */
static void keep_rates(const struct audit_cell *c, struct audit_kept *k)
{
    const struct results_samples *const s = c->samples;
    double rates = 0, tokens = 0, ms = 0;
    for (size_t i = 0; i < k->n; i++) {
        const size_t row = c->rows[i];
        const double counted =
            s->generated_tokens[row] < 0 ? NOT_MEASURED : (double)s->generated_tokens[row];
        const double stated = s->tokens_per_s[row];
        const double rate = isnan(stated) ? counted / c->stats->x[i] * 1e3 : stated;
        k->rates_stated = k->rates_stated || !isnan(stated);
        if (!isfinite(rate) || rate < 0)
            continue;
        k->with_rate++;
        rates += rate;
        tokens += rate * c->stats->x[i] / 1e3;
        ms += c->stats->x[i];
    }
    k->mean_of_rates = k->with_rate ? rates / (double)k->with_rate : NOT_MEASURED;
    k->rate_of_totals = ms > 0 ? tokens / ms * 1e3 : NOT_MEASURED;
}

static double find_power(const struct audit_cell *c)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct tally w = {};
    size_t n;
    const double *const x = audit_reading_powers(c, scratch, &n);
    for (size_t i = 0; i < n; i++)
        tally_add(&w, x[i]);
    for (size_t i = 0; w.n == 0 && i < c->n_stated; i++)
        if (!isnan(c->stated[i].power_w))
            tally_add(&w, c->stated[i].power_w);
    return tally_mean(&w);
}

static struct audit_kept_unit unit_of(const struct audit_cell *c, size_t u)
{
    struct tally celsius = {}, mhz = {}, steal = {};
    for (size_t i = c->stats->start[u]; i < c->stats->start[u + 1]; i++) {
        const size_t row = c->rows[i];
        if (!isnan(c->samples->temperature_c[row]))
            tally_add(&celsius, c->samples->temperature_c[row]);
        if (!isnan(c->samples->clock_mhz[row]))
            tally_add(&mhz, c->samples->clock_mhz[row]);
        if (!isnan(c->samples->steal_percent[row]))
            tally_add(&steal, c->samples->steal_percent[row]);
    }
    return (struct audit_kept_unit){
        c->stats->units[u].replicate,
        c->stats->units[u].invocation,
        celsius.n ? celsius.max : NOT_MEASURED,
        tally_mean(&mhz),
        tally_mean(&steal),
    };
}

static void keep_units(const struct audit_cell *c, struct audit_kept *k, struct arena *a)
{
    struct audit_kept_unit *const units =
        ARENA_ARRAY(a, struct audit_kept_unit, c->stats->n_units + 1);
    for (size_t u = 0; u < c->stats->n_units; u++) {
        const struct audit_kept_unit x = unit_of(c, u);
        if (!isnan(x.celsius) || !isnan(x.mhz) || !isnan(x.steal_percent))
            units[k->n_units++] = x;
    }
    k->units = units;
}

const struct audit_kept *audit_kept_of(const struct audit_cell *c, struct arena *a)
{
    const struct results_samples *const s = c->samples;
    struct audit_kept *const k = ARENA_ARRAY(a, struct audit_kept, 1);
    struct tally generated = {}, prompt = {}, padding = {}, decode = {};
    k->n = c->stats->n;
    for (size_t i = 0; i < k->n; i++) {
        const size_t row = c->rows[i];
        keep_stamps(s, row, k);
        tally_i64(&generated, s->generated_tokens[row]);
        tally_i64(&prompt, s->prompt_tokens[row]);
        tally_i64(&padding, s->padding_tokens[row]);
        if (!isnan(s->decode_ms[row]))
            tally_add(&decode, s->decode_ms[row]);
        if (s->n_stops[row] > 0) {
            k->sequences += s->n_stops[row];
            k->early += s->n_early[row] > 0 ? s->n_early[row] : 0;
        }
    }
    k->with_generated = generated.n;
    k->with_prompt_tokens = prompt.n;
    k->with_padding = padding.n;
    k->generated_mean = tally_mean(&generated);
    k->generated_sd = tally_sd(&generated);
    k->prompt_tokens_sd = tally_sd(&prompt);
    k->generated_min = generated.n ? generated.min : NOT_MEASURED;
    k->generated_max = generated.n ? generated.max : NOT_MEASURED;
    k->prompt_tokens_mean = tally_mean(&prompt);
    k->padding_mean = tally_mean(&padding);
    k->decode_mean = tally_mean(&decode);
    keep_rates(c, k);
    k->power_mean = find_power(c);
    k->outside = find_outside(c);
    keep_prompts(c, k, a);
    keep_spans(c, k, a);
    keep_units(c, k, a);
    return k;
}
