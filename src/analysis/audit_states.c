#include "analysis/audit_states.h"

#include "analysis/audit_series.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/modes.h"
#include "num/modes_gap.h"
#include "num/quantile.h"

#include <math.h>
#include <string.h>

enum {
    DIP_P,
    DIP_P_FAR,
    BIC_GAIN,
    ASHMAN,
    ASHMAN_FAR,
    APART,
    LEAST_SHARE,
    LEAST_N,
    OWN_LEVEL_P,
    GAP,
    MIXED,
    MODES_LIMITS
};
static const struct audit_limit modes_limits[MODES_LIMITS] = {
    [DIP_P] = {"dip_p", 0.01, "Hartigan's dip against the uniform law"},
    [DIP_P_FAR] = {"dip_p_far", 0.10,
                   "the same where the parts are ashman_far apart: of 100 "
                   "samples the dip misses one such in five at dip_p"},
    [BIC_GAIN] = {"bic_gain", 10, "two normal parts against one: very strong (Raftery 1995)"},
    [ASHMAN] = {"ashman_d", 2.5,
                "above 2 the parts are apart (Ashman 1994); a skewed law reaches "
                "2 now and then"},
    [ASHMAN_FAR] = {"ashman_far", 4, "hardly a sample between the parts"},
    [APART] = {"apart", 0.03, "between the modes; less matters to no decision"},
    [LEAST_SHARE] = {"least_share", 0.08, "of the smaller mode: fewer samples are outliers"},
    [LEAST_N] = {"least_n", 10, "samples; the dip sees nothing below"},
    [OWN_LEVEL_P] = {"own_level_p", 0.05,
                     "at which invocations have levels of their own (Kruskal-Wallis), which are "
                     "then taken off"},
    [GAP] = {"gap_sd", MODES_GAP_LIMIT,
             "over sqrt(samples - invocations - 1): so many standard deviations without a sample "
             "between the parts (18 degrees of freedom and more): one mode shows them in 1 of 200 "
             "cells"},
    [MIXED] = {"mixed", 0.33, "of the invocations have samples in both of these parts"},
};

enum { RUNS_P, STAYS, LEAST_UNITS, UNITS_P, GROUPS, STATES_LIMITS };
static const struct audit_limit states_limits[STATES_LIMITS] = {
    [RUNS_P] = {"runs_p", 0.005, "of the Wald-Wolfowitz test: the two modes come in runs"},
    [STAYS] = {"stays", 0.9, "of an invocation's samples in one mode: it stayed there"},
    [LEAST_UNITS] =
        {"least_units", 8,
         "invocations whose levels show two clusters; with fewer each just has its own"},
    [UNITS_P] = {"units_dip_p", 0.01, "the dip of the invocations' levels"},
    [GROUPS] = {"units_gap_sd", MODES_GAP_LIMIT,
                "over sqrt(invocations - 2): so many standard deviations without a level between "
                "two groups, of a seventh of the invocations at least"},
};

static constexpr size_t SCRATCH = (size_t)2 << 30;
static constexpr double LEAST_SD = 0.002; /* of logs */

struct modes {
    struct modes_dip dip;
    struct modes_mixture mix;
    double cut; /* between the two */
    double
        gap; /* without a sample, in standard deviations; NOT_MEASURED: that was not the reason */
    bool two;
};

/* y in any order. */
static struct modes modes_of(const double *y, size_t n, double dip_p, struct arena *scratch)
{
    constexpr size_t MOST = 5000;
    const size_t m = n < MOST ? n : MOST;
    double *const sorted = ARENA_ARRAY(scratch, double, m + 1);
    for (size_t i = 0; i < m; i++)
        sorted[i] = y[i * n / m];
    quantile_sort(sorted, m);
    struct modes r = {.dip = modes_dip(sorted, m, scratch), .gap = NOT_MEASURED};
    r.mix.ashman = r.mix.bic_gain = NOT_MEASURED;
    if (!(r.dip.p <= fmax(dip_p, modes_limits[DIP_P_FAR].value)))
        return r;
    r.mix = modes_mixture(sorted, m, LEAST_SD, scratch);
    const double w = r.mix.low.sd / (r.mix.low.sd + r.mix.high.sd);
    r.cut = r.mix.low.mean + w * (r.mix.high.mean - r.mix.low.mean);
    const bool dips = r.dip.p <= dip_p || r.mix.ashman > modes_limits[ASHMAN_FAR].value;
    r.two = dips && r.mix.bic_gain > modes_limits[BIC_GAIN].value &&
            r.mix.ashman > modes_limits[ASHMAN].value &&
            r.mix.high.mean - r.mix.low.mean >= log1p(modes_limits[APART].value) &&
            fmin(r.mix.low.share, r.mix.high.share) >= modes_limits[LEAST_SHARE].value;
    return r;
}

