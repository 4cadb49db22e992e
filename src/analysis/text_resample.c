#include "analysis/text_resample.h"

#include "base/arena.h"
#include "base/rng.h"
#include "num/bootstrap.h"

#include <math.h>
#include <string.h>

/* Independent streams of one seed. */
enum : uint64_t { STREAM_BOOTSTRAP = 1, STREAM_TRIALS = 2 };

static size_t clusters_of(const struct text_scores *s, const struct text_resample_plan *plan)
{
    return plan->cluster ? plan->n_clusters : s->n_lines;
}

/* How often each line is in one resample. count: scratch, one per cluster. */
static void draw(const struct text_scores *s, const struct text_resample_plan *plan, struct rng *r,
                 uint32_t *count, uint32_t *weights)
{
    const size_t n = clusters_of(s, plan);
    memset(count, 0, n * sizeof *count);
    for (size_t i = 0; i < n; i++)
        count[rng_below(r, n)]++;
    for (size_t i = 0; i < s->n_lines; i++)
        weights[i] = count[plan->cluster ? plan->cluster[i] : i];
}

void text_resample_intervals(const struct text_scores *s, const struct text_resample_plan *plan,
                             struct arena *a, struct text_resample_interval *ret)
{
    const size_t n = clusters_of(s, plan);
    for (size_t k = 0; k < s->n_series; k++)
        ret[k] = (struct text_resample_interval){NOT_MEASURED, NOT_MEASURED};
    if (plan->resamples == 0 || n < TEXT_RESAMPLE_LEAST)
        return;
    uint32_t *const count = ARENA_ARRAY(a, uint32_t, n);
    uint32_t *const weights = ARENA_ARRAY(a, uint32_t, s->n_lines);
    double *const values = ARENA_ARRAY(a, double, plan->resamples * s->n_series);
    struct rng r;
    rng_init(&r, rng_derive(plan->seed, STREAM_BOOTSTRAP));
    for (size_t i = 0; i < plan->resamples; i++) {
        draw(s, plan, &r, count, weights);
        for (size_t k = 0; k < s->n_series; k++)
            values[k * plan->resamples + i] = text_score_value(s, k, weights);
    }
    for (size_t k = 0; k < s->n_series; k++) {
        const struct bootstrap_interval got =
            bootstrap_percentile(values + k * plan->resamples, plan->resamples, plan->confidence);
        ret[k] = (struct text_resample_interval){got.lo, got.hi};
    }
}

struct pairing {
    const struct text_scores *a, *b;
    const struct text_resample_plan *plan;
    struct text_resample_difference *ret;
    uint32_t *count, *weights, *others; /* per cluster; per line */
    double *values;                     /* per series and resample */
};

static void bootstrap_pairs(struct pairing *p)
{
    const size_t n = p->plan->resamples;
    struct rng r;
    rng_init(&r, rng_derive(p->plan->seed, STREAM_BOOTSTRAP));
    for (size_t i = 0; i < n; i++) {
        draw(p->a, p->plan, &r, p->count, p->weights);
        for (size_t k = 0; k < p->a->n_series; k++)
            p->values[k * n + i] =
                text_score_value(p->b, k, p->weights) - text_score_value(p->a, k, p->weights);
    }
    for (size_t k = 0; k < p->a->n_series; k++) {
        double *const values = p->values + k * n;
        double mean = 0;
        for (size_t i = 0; i < n; i++)
            mean += values[i] / (double)n;
        size_t beyond = 0;
        for (size_t i = 0; i < n; i++)
            beyond += fabs(values[i] - mean) >= fabs(p->ret[k].difference);
        if (isnan(p->ret[k].difference))
            continue;
        p->ret[k].p_bootstrap = (double)(beyond + 1) / (double)(n + 1);
        const struct bootstrap_interval got = bootstrap_percentile(values, n, p->plan->confidence);
        p->ret[k].lo = got.lo;
        p->ret[k].hi = got.hi;
    }
}

