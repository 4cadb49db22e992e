/* Faults of other people's data: statistics that they state and that their own figures contradict,
 * laws, and designs in which something else goes with the backend. A hundred seeds each, as in
 * test_audit_faults.c; and the published figures of TR117 with what R gives for them.
 * usage: test_audit_others [CHECK] */
#include "audit_fixture.h"
#include "num/dist.h"
#include "plants.h"

#include <stdio.h>

static const char *const S = "chat", *const M = "gpt2";

static double rounded(double x, double unit)
{
    return nearbyint(x / unit) * unit;
}

/* n, mean and deviation of n lognormal values, as a report prints them. */
static struct results_row *print_row(struct fixture *f, const char *backend, double median,
                                     double sigma, size_t n)
{
    double x[300];
    struct results_row *const r = fixture_row(f, fixture_cell(f, S, M, backend, "fp32"));
    for (size_t i = 0; i < n; i++)
        x[i] = fixture_lognormal(f, median, sigma);
    const struct moment m = moment_of(x, n);
    f->imported = true;
    r->n_samples = (double)n;
    r->mean_ms = rounded(m.mean, 0.1);
    r->std_ms = rounded(m.sd, 0.1);
    return r;
}

static size_t some_n(struct fixture *f)
{
    static const size_t sizes[] = {3, 5, 7, 14, 30, 273};
    return sizes[rng_below(&f->rng, COUNT_OF(sizes))];
}

static void interval_of_other_data(struct fixture *f, bool fault)
{
    struct results_row *const r = print_row(f, "transformers-gpu", 300, 0.3, some_n(f));
    /* the smoke run's: a third of the samples, another spread */
    const double n = fault ? fmax(3, floor(r->n_samples / 3)) : r->n_samples,
                 sd = r->std_ms * (fault ? 1.4 : 1),
                 half = dist_t_quantile(0.975, n - 1) * sd / sqrt(n);
    r->ci_low_ms = rounded(r->mean_ms - half, 0.1);
    r->ci_high_ms = rounded(r->mean_ms + half, 0.1);
}

/* Mean +- 1.96 standard errors of seven values, called the 95 % interval. */
static void interval_of_the_normal(struct fixture *f, bool fault)
{
    struct results_row *const r = print_row(f, "transformers-gpu", 300, 0.3, 7);
    const double half = (fault ? 1.96 : 2.446912) * r->std_ms / sqrt(7);
    r->ci_low_ms = rounded(r->mean_ms - half, 0.01);
    r->ci_high_ms = rounded(r->mean_ms + half, 0.01);
}

struct two { /* by their textbook formulas, from the unrounded figures of the rows */
    double t, df, d, p;
};

static struct two two_of(const struct results_row *a, const struct results_row *b)
{
    const double na = a->n_samples, nb = b->n_samples, df = na + nb - 2;
    const double pooled =
        sqrt(((na - 1) * a->std_ms * a->std_ms + (nb - 1) * b->std_ms * b->std_ms) / df);
    struct two x = {.df = df, .d = (b->mean_ms - a->mean_ms) / pooled};
    x.t = -x.d / sqrt(1 / na + 1 / nb);
    x.p = dist_t_two_sided(x.t, df);
    return x;
}

static struct two compare_rows(struct fixture *f, struct results_row **ret)
{
    const size_t n = some_n(f);
    const double apart = 1 + 0.3 * rng_double(&f->rng);
    struct results_row *const a = print_row(f, "onnxruntime-gpu", 300, 0.2, n);
    const struct results_row *const b = print_row(f, "transformers-gpu", 300 * apart, 0.3, n + 2);
    a->versus = "transformers-gpu";
    *ret = a;
    return two_of(a, b);
}

static void wrong_t(struct fixture *f, bool fault)
{
    struct results_row *r;
    const struct two x = compare_rows(f, &r);
    r->t_statistic = rounded(fault ? x.t + (x.t < 0 ? -1.5 : 1.5) : x.t, 0.01);
}

static void wrong_d(struct fixture *f, bool fault)
{
    struct results_row *r;
    const struct two x = compare_rows(f, &r);
    r->cohens_d = rounded(fault ? 2.2 * x.d + 0.3 : x.d, 0.001);
}

/* t -1.23 with the p of another. */
static void wrong_p_of_t(struct fixture *f, bool fault)
{
    struct results_row *r;
    const struct two x = compare_rows(f, &r);
    r->t_statistic = rounded(x.t, 0.001);
    r->p_value = fault ? (x.p > 0.05 ? 0.004 : 0.6) : dist_t_two_sided(r->t_statistic, x.df);
}