/* Which unit each value is of; p of their levels being the same. */
static double own_levels(const struct audit_series *s, struct arena *scratch)
{
    size_t *const unit = ARENA_ARRAY(scratch, size_t, s->n + 1);
    for (size_t u = 0; u < s->n_units; u++)
        for (size_t i = s->start[u]; i < s->start[u + 1]; i++)
            unit[i] = u;
    return audit_series_kruskal(s->y, unit, s->n, s->n_units, scratch);
}

/* Few samples: the dip sees nothing, but two states far apart leave a gap. */
static struct modes modes_apart(const struct audit_series *s, const struct modes_dip *dip,
                                struct arena *scratch, double *y)
{
    constexpr size_t MOST = 5000; /* the dip is enough for more */
    struct modes r = {.dip = *dip, .gap = NOT_MEASURED};
    if (s->n > MOST)
        return r;
    double *const z = ARENA_ARRAY(scratch, double, s->n);
    const struct nested samples = {s->y, s->start, s->n_units};
    const struct modes_gap g =
        modes_gap_of(&samples, modes_limits[LEAST_SHARE].value, LEAST_SD, scratch, z);
    r.two = g.gap > g.limit && g.mixed >= modes_limits[MIXED].value &&
            g.high.mean - g.low.mean >= log1p(modes_limits[APART].value);
    if (!r.two)
        return r;
    memcpy(y, z, s->n * sizeof *y);
    r.mix = (struct modes_mixture){
        g.low, g.high, NOT_MEASURED,
        sqrt(2.0) * (g.high.mean - g.low.mean) / fmax(hypot(g.low.sd, g.high.sd), LEAST_SD), s->n};
    r.cut = g.cut;
    r.gap = g.gap;
    return r;
}

/* The samples' modes once prompts and, where they have their own, invocations' levels are off. */
static struct modes modes_within(const struct audit_series *s, struct arena *scratch, double *y)
{
    const bool own = own_levels(s, scratch) < modes_limits[OWN_LEVEL_P].value;
    memcpy(y, own ? s->centred : s->y, s->n * sizeof *y);
    const struct modes m = modes_of(y, s->n, modes_limits[DIP_P].value, scratch);
    return m.two ? m : modes_apart(s, &m.dip, scratch, y);
}

static const char *cannot_look(const struct audit_cell *c, const struct audit_series *s)
{
    if ((double)c->stats->n < modes_limits[LEAST_N].value)
        return "fewer than 10 samples";
    return s->mixed ? "prompts differ, and fewer than five samples of each: their levels cannot be "
                      "told from states"
                    : nullptr;
}

/* Of each mode in ms, where no prompt's level was taken off; else relative to the low one. */
static double in_ms(const struct audit_cell *c, const struct audit_series *s, const struct modes *m,
                    double log_level)
{
    if (!s->by_prompt && m->mix.low.mean > log(c->stats->min) - 0.01)
        return exp(log_level);
    return NOT_MEASURED;
}

static void look_modes(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const struct audit_subject subject = audit_subject_of(c);
    const struct audit_series s = *c->series;
    const char *const why = cannot_look(c, &s);
    if (why != nullptr) {
        audit_not_run(out, "bimodal", &subject, why);
        return;
    }
    double *const y = ARENA_ARRAY(scratch, double, s.n);
    const struct modes m = modes_within(&s, scratch, y);
    if (!m.two)
        return;
    const double ratio = exp(m.mix.high.mean - m.mix.low.mean);
    const struct audit_fact facts[] = {
        {"low_share", m.mix.low.share, nullptr},
        {"high_share", m.mix.high.share, nullptr},
        {"low_mode_ms", in_ms(c, &s, &m, m.mix.low.mean), nullptr},
        {"high_mode_ms", in_ms(c, &s, &m, m.mix.high.mean), nullptr},
        {"modes_ratio", ratio, nullptr},
        {"dip", m.dip.dip, nullptr},
        {"dip_p", m.dip.p, nullptr},
        {"bic_gain", m.mix.bic_gain, nullptr},
        {"ashman_d", m.mix.ashman, nullptr},
        {"gap_sd", m.gap, nullptr},
        {"n_samples", (double)s.n, nullptr},
    };
    const char *const how =
        isnan(m.gap)
            ? audit_text(out, "dip p = %.2g", m.dip.p)
            : audit_text(out, "no sample between them for %.1f standard deviations", m.gap);
    audit_add(out, &(struct audit_finding){
                       .check = "bimodal",
                       .severity = ratio >= 1.1 ? AUDIT_FAIL : AUDIT_WARN,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s: two modes: %.0f %% of the samples around one "
                                             "level, %.0f %% around %.3f times it (%s)",
                                             audit_label(out, c), 100 * m.mix.low.share,
                                             100 * m.mix.high.share, ratio, how),
                       .advice = "give the two modes and their shares, never one mean; record "
                                 "clocks and power states and fix them",
                       .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
                   });
}