/* The score of the lines of one with weight 1 and of the other with weight 1 elsewhere. */
static double mixed(const struct text_scores *a, const struct text_scores *b, size_t series,
                    const uint32_t *from_a, const uint32_t *from_b)
{
    const struct text_score_series *const x = &a->series[series], *const y = &b->series[series];
    if (x->kind == TEXT_SCORE_MEAN) {
        double sum = 0, n = 0;
        for (size_t i = 0; i < a->n_lines; i++) {
            const double v = from_a[i] ? x->x[i] : y->x[i];
            sum += isnan(v) ? 0 : v;
            n += !isnan(v);
        }
        return n > 0 ? sum / n : NOT_MEASURED;
    }
    int64_t sum[CHRF_WIDTH_MAX] = {};
    for (size_t i = 0; i < a->n_lines; i++) {
        const uint32_t *const c = (from_b[i] ? y->counts : x->counts) + i * x->width;
        for (size_t w = 0; w < x->width; w++)
            sum[w] += c[w];
    }
    return x->kind == TEXT_SCORE_BLEU ? bleu_score(sum, &a->options.bleu_options).score
                                      : chrf_score(sum, &a->options.chrf_options);
}

static void randomise(struct pairing *p)
{
    /* Trials whose difference is the observed one but for the order of the sum count as reaching
     * it. */
    constexpr double SLACK = 1e-12;
    const size_t n = clusters_of(p->a, p->plan);
    struct rng r;
    rng_init(&r, rng_derive(p->plan->seed, STREAM_TRIALS));
    for (size_t k = 0; k < p->a->n_series; k++)
        p->ret[k].p_randomisation = 1;
    for (size_t t = 0; t < p->plan->trials; t++) {
        for (size_t i = 0; i < n; i += 64) {
            const uint64_t bits = rng_u64(&r);
            for (size_t b = i; b < n && b < i + 64; b++)
                p->count[b] = bits >> (b - i) & 1;
        }
        for (size_t i = 0; i < p->a->n_lines; i++) {
            p->weights[i] = p->count[p->plan->cluster ? p->plan->cluster[i] : i];
            p->others[i] = !p->weights[i];
        }
        for (size_t k = 0; k < p->a->n_series; k++) {
            const double d = mixed(p->a, p->b, k, p->others, p->weights) -
                             mixed(p->a, p->b, k, p->weights, p->others);
            p->ret[k].p_randomisation +=
                fabs(d) >= fabs(p->ret[k].difference) * (1 - SLACK) - SLACK;
        }
    }
    for (size_t k = 0; k < p->a->n_series; k++)
        p->ret[k].p_randomisation = isnan(p->ret[k].difference)
                                        ? NOT_MEASURED
                                        : p->ret[k].p_randomisation / ((double)p->plan->trials + 1);
}

void text_resample_paired(const struct text_scores *a, const struct text_scores *b,
                          const struct text_resample_plan *plan, struct arena *arena,
                          struct text_resample_difference *ret)
{
    const size_t n = clusters_of(a, plan);
    for (size_t k = 0; k < a->n_series; k++)
        ret[k] = (struct text_resample_difference){
            text_score_value(b, k, nullptr) - text_score_value(a, k, nullptr), NOT_MEASURED,
            NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    if (n < TEXT_RESAMPLE_LEAST)
        return;
    struct pairing p = {a,
                        b,
                        plan,
                        ret,
                        ARENA_ARRAY(arena, uint32_t, n),
                        ARENA_ARRAY(arena, uint32_t, a->n_lines),
                        ARENA_ARRAY(arena, uint32_t, a->n_lines),
                        ARENA_ARRAY(arena, double, plan->resamples * a->n_series + 1)};
    if (plan->resamples)
        bootstrap_pairs(&p);
    if (plan->trials)
        randomise(&p);
}

uint32_t text_resample_trials(size_t n_lines)
{
    constexpr size_t DRAWS = 100'000'000;
    const size_t n = n_lines ? DRAWS / n_lines : DRAWS;
    return (uint32_t)(n > 10'000 ? 10'000 : n < 1000 ? 1000 : n);
}