/* Called significant, and no t test of the two is. */
static void wrong_p(struct fixture *f, bool fault)
{
    struct results_row *const a = print_row(f, "onnxruntime-gpu", 300, 0.2, 20),
                              *const b = print_row(f, "transformers-gpu", 300, 0.2, 20);
    b->mean_ms = a->mean_ms + rounded(5 * rng_double(&f->rng), 0.1);
    a->versus = "transformers-gpu";
    a->p_value = fault ? 0.001 : rounded(two_of(a, b).p, 0.001);
}

static void huge_d(struct fixture *f, bool fault)
{
    struct results_row *const a = print_row(f, "transformers-gpu", 300, 0.02, 7),
                              *const b =
                                  print_row(f, "transformers-cpu", fault ? 3000 : 310, 0.02, 7);
    a->versus = "transformers-cpu";
    a->cohens_d = two_of(a, b).d;
}

static void many_stated(struct fixture *f, bool fault)
{
    static const char *const others[] = {"b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8"};
    f->imported = true;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct results_row *const r = fixture_row(f, fixture_cell(f, S, M, others[i], "fp32"));
        r->versus = "base";
        r->p_value = fault ? 0.008 + 0.1 * rng_double(&f->rng) * (i > 0)
                           : (i % 2 ? 1e-5 : 0.06 + 0.9 * rng_double(&f->rng));
    }
}

static void wrong_f(struct fixture *f, bool fault)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    const struct results_row *rows[COUNT_OF(names)];
    double n = 0, sum = 0, between = 0, within = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        rows[i] = print_row(f, names[i], 300 + 20 * (double)i, 0.2, some_n(f));
        n += rows[i]->n_samples;
        sum += rows[i]->n_samples * rows[i]->mean_ms;
        within += (rows[i]->n_samples - 1) * rows[i]->std_ms * rows[i]->std_ms;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++)
        between += rows[i]->n_samples * (rows[i]->mean_ms - sum / n) * (rows[i]->mean_ms - sum / n);
    const double stated =
        rounded(between / 4 / (within / (n - 5)) * (fault ? 1.5 : 1) + fault, 0.01);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        f->cells[i].row->f_statistic = stated;
}

/* ---- laws ---- */

static struct results_row *law_row(struct fixture *f, size_t i, double millions, double ms)
{
    static const char *const models[] = {"m0", "m1", "m2", "m3", "m4", "m5", "m6"};
    struct results_row *const r = fixture_row(f, fixture_cell(f, S, models[i], "ollama", "q4_0"));
    f->imported = true;
    r->params_millions = millions;
    r->mean_ms = ms;
    return r;
}

/* Dense models and a mixture of experts, which activates a part of its weights: TR121's sizes. */
static void one_of_another_kind(struct fixture *f, bool fault)
{
    static const double sizes[] = {268.1, 999.9, 3000, 7600, 8000, 14000, 20900};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        (void)law_row(f, i, sizes[i],
                      fixture_lognormal(f, 0.15 * pow(sizes[i], 0.51), 0.05) *
                          (fault && i == 6 ? 1.9 : 1));
}

static void stated_law(struct fixture *f, bool fault)
{
    static const double sizes[] = {5, 11, 25, 50, 75, 100, 124};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        law_row(f, i, sizes[i], 2 * pow(sizes[i], 0.6))->exponent = fault ? 0.73 : 0.6;
}

/* A table of fits alone: R2 .0005, an interval that holds 0. */
static void stated_gate(struct fixture *f, bool fault)
{
    struct results_row *const r = law_row(f, 0, NOT_MEASURED, NOT_MEASURED);
    const double spread = 0.1 + rng_double(&f->rng);
    r->exponent = fault ? 0.02 : 0.62;
    r->r2 = fault ? 0.0005 : 0.93;
    r->exponent_low = r->exponent - (fault ? spread : 0.2);
    r->exponent_high = r->exponent + (fault ? spread : 0.2);
}

/* ---- designs ---- */

static const char *const scenarios[] = {"micro", "short", "medium", "long",
                                        "dual",  "batch", "stress"};

/* Two backends that ran different models: TR117's Ollama beside its transformers. */
static void other_models(struct fixture *f, bool fault)
{
    for (size_t s = 0; s < 3; s++)
        for (size_t m = 0; m < 4; m++)
            for (size_t b = 0; b < 2; b++) {
                static const char *const models[] = {"tiny", "270m", "1b", "7b"};
                if (fault && b != (m > 0))
                    continue;
                const size_t c =
                    fixture_cell(f, scenarios[s], models[m], b ? "ollama" : "hf", "fp32");
                fixture_fill(f, c, 1, 7, 100 * (double)(1 + m), 0.1);
            }
}