/* ---- clock-states ---- */

struct states {
    const char *where;
    double runs, expected, p;
    double low_units, high_units;
    double ratio, low_share;
};

/* Do the modes come in runs? Pairs of neighbours within a unit. */
static bool in_runs(const struct audit_series *s, const double *y, const struct modes *m,
                    struct states *ret)
{
    double high = 0, switches = 0, pairs = 0;
    for (size_t u = 0; u < s->n_units; u++)
        for (size_t i = s->start[u]; i < s->start[u + 1]; i++) {
            high += y[i] > m->cut;
            if (i > s->start[u]) {
                pairs++;
                switches += (y[i] > m->cut) != (y[i - 1] > m->cut);
            }
        }
    const double n = (double)s->n, low = n - high;
    if (high < 3 || low < 3 || pairs < 8)
        return false;
    const double chance = 2 * high * low / (n * (n - 1)), expected = pairs * chance;
    const double var = expected * (chance * (n - 1) * (n - 1) - (n - 1)) / (n - 1) / (n - 2) > 0
                           ? expected * (expected * (n - 1) / pairs - 1) / (n - 2)
                           : pairs * chance * (1 - chance);
    const double z = (switches + 0.5 - expected) / sqrt(fmax(var, 1e-12));
    *ret = (struct states){.where = "in runs",
                           .runs = switches + 1,
                           .expected = expected + 1,
                           .p = z < 0 ? dist_normal_two_sided(z) / 2 : 1,
                           .low_units = NOT_MEASURED,
                           .high_units = NOT_MEASURED};
    return ret->p < states_limits[RUNS_P].value;
}

/* Two groups of levels with a gap between them; the dip wants more of them. */
static bool groups_of(const double *level, size_t n, struct arena *scratch, struct modes *ret)
{
    const size_t seventh = (n + 6) / 7;
    const struct modes_groups g =
        modes_gap_groups(level, n, seventh > 2 ? seventh : 2, LEAST_SD, scratch);
    struct modes_part low = {}, high = {};
    for (size_t u = 0; u < n; u++) {
        struct modes_part *const part = level[u] > g.cut ? &high : &low;
        part->share += 1 / (double)n;
        part->mean += level[u];
    }
    low.mean /= low.share * (double)n;
    high.mean /= high.share * (double)n;
    ret->mix.low = low;
    ret->mix.high = high;
    ret->cut = g.cut;
    return g.score > states_limits[GROUPS].value &&
           high.mean - low.mean >= log1p(modes_limits[APART].value);
}

/* Do invocations stay in one of two states? Their levels have two modes or groups. */
static bool by_invocation(const struct audit_series *s, struct arena *scratch, struct modes *m,
                          struct states *ret)
{
    if ((double)s->n_units < states_limits[LEAST_UNITS].value)
        return false;
    double *const level = ARENA_ARRAY(scratch, double, s->n_units);
    for (size_t u = 0; u < s->n_units; u++)
        level[u] = audit_series_median(s->y + s->start[u], s->start[u + 1] - s->start[u], scratch);
    *m = modes_of(level, s->n_units, states_limits[UNITS_P].value, scratch);
    if (!m->two && !groups_of(level, s->n_units, scratch, m))
        return false;
    *ret = (struct states){
        .where = "by invocation", .p = m->dip.p, .runs = NOT_MEASURED, .expected = NOT_MEASURED};
    for (size_t u = 0; u < s->n_units; u++) {
        ret->low_units += level[u] <= m->cut;
        ret->high_units += level[u] > m->cut;
    }
    return true;
}

