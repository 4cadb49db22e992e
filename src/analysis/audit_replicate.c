#include "analysis/audit_replicate.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/compare.h"
#include "num/moment.h"
#include "store/results.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { P, DIFFERENCE, LEVEL_P, LEVEL, ROWS, FAILED, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [P] = {"p", 0.01,
           "within each run, divided by the number of runs: a rank that chance gave is "
           "no disagreement"},
    [DIFFERENCE] = {"difference", 0.02, "of the latencies, either way: less is not a rank"},
    [LEVEL_P] = {"level_p", 1e-4, "that the slowest and the fastest replicate of a cell are alike"},
    [LEVEL] = {"level", 1.25, "of the slowest replicate's latency to the fastest's"},
    [ROWS] = {"rows", 0.05, "of rows without a spread, either way"},
    [FAILED] = {"failed", 0.05,
                "of the measured samples: those that are left may be the fast ones"},
};

constexpr size_t SCRATCH = (size_t)4 << 30;

/* ---- the samples of one cell by run: replicate, else invocation ---- */

struct run {
    int32_t id;
    struct moment m; /* of log latency */
};

struct runs {
    struct run *items; /* ascending */
    size_t n;
};

static bool has_replicates(const struct audit_group *g)
{
    const struct cell_unit *first = nullptr;
    for (size_t i = 0; i < g->n; i++)
        for (size_t u = 0; u < g->cells[i].stats->n_units; u++) {
            const struct cell_unit *const x = &g->cells[i].stats->units[u];
            first = first ? first : x;
            if (x->replicate != first->replicate)
                return true;
        }
    return false;
}

/* Units come ordered by replicate, then invocation. */
static struct runs runs_of(const struct cell_stats *s, bool by_replicate, struct arena *a)
{
    struct runs r = {.items = ARENA_ARRAY(a, struct run, s->n_units)};
    double *const y = ARENA_ARRAY(a, double, s->n);
    for (size_t i = 0; i < s->n; i++)
        y[i] = log(s->x[i]);
    for (size_t u = 0; u < s->n_units;) {
        size_t end = u + 1;
        while (by_replicate && end < s->n_units && s->units[end].replicate == s->units[u].replicate)
            end++;
        r.items[r.n++] = (struct run){by_replicate ? s->units[u].replicate : s->units[u].invocation,
                                      moment_of(y + s->start[u], s->start[end] - s->start[u])};
        u = end;
    }
    return r;
}

struct vote { /* of one run on a pair: which one is faster, and how surely */
    int32_t run;
    double log_ratio, p;
};

struct disagreement {
    struct vote for_a, for_b; /* the surest of each side */
    size_t n_a, n_b, n_runs;
};

static void count_vote(const struct vote *v, struct disagreement *d)
{
    if (v->log_ratio < 0) { /* a takes less time */
        if (d->n_a++ == 0 || v->p < d->for_a.p)
            d->for_a = *v;
    } else {
        if (d->n_b++ == 0 || v->p < d->for_b.p)
            d->for_b = *v;
    }
}

static struct disagreement disagree(const struct runs *a, const struct runs *b)
{
    struct disagreement d = {};
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            d.n_runs += a->items[i].id == b->items[k].id;
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++) {
            const struct run *const x = &a->items[i], *const y = &b->items[k];
            if (x->id != y->id || x->m.n < 2 || y->m.n < 2)
                continue;
            const struct vote v = {x->id, x->m.mean - y->m.mean,
                                   compare_welch(&x->m, &y->m, 0.95).p};
            if (fabs(v.log_ratio) > log1p(limits[DIFFERENCE].value) &&
                v.p < limits[P].value / (double)d.n_runs)
                count_vote(&v, &d);
        }
    return d;
}