static void other_hosts(struct fixture *f, bool fault)
{
    f->imported = true;
    for (size_t s = 0; s < 3; s++)
        for (size_t b = 0; b < 2; b++) {
            const size_t c = fixture_cell(f, scenarios[s], M, b ? "compile" : "eager", "fp16");
            struct results_row *const r = fixture_row(f, c);
            r->mean_ms = fixture_lognormal(f, 100, 0.1);
            r->host = fault && !b ? "windows" : "linux";
        }
}

/* Three backends in seven scenarios, a request after the other: blocks in one order, or shuffled.
 */
static void one_order(struct fixture *f, bool fault)
{
    static const char *const backends[] = {"gpu", "compile", "ort"};
    int64_t now = 1'000'000'000;
    f->imported = true;
    for (size_t s = 0; s < COUNT_OF(scenarios); s++) {
        size_t order[] = {0, 1, 2};
        size_t cells[3];
        for (size_t i = 0; i < 3; i++)
            cells[i] = fixture_cell(f, scenarios[s], M, backends[i], "fp32");
        for (size_t i = 2; i > 0 && !fault; i--) {
            const size_t k = rng_below(&f->rng, i + 1), was = order[i];
            order[i] = order[k];
            order[k] = was;
        }
        for (size_t i = 0; i < 3; i++)
            for (size_t k = 0; k < 7; k++) {
                struct fixture_sample *const x =
                    fixture_sample(f, cells[order[i]], 0, fixture_lognormal(f, 100, 0.1));
                x->submitted_ns = now;
                x->finished_ns = now += (int64_t)(1e6 * x->latency_ms);
            }
    }
}

/* All of one backend, then all of the other, against turns of one request each. */
static void one_stretch_each(struct fixture *f, bool fault)
{
    f->imported = true;
    for (size_t s = 0; s < 3; s++) {
        const size_t a = fixture_cell(f, scenarios[s], M, "gpu", "fp32"),
                     b = fixture_cell(f, scenarios[s], M, "cpu", "fp32");
        for (size_t k = 0; k < 10; k++)
            for (size_t i = 0; i < 2; i++) {
                const int64_t turn = (int64_t)(fault ? 1000 * i + 10 * s + k : 20 * s + 2 * k + i);
                struct fixture_sample *const x =
                    fixture_sample(f, i ? b : a, 0, fixture_lognormal(f, 100, 0.1));
                x->submitted_ns = 1'000'000'000 * (1 + turn);
                x->finished_ns = x->submitted_ns + (int64_t)(1e6 * x->latency_ms);
            }
    }
}

/* Seven models, four scenarios of equal work, three samples of each: in the fault half the cells
 * ran at half the clock (TR121). */
static void clocks_of_cells(struct fixture *f, bool fault)
{
    static const char *const names[] = {"5m", "25m", "45m", "50m", "75m", "100m", "124m"};
    static const double layers[] = {12, 8, 6, 8, 8, 8, 12};
    for (size_t m = 0; m < COUNT_OF(names); m++)
        for (size_t s = 0; s < 4; s++) {
            const size_t c = fixture_cell(f, scenarios[s], names[m], "gpu", "fp16");
            const double clock = fault && rng_below(&f->rng, 2) ? 2 : 1;
            for (int32_t i = 0; i < 3; i++)
                (void)fixture_sample(f, c, 0,
                                     clock * fixture_lognormal(f, 12 + 31 * layers[m], 0.02));
        }
}

/* p95 of fewer than twenty values, in a row. */
static void p95_of_few(struct fixture *f, bool fault)
{
    struct results_row *const r = print_row(f, "ollama", 300, 0.2, fault ? 7 : 30);
    r->p95_ms = r->mean_ms + 2 * r->std_ms;
}

/* Requests of 20 to 200 tokens, the rate of the decoding alone or of all; seconds called ms. */
static void seconds_for_ms(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "vllm", "fp16");
    const bool of_decode = rng_double(&f->rng) < 0.5;
    f->imported = true;
    for (int32_t i = 0; i < 12; i++) {
        const int64_t tokens = 20 + (int64_t)rng_below(&f->rng, 180);
        const double first = fixture_lognormal(f, 60, 0.2),
                     rest = fixture_lognormal(f, 12 * (double)tokens, 0.1), ms = first + rest;
        struct fixture_sample *const x = fixture_sample(f, c, 0, fault ? ms / 1e3 : ms);
        x->generated_tokens = tokens;
        x->tokens_per_s = rounded((double)tokens / (of_decode ? rest : ms) * 1e3, 0.01);
    }
}

