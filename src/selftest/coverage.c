#include "selftest/coverage.h"

#include "analysis/audit.h"
#include "analysis/cell.h"
#include "analysis/verdict.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "selftest/coverage_audit.h"
#include "selftest/coverage_law.h"
#include "selftest/coverage_stop.h"

#include <math.h>
#include <string.h>

constexpr size_t CHUNK = 50;         /* simulations that share a stream */
constexpr size_t AUDITED = 3;        /* of the simulations of a chunk */
constexpr size_t AUDITED_AGAIN = 25; /* where a row has something that only the audit can excuse */
constexpr size_t FAMILY = 4;         /* cells of one law, and their pairs one family */
constexpr size_t PAIRS = FAMILY * (FAMILY - 1) / 2;
constexpr double LATENCY = 100; /* ms; the slower of the ratio's two cells takes SLOWER as long */
constexpr double SLOWER = 1.1;
constexpr size_t ROOM = (size_t)64 << 20;

/* Variation of some percent between processes is what reports of this kind show; a spread of 10 %
 * among requests is a quiet host, the lognormal a busy one. */
static const struct coverage_law laws[] = {
    {"normal", {.noise = {NOISE_NORMAL, 0.1}}, {NOISE_LOGNORMAL, 0.05}},
    {"lognormal", {.noise = {NOISE_LOGNORMAL, 0.5}}, {NOISE_LOGNORMAL, 0.05}},
    {"bimodal",
     {.noise = {NOISE_NORMAL, 0.05}, .slow_share = 0.3, .slow_factor = 1.5},
     {NOISE_LOGNORMAL, 0.05}},
    {"AR(1)", {.noise = {NOISE_NORMAL, 0.1}, .persistence = 0.6}, {NOISE_LOGNORMAL, 0.05}},
};

/* Of the stops: these, and processes that are in one of two states as a whole. */
static const struct coverage_law stop_laws[] = {
    {"normal", {.noise = {NOISE_NORMAL, 0.1}}, {NOISE_LOGNORMAL, 0.05}},
    {"lognormal", {.noise = {NOISE_LOGNORMAL, 0.5}}, {NOISE_LOGNORMAL, 0.05}},
    {"bimodal",
     {.noise = {NOISE_NORMAL, 0.05}, .slow_share = 0.3, .slow_factor = 1.5},
     {NOISE_LOGNORMAL, 0.05}},
    {"AR(1)", {.noise = {NOISE_NORMAL, 0.1}, .persistence = 0.6}, {NOISE_LOGNORMAL, 0.05}},
    {"3 of 10 invocations 1.3 times the others",
     {.noise = {NOISE_NORMAL, 0.05}},
     {NOISE_LOGNORMAL, 0.03},
     0.3,
     1.3},
    {"1 of 2 invocations 1.3 times the others",
     {.noise = {NOISE_NORMAL, 0.05}},
     {NOISE_LOGNORMAL, 0.03},
     0.5,
     1.3},
};

static const struct shape {
    size_t invocations, samples;
} shapes[] = {{1, 30}, {1, 100}, {1, 300}, {3, 5},   {3, 30}, {5, 5},
              {5, 10}, {5, 30},  {10, 5},  {10, 30}, {20, 5}};

struct work {
    const struct coverage_plan *plan;
    struct arena *arena;
    struct coverage_row *rows;
    struct coverage_row *parts; /* of a row's chunks: counts only */
    size_t chunks;              /* of a row */
    const size_t *which;        /* rows */
    size_t audited;             /* of a chunk */
};

/* ---- one simulation ---- */

static struct coverage_law law_of(size_t row)
{
    struct coverage_law l = laws[row / COUNT_OF(shapes)];
    if (shapes[row % COUNT_OF(shapes)].invocations == 1)
        l.invocation = (struct noise){.kind = NOISE_NONE}; /* the truth is that of this process */
    return l;
}

static void draw_cell(const struct coverage_law *l, const struct shape *s, double scale,
                      struct rng *r, struct arena *a, struct cell_stats *ret)
{
    size_t *const start = ARENA_ARRAY(a, size_t, s->invocations + 1);
    double *const x = ARENA_ARRAY(a, double, s->invocations * s->samples);
    for (size_t u = 0; u < s->invocations; u++) {
        struct noise_requests requests = l->requests;
        const double level = scale * noise_draw(&l->invocation, r);
        for (size_t i = 0; i < s->samples; i++)
            x[u * s->samples + i] = level * noise_next(&requests, r);
        start[u + 1] = (u + 1) * s->samples;
    }
    *ret = (struct cell_stats){
        .n = start[s->invocations], .x = x, .start = start, .n_units = s->invocations};
    cell_figures(ret, a, a);
    ret->level = level_of(ret->x, ret->start, ret->n_units, nullptr, a);
}