static void disagreement_finding(const struct audit_group *g, const struct audit_cell *a,
                                 const struct audit_cell *b, const struct disagreement *d,
                                 size_t pairs, bool replicates, struct audit *out)
{
    const char *const what = replicates ? "replicate" : "invocation";
    const struct audit_fact facts[] = {
        audit_word("a", audit_label(out, a)),
        audit_word("b", audit_label(out, b)),
        audit_word("runs_are", replicates ? "replicates" : "invocations"),
        audit_number("runs", (double)d->n_runs),
        audit_number("runs_that_rank_a_first", (double)d->n_a),
        audit_number("runs_that_rank_b_first", (double)d->n_b),
        audit_number("ratio_a_to_b_in_one", exp(d->for_a.log_ratio)),
        audit_number("p_in_one", d->for_a.p),
        audit_number("ratio_a_to_b_in_other", exp(d->for_b.log_ratio)),
        audit_number("p_in_other", d->for_b.p),
        audit_number("pairs_that_disagree", (double)pairs)};
    audit_add(out,
              &(struct audit_finding){
                  .check = "replicate-disagreement",
                  .severity = replicates ? AUDIT_FAIL : AUDIT_WARN,
                  .subject = audit_subject_of_group(g),
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "%s is faster in %s %d (%.3g times the time of %s) and "
                                        "slower in %s %d (%.3g times)",
                                        facts[0].text, what, d->for_a.run, exp(d->for_a.log_ratio),
                                        facts[1].text, what, d->for_b.run, exp(d->for_b.log_ratio)),
                  .advice = "neither is the faster one until the cause is known: look at what "
                            "changed between the runs, and add runs",
                  .blocks = AUDIT_COMPARISON | AUDIT_WINNER});
}

/* Of all pairs that disagree, the one whose weaker side is the surest. */
static bool look_at_ranks(const struct audit_group *g, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const bool replicates = has_replicates(g);
    struct runs *const runs = ARENA_ARRAY(scratch, struct runs, g->n);
    struct disagreement worst = {};
    const struct audit_cell *a = nullptr, *b = nullptr;
    size_t pairs = 0, looked = 0;
    for (size_t i = 0; i < g->n; i++)
        runs[i] = runs_of(g->cells[i].stats, replicates, scratch);
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < i; k++) {
            const struct disagreement d = disagree(&runs[k], &runs[i]);
            looked += d.n_runs >= 2;
            if (d.n_a == 0 || d.n_b == 0)
                continue;
            if (pairs++ == 0 || fmax(d.for_a.p, d.for_b.p) < fmax(worst.for_a.p, worst.for_b.p)) {
                worst = d;
                a = &g->cells[k];
                b = &g->cells[i];
            }
        }
    if (pairs)
        disagreement_finding(g, a, b, &worst, pairs, replicates, out);
    return looked > 0;
}

/* ---- rows, of which a source gives figures and no samples ---- */

/* What a row is ranked by: the first that both have; less of it is better. */
static const struct row_figure {
    const char *name;
    size_t offset;
    bool more_is_better;
} row_figures[] = {
    {"time", offsetof(struct results_row, median_ms), false},
    {"time", offsetof(struct results_row, mean_ms), false},
    {"time per token", offsetof(struct results_row, tokens_per_s), true},
    {"cost per token", offsetof(struct results_row, cost_per_million), false},
};

static double get(const struct results_row *r, size_t offset)
{
    double x;
    memcpy(&x, (const char *)r + offset, sizeof x);
    return x;
}

/* log(a / b); NOT_MEASURED: they have no figure in common. */
static double log_ratio(const struct results_row *a, const struct results_row *b,
                        const char **ret_name)
{
    for (size_t i = 0; i < COUNT_OF(row_figures); i++) {
        const double x = log(get(a, row_figures[i].offset) / get(b, row_figures[i].offset));
        if (!isfinite(x))
            continue;
        *ret_name = row_figures[i].name;
        return row_figures[i].more_is_better ? -x : x;
    }
    return NOT_MEASURED;
}

static struct moment spread_of(const struct results_row *r)
{
    return (struct moment){.n = r->n_samples >= 2 ? (size_t)r->n_samples : 0,
                           .mean = r->mean_ms,
                           .sd = r->std_ms,
                           .var = r->std_ms * r->std_ms};
}