/* Does the level return to where it was? A, B, A: two states that last. */
static bool returns(const struct audit_series *s, struct arena *scratch, struct states *ret)
{
    for (size_t u = 0; u < s->n_units; u++) {
        const size_t from = s->start[u], n = s->start[u + 1] - from;
        const struct audit_steps k =
            audit_series_steps(s->y + from, n, 5, 5, audit_series_blocks(s->n_units, 400), scratch);
        for (size_t i = 0; i + 2 <= k.n; i++) {
            const double step = fabs(k.level[i + 1] - k.level[i]);
            const double back = fabs(k.level[i + 2] - k.level[i]);
            if (step < log1p(modes_limits[APART].value) || back > step / 4)
                continue;
            size_t low = 0;
            const double cut = (k.level[i] + k.level[i + 1]) / 2;
            for (size_t j = from; j < from + n; j++)
                low += s->y[j] <= cut;
            *ret = (struct states){.where = "returning to an earlier level",
                                   .runs = (double)k.n + 1,
                                   .expected = NOT_MEASURED,
                                   .p = NOT_MEASURED,
                                   .low_units = NOT_MEASURED,
                                   .high_units = NOT_MEASURED,
                                   .ratio = exp(step),
                                   .low_share = (double)low / (double)n};
            return true;
        }
    }
    return false;
}

static void report_states(const struct audit_cell *c, const struct states *st, struct audit *out)
{
    const struct audit_fact facts[] = {
        {"states_ratio", st->ratio, nullptr},
        {"low_share", st->low_share, nullptr},
        {"runs", st->runs, nullptr},
        {"runs_expected", st->expected, nullptr},
        {"p", st->p, nullptr},
        {"low_invocations", st->low_units, nullptr},
        {"high_invocations", st->high_units, nullptr},
        {"n_samples", (double)c->stats->n, nullptr},
        {"where", NOT_MEASURED, st->where},
    };
    audit_add(out, &(struct audit_finding){
                       .check = "clock-states",
                       .severity = st->ratio >= 1.1 ? AUDIT_FAIL : AUDIT_WARN,
                       .subject = audit_subject_of(c),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s: two lasting states, the slow one %.3f times the "
                                             "fast one, %s; %.0f %% of the samples in the fast one",
                                             audit_label(out, c), st->ratio, st->where,
                                             100 * st->low_share),
                       .advice = "fix the clocks (governor, boost, power limit) or record them per "
                                 "sample and compare within a state",
                       .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_COMPARISON |
                                 AUDIT_ENERGY,
                   });
}

static void look_states(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const struct audit_subject subject = audit_subject_of(c);
    const struct audit_series s = *c->series;
    const char *const why = cannot_look(c, &s);
    if (why != nullptr) {
        audit_not_run(out, "clock-states", &subject, why);
        return;
    }
    double *const y = ARENA_ARRAY(scratch, double, s.n);
    struct modes m = modes_within(&s, scratch, y);
    struct states st = {};
    const bool lasting = (m.two && in_runs(&s, y, &m, &st)) || by_invocation(&s, scratch, &m, &st);
    if (lasting) {
        st.ratio = exp(m.mix.high.mean - m.mix.low.mean);
        st.low_share = m.mix.low.share;
    }
    if (lasting || returns(&s, scratch, &st))
        report_states(c, &st, out);
}

const struct audit_check audit_states_checks[] = {
    {.name = "bimodal",
     .rule =
         "warn: after prompts' and invocations' own levels are taken off, the dip rejects one "
         "mode at dip_p (dip_p_far) and two normal parts of logs beat one by bic_gain, are "
         "ashman_d (ashman_far) and "
         "`apart` apart and hold least_share each; or no sample lies between two such parts for "
         "gap_sd / sqrt(samples - invocations - 1) standard deviations, three different values "
         "in each; fail where they are 10 % apart",
     .evidence = "low_share high_share low_mode_ms high_mode_ms modes_ratio dip dip_p bic_gain "
                 "ashman_d gap_sd n_samples",
     .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
     .limits = modes_limits,
     .n_limits = MODES_LIMITS,
     .cell = look_modes},
    {.name = "clock-states",
     .rule = "warn: two modes that come in runs, invocations that have two levels between them, or "
             "a level that changes and comes back; fail where the states are 10 % apart",
     .evidence = "states_ratio low_share runs runs_expected p low_invocations high_invocations "
                 "n_samples where",
     .blocks = AUDIT_MEAN | AUDIT_MEDIAN | AUDIT_THROUGHPUT | AUDIT_COMPARISON | AUDIT_ENERGY,
     .limits = states_limits,
     .n_limits = STATES_LIMITS,
     .cell = look_states},
    {},
};