enum hit { NOT_THERE, HELD, BELOW, ABOVE };

/* What is not printed is not there; an end that is not there has no bound, and holds all. */
static enum hit hit_of(const struct interval *v, double truth)
{
    if (isnan(v->at))
        return NOT_THERE;
    return truth < v->lo ? BELOW : truth > v->hi ? ABOVE : HELD;
}

static void count(struct coverage_cell *c, const struct interval *v, double truth)
{
    const enum hit hit = hit_of(v, truth);
    const bool open = !isfinite(v->lo) || !isfinite(v->hi);
    if (hit == NOT_THERE)
        return;
    c->n++;
    c->open += open;
    c->width += open ? 0 : (v->hi - v->lo) / v->at;
    c->held += hit == HELD;
    c->below += hit == BELOW;
    c->above += hit == ABOVE;
}

static void count_audit(struct coverage_audited *x, bool marked, bool held)
{
    x->n++;
    x->marked += marked;
    x->clear_held += !marked && held;
}

struct simulated {
    struct cell_stats cells[FAMILY], slower;
    struct interval figure[COVERAGE_FIGURES];
    struct verdict pair[PAIRS]; /* the first is of the first two cells */
};

static void audit(const struct simulated *x, const struct coverage_row *truth,
                  struct coverage_row *part, struct arena *a)
{
    static const unsigned claims[] = {[COVERAGE_MEAN] = AUDIT_MEAN,
                                      [COVERAGE_MEDIAN] = AUDIT_MEDIAN,
                                      [COVERAGE_P95] = AUDIT_P95,
                                      [COVERAGE_RATIO] = AUDIT_COMPARISON};
    const unsigned first = coverage_audit(&x->cells[0], a);
    const unsigned ratio = coverage_audit(&x->slower, a) | first;
    const unsigned second = coverage_audit(&x->cells[1], a);
    for (size_t f = 0; f < COVERAGE_FIGURES; f++) {
        const enum hit hit = hit_of(&x->figure[f], truth->figure[f].truth);
        if (hit != NOT_THERE)
            count_audit(&part->figure[f].audit,
                        ((f == COVERAGE_RATIO ? ratio : first) & claims[f]) != 0, hit == HELD);
    }
    count_audit(&part->audit, ((first | second) & AUDIT_COMPARISON) != 0,
                x->pair[0].p < VERDICT_ALPHA);
}

/* A family of cells that are one law's: whatever is called different is a mistake. */
static void count_differences(struct coverage_row *part, const struct verdict *v)
{
    size_t wrong = 0;
    for (size_t k = 0; k < PAIRS; k++) {
        wrong += v[k].p_holm < VERDICT_ALPHA;
        part->different += v[k].p < VERDICT_ALPHA;
    }
    part->alike += PAIRS;
    part->families++;
    part->wrong += wrong > 0;
}

static void simulate(const struct coverage_law *l, const struct shape *s,
                     const struct coverage_row *truth, bool audited, struct rng *r,
                     struct coverage_row *part)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(ROOM);
    struct simulated x;
    for (size_t i = 0; i < FAMILY; i++)
        draw_cell(l, s, LATENCY, r, a, &x.cells[i]);
    draw_cell(l, s, LATENCY * SLOWER, r, a, &x.slower);
    x.figure[COVERAGE_MEAN] = x.cells[0].mean_ci;
    x.figure[COVERAGE_MEDIAN] = x.cells[0].median_ci;
    x.figure[COVERAGE_P95] = x.cells[0].p95_ci;
    x.figure[COVERAGE_RATIO] =
        interval_ratio(&x.slower.median_ci, &x.cells[0].median_ci, CELL_CONFIDENCE);
    for (size_t i = 0, k = 0; i < FAMILY; i++)
        for (size_t j = i + 1; j < FAMILY; j++)
            x.pair[k++] = verdict_compare(&x.cells[i].level, &x.cells[j].level, VERDICT_MARGIN);
    (void)verdict_holm(x.pair, PAIRS, a);
    for (size_t f = 0; f < COVERAGE_FIGURES; f++)
        count(&part->figure[f], &x.figure[f], truth->figure[f].truth);
    count_differences(part, x.pair);
    if (audited)
        audit(&x, truth, part, a);
}

static void simulate_chunk(void *context, size_t at, size_t)
{
    struct work *const w = context;
    const size_t row = w->which[at / w->chunks], chunk = at % w->chunks;
    const struct coverage_law l = law_of(row);
    struct rng r;
    rng_init(&r, rng_derive(w->plan->seed, row * w->chunks + chunk));
    const size_t most = w->audited == AUDITED_AGAIN ? AUDITED_AGAIN : CHUNK; /* of the chunk */
    for (size_t i = 0; i < most && chunk * CHUNK + i < w->plan->simulations; i++)
        simulate(&l, &shapes[row % COUNT_OF(shapes)], &w->rows[row], i < w->audited, &r,
                 &w->parts[at]);
}