/* A row of throughput under load, and one whose mean is in seconds. */
static void seconds_in_a_row(struct fixture *f, bool fault)
{
    struct results_row *const r = fixture_row(f, fixture_cell(f, S, M, "vllm", "fp16"));
    const double ms = fixture_lognormal(f, 900, 0.3);
    f->imported = true;
    r->n_samples = 40;
    r->mean_ms = rounded(fault ? ms / 1e3 : ms, 0.0001);
    r->generated_tokens = 64;
    const double at_once = fault ? 1 : 1 + (double)rng_below(&f->rng, 64);
    r->tokens_per_s = rounded(64 / ms * 1e3 * at_once, 0.1);
}

static const struct plant plants[] = {
    {"time-unit", "seconds called ms", seconds_for_ms},
    {"time-unit", "a mean in seconds", seconds_in_a_row},
    {"stated-statistics", "the interval of other data", interval_of_other_data},
    {"stated-statistics", "the normal law's interval of seven values", interval_of_the_normal},
    {"stated-statistics", "t of other data", wrong_t},
    {"stated-statistics", "Cohen's d of other data", wrong_d},
    {"stated-statistics", "p that is not that of its t", wrong_p_of_t},
    {"stated-statistics", "p of no t test of the two", wrong_p},
    {"stated-statistics", "d over ten", huge_d},
    {"stated-statistics", "F of other groups", wrong_f},
    {"multiplicity", "nine stated p values, no family", many_stated},
    {"leverage", "a mixture of experts on a dense law", one_of_another_kind},
    {"fit-not-actionable", "an exponent of other points", stated_law},
    {"fit-not-actionable", "a stated R2 of .0005", stated_gate},
    {"confound", "backends that ran different models", other_models},
    {"environment-mismatch", "compared cells on different systems", other_hosts},
    {"order-effect", "one order in every scenario, by the time stamps", one_order},
    {"order-effect", "each backend in one stretch of time", one_stretch_each},
    {"clock-states", "half the cells at half the clock, three samples each", clocks_of_cells},
    {"small-sample", "p95 of seven values", p95_of_few},
};

/* ---- TR117: its table, and its statistics of another run (reports of the original project) ----
 */

static double fact(const struct audit *x, const char *figure, const char *key)
{
    for (size_t i = 0; i < audit_count(x); i++) {
        const struct audit_finding *const f = audit_at(x, i);
        for (size_t k = 0; k < f->n_facts; k++)
            if (strcmp(f->facts[0].text, figure) == 0 && strcmp(f->facts[k].key, key) == 0)
                return f->facts[k].value;
    }
    return NOT_MEASURED;
}

static void look_at_tr117(void)
{
    static const struct {
        const char *backend;
        double n, mean, sd;
    } rows[] = {{"transformers-gpu-compile", 273, 389.2, 117.8},
                {"transformers-gpu", 273, 404.1, 223.9},
                {"transformers-cpu-compile", 273, 559.3, 103.5},
                {"transformers-cpu", 287, 570.6, 117.2},
                {"ollama", 1365, 3410.5, 3874.9}};
    struct fixture f;
    fixture_begin(&f, 117);
    f.imported = true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct results_row *const r =
            fixture_row(&f, fixture_cell(&f, S, M, rows[i].backend, "fp32"));
        r->n_samples = rows[i].n;
        r->mean_ms = rows[i].mean;
        r->std_ms = rows[i].sd;
        r->f_statistic = 45.86;
    }
    struct results_row *const first = f.cells[0].row;
    first->versus = "transformers-gpu";
    first->cohens_d = 0.14;
    first->t_statistic = 2.1;
    first->p_value = 0.05;
    const struct audit *const found = fixture_audit(&f, "stated-statistics");
    /* R 4.2: from the five n, mean and sd, F(4, 2466) = 157.78; t(544) = 0.973, d = 0.083 */
    CHECK_NEAR("TR117: F that its table gives", fact(found, "f_statistic", "recomputed"), 157.78,
               1e-3);
    CHECK_NEAR("TR117: t that its table gives", fabs(fact(found, "t_statistic", "recomputed")),
               0.973, 1e-2);
    CHECK_NEAR("TR117: d that its table gives", fabs(fact(found, "cohens_d", "recomputed")), 0.083,
               1e-2);
    CHECK_NEAR("TR117: what it prints", fact(found, "f_statistic", "stated"), 45.86, 1e-12);
    fixture_end(&f);
}

int main(int argc, char **argv)
{
    plants_run(plants, COUNT_OF(plants), 1000, argc > 1 ? argv[1] : nullptr);
    if (argc < 2)
        look_at_tr117();
    return test_done();
}