/* By chance? Where they state a spread, Welch's test says; where not, nobody knows. */
static bool may_be_chance(const struct results_row *a, const struct results_row *b, double p)
{
    const struct moment x = spread_of(a), y = spread_of(b);
    return x.n >= 2 && y.n >= 2 && x.sd > 0 && y.sd > 0 && !(compare_welch(&x, &y, 0.95).p < p);
}

static bool same_run(const struct results_row *a, const struct results_row *b)
{
    return a->replicate == b->replicate && a->invocation == b->invocation;
}

struct row_votes {
    double least, most; /* log ratios that are no chance */
    size_t runs;
    const char *figure;
};

static struct row_votes votes_of(const struct audit_cell *a, const struct audit_cell *b)
{
    struct row_votes v = {};
    for (size_t i = 0; i < a->n_stated; i++)
        for (size_t k = 0; k < b->n_stated; k++) {
            const struct results_row *const x = &a->stated[i], *const y = &b->stated[k];
            if (!same_run(x, y) || x->versus || y->versus)
                continue;
            const double ratio = log_ratio(x, y, &v.figure);
            if (isnan(ratio))
                continue;
            v.runs++;
            if (may_be_chance(x, y, limits[P].value / 2))
                continue;
            v.least = fmin(v.least, ratio);
            v.most = fmax(v.most, ratio);
        }
    return v;
}

static bool look_at_rows(const struct audit_group *g, const struct audit_cell *a,
                         const struct audit_cell *b, struct audit *out)
{
    const struct row_votes v = votes_of(a, b);
    const double enough = log1p(limits[ROWS].value);
    if (v.least < -enough && v.most > enough) {
        const struct audit_fact facts[] = {audit_word("a", audit_label(out, a)),
                                           audit_word("b", audit_label(out, b)),
                                           audit_number("runs", (double)v.runs),
                                           audit_number("least_ratio_a_to_b", exp(v.least)),
                                           audit_number("most_ratio_a_to_b", exp(v.most)),
                                           audit_word("figure", v.figure)};
        audit_add(out, &(struct audit_finding){
                           .check = "replicate-disagreement",
                           .severity = AUDIT_FAIL,
                           .subject = audit_subject_of_group(g),
                           .facts = facts,
                           .n_facts = COUNT_OF(facts),
                           .message = audit_text(out,
                                                 "%s has from %.3g to %.3g times the %s of %s in "
                                                 "%zu runs: they rank differently",
                                                 facts[0].text, exp(v.least), exp(v.most), v.figure,
                                                 facts[1].text, v.runs),
                           .advice = "neither is the better one until the cause is known; one of "
                                     "these runs alone proves nothing",
                           .blocks = AUDIT_COMPARISON | AUDIT_WINNER});
    }
    return v.runs >= 2;
}

/* Rows of one cell that lie apart by more than runs of one machine state do. */
static bool look_at_row_levels(const struct audit_cell *c, struct audit *out)
{
    const struct results_row *fast = nullptr, *slow = nullptr;
    const char *figure = nullptr;
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        if (r->versus || r->status != STATUS_OK)
            continue;
        fast = !fast || log_ratio(r, fast, &figure) < 0 ? r : fast;
        slow = !slow || log_ratio(r, slow, &figure) > 0 ? r : slow;
    }
    if (!fast || fast == slow || same_run(fast, slow))
        return false;
    const double ratio = exp(log_ratio(slow, fast, &figure));
    if (!(ratio > limits[LEVEL].value) || may_be_chance(slow, fast, limits[LEVEL_P].value))
        return true;
    const bool replicates = slow->replicate != fast->replicate;
    const int32_t slow_id = replicates ? (int32_t)slow->replicate : slow->invocation,
                  fast_id = replicates ? (int32_t)fast->replicate : fast->invocation;
    const struct audit_fact facts[] = {
        audit_word("runs_are", replicates ? "replicates" : "invocations"),
        audit_number("slow_replicate", slow_id), audit_number("fast_replicate", fast_id),
        audit_number("ratio", ratio), audit_word("figure", figure)};
    audit_add(out, &(struct audit_finding){
                       .check = "replicate-disagreement",
                       .severity = AUDIT_WARN,
                       .subject = audit_subject_of(c),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out, "%s: run %d has %.3g times the %s of run %d",
                                             audit_label(out, c), slow_id, ratio, figure, fast_id),
                       .advice = "the runs are not of one state of the machine: give the range "
                                 "over them, and look for what changed",
                       .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT});
    return true;
}