/* ---- all of them ---- */

static void begin_row(struct coverage_row *r, size_t row)
{
    const struct coverage_law l = law_of(row);
    const struct shape *const s = &shapes[row % COUNT_OF(shapes)];
    *r = (struct coverage_row){.law = l.name, .invocations = s->invocations, .samples = s->samples};
    r->figure[COVERAGE_MEAN].truth = LATENCY * coverage_law_mean(&l);
    r->figure[COVERAGE_MEDIAN].truth = LATENCY * coverage_law_quantile(&l, 0.5);
    r->figure[COVERAGE_P95].truth = LATENCY * coverage_law_quantile(&l, 0.95);
    r->figure[COVERAGE_RATIO].truth = SLOWER;
}

static void add_audited(struct coverage_audited *to, const struct coverage_audited *part)
{
    to->n += part->n;
    to->marked += part->marked;
    to->clear_held += part->clear_held;
}

static void add_audits(struct coverage_row *to, const struct coverage_row *part)
{
    for (size_t f = 0; f < COVERAGE_FIGURES; f++)
        add_audited(&to->figure[f].audit, &part->figure[f].audit);
    add_audited(&to->audit, &part->audit);
}

static void add_counts(struct coverage_row *to, const struct coverage_row *part)
{
    for (size_t f = 0; f < COVERAGE_FIGURES; f++) {
        struct coverage_cell *const c = &to->figure[f];
        const struct coverage_cell *const p = &part->figure[f];
        c->n += p->n;
        c->held += p->held;
        c->below += p->below;
        c->above += p->above;
        c->open += p->open;
        c->width += p->width;
    }
    to->alike += part->alike;
    to->different += part->different;
    to->families += part->families;
    to->wrong += part->wrong;
}

/* Asked of 2,000 simulations; fewer err more, and as many standard errors are allowed. */
static double widened(double margin, size_t simulations)
{
    return simulations >= COVERAGE_SIMULATIONS
               ? margin
               : margin * sqrt((double)COVERAGE_SIMULATIONS / (double)simulations);
}

/* What the audit says of a share outside the band; else `wrong`. The unmarked have to be 200 at
 * least, and inside without an allowance for their number. */
static enum coverage_status excused(const struct coverage_audited *x, double low, double high,
                                    enum coverage_status wrong)
{
    constexpr double MOSTLY = 0.95;
    constexpr size_t LEAST = 200;
    const size_t clear = x->n - x->marked;
    if (x->n > 0 && (double)x->marked >= MOSTLY * (double)x->n)
        return COVERAGE_MARKED;
    if (x->marked == 0 || clear < LEAST)
        return wrong;
    const double held = (double)x->clear_held / (double)clear;
    return held >= low && held <= high ? COVERAGE_CLEAR : wrong;
}

static enum coverage_status judge(const struct coverage *c, const struct coverage_cell *f)
{
    constexpr double SELDOM = 0.01;
    if (f->n == 0)
        return COVERAGE_NONE;
    const double held = (double)f->held / (double)f->n;
    if (held >= c->low && held <= c->high)
        return COVERAGE_OK;
    if (held > c->high && (double)f->open > SELDOM * (double)f->n)
        return COVERAGE_OPEN;
    return excused(&f->audit, COVERAGE_LOW, COVERAGE_HIGH,
                   held > c->high ? COVERAGE_WIDE : COVERAGE_MISSED);
}

enum coverage_status coverage_pairs(const struct coverage *c, const struct coverage_row *r)
{
    constexpr double MARGIN = 0.01;
    const double rate = (double)r->different / (double)r->alike;
    const double margin = widened(MARGIN, c->simulations);
    if (fabs(rate - VERDICT_ALPHA) <= margin)
        return COVERAGE_OK;
    return excused(&r->audit, VERDICT_ALPHA - MARGIN, VERDICT_ALPHA + MARGIN,
                   rate > VERDICT_ALPHA ? COVERAGE_MISSED : COVERAGE_WIDE);
}

enum coverage_status coverage_families(const struct coverage *c, const struct coverage_row *r)
{
    const double most = VERDICT_ALPHA + widened(0.01, c->simulations);
    return (double)r->wrong <= (double)r->families * most ? COVERAGE_OK : COVERAGE_MISSED;
}

static void add_status(struct coverage *c, enum coverage_status s)
{
    c->missed += s == COVERAGE_MISSED;
    c->wide += s == COVERAGE_WIDE;
}

static bool is_wrong(enum coverage_status s)
{
    return s == COVERAGE_MISSED || s == COVERAGE_WIDE || s == COVERAGE_MARKED ||
           s == COVERAGE_CLEAR;
}

static bool needs_audit(const struct coverage *c, const struct coverage_row *r)
{
    bool needs = is_wrong(coverage_pairs(c, r));
    for (size_t f = 0; f < COVERAGE_FIGURES; f++)
        needs = needs || is_wrong(judge(c, &r->figure[f]));
    return needs;
}

/* Rows with something outside what was asked are simulated again, with more audits. */
static void audit_again(const struct coverage *c, struct work *w, size_t n)
{
    size_t *const which = ARENA_ARRAY(w->arena, size_t, n);
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (needs_audit(c, &w->rows[i]))
            which[k++] = i;
    w->which = which;
    w->audited = AUDITED_AGAIN;
    w->parts = ARENA_ARRAY(w->arena, struct coverage_row, k * w->chunks);
    parallel_run(k * w->chunks, w->plan->threads, simulate_chunk, w);
    for (size_t i = 0; i < k; i++) {
        struct coverage_row *const r = &w->rows[which[i]];
        r->audit = (struct coverage_audited){};
        for (size_t f = 0; f < COVERAGE_FIGURES; f++)
            r->figure[f].audit = (struct coverage_audited){};
        for (size_t j = 0; j < w->chunks; j++)
            add_audits(r, &w->parts[i * w->chunks + j]);
    }
}

static void run_rows(struct coverage *c, struct work *w, size_t n)
{
    size_t *const all = ARENA_ARRAY(w->arena, size_t, n);
    for (size_t i = 0; i < n; i++) {
        begin_row(&w->rows[i], i);
        all[i] = i;
    }
    w->which = all;
    parallel_run(n * w->chunks, w->plan->threads, simulate_chunk, w);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < w->chunks; k++) {
            add_counts(&w->rows[i], &w->parts[i * w->chunks + k]);
            add_audits(&w->rows[i], &w->parts[i * w->chunks + k]);
        }
    audit_again(c, w, n);
    for (size_t i = 0; i < n; i++) {
        for (size_t f = 0; f < COVERAGE_FIGURES; f++) {
            w->rows[i].figure[f].status = judge(c, &w->rows[i].figure[f]);
            add_status(c, w->rows[i].figure[f].status);
        }
        add_status(c, coverage_pairs(c, &w->rows[i]));
        add_status(c, coverage_families(c, &w->rows[i]));
    }
}

struct coverage coverage_run(const struct coverage_plan *plan, struct arena *a)
{
    const nsec_t begun = clock_now();
    const size_t n = COUNT_OF(laws) * COUNT_OF(shapes);
    const size_t chunks = (plan->simulations + CHUNK - 1) / CHUNK;
    struct work w = {.plan = plan,
                     .arena = a,
                     .rows = ARENA_ARRAY(a, struct coverage_row, n),
                     .parts = ARENA_ARRAY(a, struct coverage_row, n * chunks),
                     .chunks = chunks,
                     .audited = AUDITED};
    const double centre = (COVERAGE_LOW + COVERAGE_HIGH) / 2;
    const double margin = widened(COVERAGE_HIGH - centre, plan->simulations);
    struct coverage c = {.rows = w.rows,
                         .n = n,
                         .simulations = plan->simulations,
                         .low = centre - margin,
                         .high = centre + margin};
    run_rows(&c, &w, n);
    struct coverage_stop *const stops = ARENA_ARRAY(a, struct coverage_stop, COUNT_OF(stop_laws));
    coverage_stop_run(stop_laws, COUNT_OF(stop_laws), plan, a, stops);
    for (size_t i = 0; i < COUNT_OF(stop_laws); i++)
        add_status(&c, stops[i].status);
    c.stops = stops;
    c.n_stops = COUNT_OF(stop_laws);
    c.seconds = (double)(clock_now() - begun) / 1e9;
    return c;
}

const char *coverage_figure_name(enum coverage_figure f)
{
    static const char *const names[] = {[COVERAGE_MEAN] = "mean",
                                        [COVERAGE_MEDIAN] = "median",
                                        [COVERAGE_P95] = "p95",
                                        [COVERAGE_RATIO] = "ratio"};
    return names[f];
}

const char *coverage_status_name(enum coverage_status s)
{
    static const char *const names[] = {[COVERAGE_OK] = "ok",
                                        [COVERAGE_NONE] = "no interval",
                                        [COVERAGE_OPEN] = "an end is open",
                                        [COVERAGE_MARKED] = "the audit marks it",
                                        [COVERAGE_CLEAR] = "holds where the audit marks nothing",
                                        [COVERAGE_WIDE] = "wider than asked",
                                        [COVERAGE_MISSED] = "missed"};
    return names[s];
}