/* One cell whose replicates lie apart by far more than their own spread. */
static void look_at_levels(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const struct runs r = runs_of(c->stats, true, scratch);
    const struct run *fast = nullptr, *slow = nullptr;
    for (size_t i = 0; i < r.n; i++) {
        if (r.items[i].m.n < 2)
            continue;
        fast = !fast || r.items[i].m.mean < fast->m.mean ? &r.items[i] : fast;
        slow = !slow || r.items[i].m.mean > slow->m.mean ? &r.items[i] : slow;
    }
    if (!fast || fast == slow)
        return;
    const double ratio = exp(slow->m.mean - fast->m.mean),
                 p = compare_welch(&slow->m, &fast->m, 0.95).p;
    if (!(ratio > limits[LEVEL].value && p < limits[LEVEL_P].value))
        return;
    const struct audit_fact facts[] = {audit_number("slow_replicate", slow->id),
                                       audit_number("slow_ms", exp(slow->m.mean)),
                                       audit_number("fast_replicate", fast->id),
                                       audit_number("fast_ms", exp(fast->m.mean)),
                                       audit_number("ratio", ratio),
                                       audit_number("p_value", p)};
    audit_add(out,
              &(struct audit_finding){
                  .check = "replicate-disagreement",
                  .severity = AUDIT_WARN,
                  .subject = audit_subject_of(c),
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out, "%.4g ms in replicate %d, %.4g ms in replicate %d",
                                        exp(slow->m.mean), slow->id, exp(fast->m.mean), fast->id),
                  .advice = "the runs are not of one state of the machine: compare within a "
                            "replicate, and give the range over replicates",
                  .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT});
}

static void look_at_replicates(const struct audit_group *g, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of_group(g);
    bool looked = look_at_ranks(g, out);
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < i; k++)
            looked = look_at_rows(g, &g->cells[k], &g->cells[i], out) || looked;
    for (size_t i = 0; i < g->n; i++)
        looked = look_at_row_levels(&g->cells[i], out) || looked;
    if (has_replicates(g))
        for (size_t i = 0; i < g->n; i++)
            look_at_levels(&g->cells[i], out);
    if (!looked)
        audit_not_run(out, "replicate-disagreement", &subject,
                      "no two runs (replicates, else invocations) of two cells");
}

/* ---- missing-cells ---- */

static bool ran(const struct audit_cell *c)
{
    return c->stats->n > 0 || (c->n_stated > 0 && c->stats->cell->status == STATUS_OK);
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static const struct audit_cell *find_in(const struct audit_group *g, const struct folder_key *like)
{
    for (size_t i = 0; i < g->n; i++)
        if (same_text(g->cells[i].key->backend, like->backend) &&
            same_text(g->cells[i].key->precision, like->precision))
            return &g->cells[i];
    return nullptr;
}

static bool any_ran(const struct audit_group *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (ran(&g->cells[i]))
            return true;
    return false;
}

struct absence {
    size_t raced, missing; /* scenarios in which anyone ran; in which this one did not */
    const char *where, *why;
};

static struct absence absence_of(const struct audit_whole *w, const struct folder_key *key)
{
    struct absence r = {};
    for (size_t i = 0; i < w->n_groups; i++) {
        const struct audit_group *const g = &w->groups[i];
        if (!same_text(g->model, key->model) || !any_ran(g))
            continue;
        const struct audit_cell *const c = find_in(g, key);
        r.raced++;
        if (c && ran(c))
            continue;
        r.missing++;
        r.where = r.where ? r.where : g->scenario;
        r.why = r.why ? r.why : c ? status_name(c->stats->cell->status) : "not in the data";
    }
    return r;
}

static bool told_before(const struct audit_whole *w, size_t i)
{
    const struct folder_key *const key = w->cells[i].key;
    for (size_t k = 0; k < i; k++)
        if (same_text(w->cells[k].key->model, key->model) &&
            same_text(w->cells[k].key->backend, key->backend) &&
            same_text(w->cells[k].key->precision, key->precision))
            return true;
    return false;
}

static void look_at_race(const struct audit_whole *w, struct audit *out)
{
    for (size_t i = 0; i < w->n_cells; i++) {
        if (told_before(w, i))
            continue;
        const struct folder_key *const key = w->cells[i].key;
        const struct absence x = absence_of(w, key);
        if (x.missing == 0 || x.missing == x.raced) /* who ran nowhere is in no race */
            continue;
        struct audit_subject subject = audit_subject_of(&w->cells[i]);
        subject.scenario = nullptr;
        const struct audit_fact facts[] = {
            audit_number("scenarios", (double)x.raced), audit_number("missing", (double)x.missing),
            audit_word("first_missing", x.where), audit_word("status", x.why)};
        audit_add(out, &(struct audit_finding){
                           .check = "missing-cells",
                           .severity = AUDIT_WARN,
                           .subject = subject,
                           .facts = facts,
                           .n_facts = COUNT_OF(facts),
                           .message = audit_text(out,
                                                 "%s/%s has no figure in %zu of %zu scenarios that "
                                                 "others ran (%s: %s)",
                                                 key->backend, key->precision, x.missing, x.raced,
                                                 x.where, x.why),
                           .advice = "name winners per scenario; over scenarios, compare those "
                                     "that all of them ran",
                           .blocks = AUDIT_WINNER});
    }
}

static void look_at_survivors(const struct audit_cell *c, struct audit *out)
{
    size_t failed = 0;
    for (int s = 0; s < STATUS_COUNT; s++)
        failed += s == STATUS_OK ? 0 : c->stats->not_ok[s];
    const double all = (double)(failed + c->stats->not_ok[STATUS_OK]);
    if (c->stats->n == 0 || !((double)failed >= limits[FAILED].value * all) || failed == 0)
        return;
    const struct audit_fact facts[] = {audit_number("samples", all),
                                       audit_number("not_ok", (double)failed)};
    audit_add(out, &(struct audit_finding){
                       .check = "missing-cells",
                       .severity = AUDIT_WARN,
                       .subject = audit_subject_of(c),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%zu of %.0f measured samples are not ok: the figures "
                                             "are of those that survived",
                                             failed, all),
                       .advice = "say how many failed beside every figure, and find out why",
                       .blocks = AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_WINNER});
}

const struct audit_check audit_replicate_checks[] = {
    {.name = "replicate-disagreement",
     .rule =
         "fail: of two cells one is faster in one replicate and slower in another, each time "
         "by more than difference and with Welch's p on log latencies below p over the number "
         "of runs; warn: the same between invocations, or replicates of a cell apart by more "
         "than level. Rows without samples: more than `rows` either way, by their time, else rate, "
         "else cost, and Welch's test where they state a spread",
     .evidence = "a b runs_are runs runs_that_rank_a_first runs_that_rank_b_first "
                 "ratio_a_to_b_in_one p_in_one ratio_a_to_b_in_other p_in_other "
                 "pairs_that_disagree least_ratio_a_to_b most_ratio_a_to_b slow_replicate slow_ms "
                 "fast_replicate fast_ms ratio p_value figure",
     .blocks = AUDIT_COMPARISON | AUDIT_WINNER | AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT,
     AUDIT_LIMITS(limits, P, ROWS),
     .group = look_at_replicates},
    {.name = "missing-cells",
     .rule = "warn: a backend and precision has figures in some scenarios of a model and none in "
             "others that anyone ran; or at least `failed` of a cell's measured samples are not ok",
     .evidence = "scenarios missing first_missing status samples not_ok",
     .blocks = AUDIT_WINNER | AUDIT_LATENCY | AUDIT_THROUGHPUT,
     AUDIT_LIMITS(limits, FAILED, FAILED),
     .cell = look_at_survivors,
     .whole = look_at_race},
    {},
};
