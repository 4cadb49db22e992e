#include "analysis/audit_stated.h"

#include "analysis/audit_claim.h"
#include "analysis/audit_variance.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/compare.h"
#include "num/dist.h"
#include "num/effect.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { TOLERANCE, P_FACTOR, NOTHING_P, LARGE_D, FREE, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [TOLERANCE] = {"tolerance", 0.02,
                   "of what the figures give, beside the rounding of every printed figure"},
    [P_FACTOR] = {"p_factor", 1.25, "either way between two p values that are one"},
    [NOTHING_P] = {"nothing_p", 1e-6, "p values below it are alike"},
    [LARGE_D] = {"large_d", 10,
                 "standard deviations: no spread of repeated runs is that small "
                 "beside a difference, but one within a single run can be"},
    [FREE] = {"free", 2.5,
              "times Student's half width, either way: an interval that is not symmetric may be a "
              "bootstrap's, which is narrower at small n"},
};

static constexpr unsigned BLOCKS = AUDIT_MEAN | AUDIT_COMPARISON | AUDIT_WINNER;
static const char *const advice =
    "these statistics are not of these figures: find out of which data they are, or compute them "
    "again from the samples";

static double tolerance(void)
{
    return limits[TOLERANCE].value;
}

/* ---- the interval of a mean ---- */

struct half_width {
    const char *as;
    double factor; /* of sd / sqrt(n) */
};

static void say_interval(const struct audit_cell *c, const struct results_row *r, double half,
                         double student, const char *instead, struct audit *out)
{
    const struct audit_fact facts[] = {audit_word("figure", "interval of the mean"),
                                       audit_number("stated", half),
                                       audit_number("recomputed", student),
                                       audit_word("recomputed_as", "Student's 95 % half width"),
                                       audit_number("interval_low_ms", r->ci_low_ms),
                                       audit_number("interval_high_ms", r->ci_high_ms),
                                       audit_number("n_a", r->n_samples),
                                       audit_number("mean_a_ms", r->mean_ms),
                                       audit_number("sd_a_ms", r->std_ms)};
    const char *const why = instead ? audit_text(out, "it is %s, not the 95 %% interval", instead)
                                    : "no interval of a mean from these figures is like it";
    audit_add(
        out,
        &(struct audit_finding){
            .check = "stated-statistics",
            .severity = instead ? AUDIT_WARN : AUDIT_FAIL,
            .subject = audit_subject_of(c),
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = audit_text(out,
                                  "%s: the interval [%.5g, %.5g] ms is stated beside n %.0f, "
                                  "mean %.5g and std %.4g ms, which give %.5g +- %.4g: %s",
                                  audit_label(out, c), r->ci_low_ms, r->ci_high_ms, r->n_samples,
                                  r->mean_ms, r->std_ms, r->mean_ms, student, why),
            .advice =
                instead ? "state Student's interval, or which other one it is and why" : advice,
            .blocks = AUDIT_MEAN | AUDIT_COMPARISON});
}

/* Not what it should be, but known: its name; nullptr: none of them. */
static const char *other_interval(double half, double se, double sd, double room, double n)
{
    const struct half_width others[] = {
        {"mean +- 1.96 standard errors (the normal law's, too narrow for this n)", 1.959964},
        {"mean +- one standard error", 1},
        {"Student's 90 % interval", dist_t_quantile(0.95, n - 1)},
        {"Student's 99 % interval", dist_t_quantile(0.995, n - 1)},
        {"mean +- two standard errors", 2},
        {"mean +- 1.645 standard errors", 1.644854},
        {"mean +- 2.576 standard errors", 2.575829}};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (fabs(half - others[i].factor * se) <= room)
            return others[i].as;
    return fabs(half - sd) <= room              ? "mean +- one standard deviation of the samples"
           : fabs(half - 1.959964 * sd) <= room ? "the range of the samples (mean +- 1.96 sd)"
                                                : nullptr;
}

static bool look_at_interval(const struct audit_cell *c, const struct results_row *r,
                             struct audit *out)
{
    const double n = r->n_samples, lo = r->ci_low_ms, hi = r->ci_high_ms;
    if (!(n >= 2 && r->std_ms > 0 && hi >= lo) || isnan(r->mean_ms))
        return false;
    const double half = (hi - lo) / 2, se = r->std_ms / sqrt(n),
                 student = dist_t_quantile(0.975, n - 1) * se,
                 rounding = audit_claim_rounding(lo) + audit_claim_rounding(hi),
                 room = tolerance() * half + rounding +
                        half * audit_claim_rounding(r->std_ms) / r->std_ms;
    const bool symmetric =
        fabs((lo + hi) / 2 - r->mean_ms) <= room + audit_claim_rounding(r->mean_ms);
    /* with n - 1, or, as numpy does by itself, with n */
    const double ddof0 = student * sqrt(n / (n - 1));
    if (symmetric ? fabs(half - student) <= room || fabs(half - ddof0) <= room
                  : half * limits[FREE].value >= student && half <= limits[FREE].value * student &&
                        lo <= r->mean_ms && hi >= r->mean_ms)
        return true;
    say_interval(c, r, half, student,
                 symmetric ? other_interval(half, se, r->std_ms, room, n) : nullptr, out);
    return true;
}

/* ---- a comparison of two ---- */

struct pair {
    const struct audit_cell *cell;
    const struct results_row *row;
    struct audit_claim_side a, b;
};

static bool told(double x)
{
    return !isnan(x);
}

static const struct audit_cell *find_cell(const struct audit_group *g,
                                          const struct audit_cell *like, const char *backend)
{
    const struct audit_cell *found = nullptr;
    for (size_t i = 0; i < g->n; i++)
        if (strcmp(g->cells[i].key->backend, backend) == 0 &&
            (!found || strcmp(g->cells[i].key->precision, like->key->precision) == 0))
            found = &g->cells[i];
    return found;
}

/* What the row says of the other, else what the other's own row says. */
static struct audit_claim_side other_side(const struct audit_group *g, const struct audit_cell *c,
                                          const struct results_row *r)
{
    const struct audit_cell *const other = find_cell(g, c, r->versus);
    double n = r->versus_n, mean = r->versus_mean_ms, sd = r->versus_std_ms;
    for (size_t i = 0; other && i < other->n_stated; i++) {
        const struct results_row *const o = &other->stated[i];
        if (o->replicate != r->replicate || o->invocation != r->invocation)
            continue;
        n = told(n) ? n : o->n_samples;
        mean = told(mean) ? mean : o->mean_ms;
        sd = told(sd) ? sd : o->std_ms;
    }
    return audit_claim_side_of(n, mean, sd, r->versus);
}

static const char more_than_large[] = "more than ten of its own standard deviations";

static void say_pair(const struct pair *p, const struct audit_claimed *claim,
                     const struct audit_claim_value *given, enum audit_severity severity,
                     struct audit *out)
{
    const struct audit_claim_side *const a = &p->a, *const b = &p->b;
    const bool large = given->as == more_than_large;
    const double own =
        copysign(given->value, claim->stated); /* which comes first is the source's */
    const struct audit_fact facts[] = {audit_word("figure", claim->figure),
                                       audit_number("stated", claim->stated),
                                       audit_number("recomputed", own),
                                       audit_word("recomputed_as", given->as),
                                       audit_word("a", a->label),
                                       audit_word("b", b->label),
                                       audit_number("n_a", a->m.n ? (double)a->m.n : NOT_MEASURED),
                                       audit_number("mean_a_ms", a->m.mean),
                                       audit_number("sd_a_ms", a->m.sd),
                                       audit_number("n_b", b->m.n ? (double)b->m.n : NOT_MEASURED),
                                       audit_number("mean_b_ms", b->m.mean),
                                       audit_number("sd_b_ms", b->m.sd)};
    audit_add(
        out,
        &(struct audit_finding){
            .check = "stated-statistics",
            .severity = severity,
            .subject = audit_subject_of(p->cell),
            .facts = facts,
            .n_facts = COUNT_OF(facts),
            .message = large ? audit_text(out, "%s against %s: %s %.4g is stated: %s", a->label,
                                          b->label, claim->figure, claim->stated, given->as)
                             : audit_text(out,
                                          "%s against %s: %s %.4g is stated, the figures beside "
                                          "it give %.4g (%s)",
                                          a->label, b->label, claim->figure, claim->stated, own,
                                          given->as),
            .advice = severity == AUDIT_FAIL ? advice
                      : large                ? "take the spread between runs: that within one says "
                                               "nothing of how sure a difference is"
                              : "name the test: a rank test or a paired one needs the "
                                "samples, and they are not here",
            .blocks = BLOCKS});
}

static bool judge(const struct pair *p, const struct audit_claimed *claim, struct audit *out)
{
    bool holds;
    if (isnan(claim->stated) || !audit_claim_nearest(claim, tolerance(), &holds))
        return false;
    if (!holds)
        say_pair(p, claim, &claim->given[0], AUDIT_FAIL, out);
    return true;
}

static bool look_at_difference(const struct pair *p, struct audit *out)
{
    const struct audit_claim_side *const a = &p->a, *const b = &p->b;
    const double difference = b->m.mean - a->m.mean, off = a->mean_off + b->mean_off;
    struct audit_claimed d = {"difference_ms", p->row->difference_ms, {}, 0},
                         c = {"change_percent", p->row->change_percent, {}, 0};
    audit_claim_give(&d, "difference of the means", difference, off);
    audit_claim_give(&c, "of the first mean", 100 * difference / a->m.mean,
                     100 * off / a->m.mean * (b->m.mean / a->m.mean));
    audit_claim_give(&c, "of the other mean", 100 * difference / b->m.mean,
                     100 * off / b->m.mean * (a->m.mean / b->m.mean));
    const bool first = judge(p, &d, out), second = judge(p, &c, out);
    return first || second;
}

struct tests { /* of the two; t, df and p are NOT_MEASURED where a figure is not known */
    struct compare_t pooled, welch;
    double off_pooled, off_welch; /* of t */
    bool known;
};

static double room_of_t(const struct pair *p, double t, double difference)
{
    const double se = fabs(difference / t);
    return fabs(t) * fmax(p->a.sd_off, p->b.sd_off) + (p->a.mean_off + p->b.mean_off) / se;
}

static struct tests tests_of(const struct pair *p)
{
    const struct moment *const a = &p->a.m, *const b = &p->b.m;
    struct tests t = {.known = a->n >= 2 && b->n >= 2 && a->sd > 0 && b->sd > 0 && told(a->mean) &&
                               told(b->mean)};
    if (!t.known)
        return t;
    t.pooled = compare_pooled(a, b, 0.95);
    t.welch = compare_welch(a, b, 0.95);
    t.off_pooled = room_of_t(p, t.pooled.t, a->mean - b->mean);
    t.off_welch = room_of_t(p, t.welch.t, a->mean - b->mean);
    return t;
}

static bool look_at_t(const struct pair *p, const struct tests *t, struct audit *out)
{
    struct audit_claimed c = {"t_statistic", p->row->t_statistic, {}, 0};
    if (!t->known)
        return false;
    audit_claim_give(&c, "Student's t of two samples", t->pooled.t, t->off_pooled);
    audit_claim_give(&c, "Welch's t", t->welch.t, t->off_welch);
    return judge(p, &c, out);
}

static bool look_at_d(const struct pair *p, const struct tests *t, struct audit *out)
{
    const struct moment *const a = &p->a.m, *const b = &p->b.m;
    struct audit_claimed c = {"cohens_d", p->row->cohens_d, {}, 0};
    const double apart = a->mean - b->mean;
    const double by[] = {effect_cohen_d(a, b), apart / sqrt((a->var + b->var) / 2), apart / a->sd,
                         apart / b->sd};
    static const char *const as[] = {"Cohen's d with the pooled deviation",
                                     "d with the mean of the variances",
                                     "Glass' delta by the first", "Glass' delta by the other"};
    for (size_t i = 0; t->known && i < COUNT_OF(by); i++)
        audit_claim_give(&c, as[i], by[i], room_of_t(p, by[i], apart));
    if (t->known)
        audit_claim_give(&c, "Hedges' g", effect_hedges_g(by[0], a->n, b->n),
                         room_of_t(p, by[0], apart));
    else if (a->n >= 2 && b->n >= 2 && told(p->row->t_statistic))
        audit_claim_give(&c, "d that goes with the stated t",
                         p->row->t_statistic * sqrt(1 / (double)a->n + 1 / (double)b->n),
                         audit_claim_rounding(p->row->t_statistic));
    if (fabs(c.stated) > limits[LARGE_D].value) {
        const struct audit_claim_value large = {more_than_large, limits[LARGE_D].value, 0};
        say_pair(p, &c, &large, AUDIT_WARN, out);
    }
    return judge(p, &c, out) || fabs(c.stated) > limits[LARGE_D].value;
}

/* ---- p values: of a range of t and of degrees of freedom ---- */

struct p_range {
    double least, most;
    const char *as;
};

static struct p_range range_of(double t, double off, double df_least, double df_most,
                               const char *as)
{
    const double low = fmax(0, fabs(t) - off), high = fabs(t) + off;
    return (struct p_range){dist_t_two_sided(high, df_most), dist_t_two_sided(low, df_least), as};
}

static bool p_within(double p, const struct p_range *r)
{
    const double factor = limits[P_FACTOR].value, own = audit_claim_rounding(p);
    const bool bound = p == 0.05 || p == 0.01 || p == 0.001 || p == 0.0001; /* "p < 0.05" */
    if (p < limits[NOTHING_P].value && r->least < limits[NOTHING_P].value)
        return true;
    const bool one_sided = p + own >= r->least / 2 / factor && p - own <= r->most / 2 * factor;
    return one_sided || (p + own >= r->least / factor && (bound || p - own <= r->most * factor) &&
                         (!bound || r->least <= p));
}

static bool look_at_p(const struct pair *p, const struct tests *t, struct audit *out)
{
    const double stated = p->row->p_value, own_t = p->row->t_statistic;
    const double n_a = (double)p->a.m.n, n_b = (double)p->b.m.n;
    struct p_range ranges[3];
    size_t n = 0;
    if (isnan(stated) || (!t->known && isnan(own_t)))
        return false;
    const bool from_t = told(own_t);
    if (from_t) {
        const bool sizes = n_a >= 2 && n_b >= 2;
        ranges[n++] =
            range_of(own_t, audit_claim_rounding(own_t), sizes ? fmin(n_a, n_b) - 1 : 1,
                     sizes ? n_a + n_b - 2 : HUGE_VAL, "the nearest that the stated t allows");
    } else {
        ranges[n++] = range_of(t->pooled.t, t->off_pooled + tolerance() * fabs(t->pooled.t),
                               t->pooled.df, t->pooled.df, "Student's test of two samples");
        ranges[n++] = range_of(t->welch.t, t->off_welch + tolerance() * fabs(t->welch.t),
                               t->welch.df, HUGE_VAL, "Welch's test");
    }
    for (size_t i = 0; i < n; i++)
        if (p_within(stated, &ranges[i]))
            return true;
    const struct audit_claimed claim = {"p_value", stated, {}, 0};
    const struct p_range *const r = &ranges[0];
    const struct audit_claim_value given = {r->as,
                                            !from_t             ? t->pooled.p
                                            : stated < r->least ? r->least
                                                                : r->most,
                                            0};
    say_pair(p, &claim, &given, from_t ? AUDIT_FAIL : AUDIT_WARN, out);
    return true;
}

static bool look_at_pair(const struct audit_group *g, const struct audit_cell *c,
                         const struct results_row *r, struct audit *out)
{
    const struct pair p = {
        c, r, audit_claim_side_of(r->n_samples, r->mean_ms, r->std_ms, audit_label(out, c)),
        r->versus ? other_side(g, c, r)
                  : audit_claim_side_of(r->versus_n, r->versus_mean_ms, r->versus_std_ms,
                                        "another that is not named")};
    const struct tests t = tests_of(&p);
    bool looked = look_at_difference(&p, out);
    looked = look_at_t(&p, &t, out) || looked;
    looked = look_at_d(&p, &t, out) || looked;
    return look_at_p(&p, &t, out) || looked;
}

static void look_at_claims(const struct audit_whole *w, struct audit *out)
{
    size_t looked = 0;
    for (size_t i = 0; i < w->n_groups; i++) {
        const struct audit_group *const g = &w->groups[i];
        for (size_t k = 0; k < g->n; k++)
            for (size_t r = 0; r < g->cells[k].n_stated; r++) {
                looked += look_at_interval(&g->cells[k], &g->cells[k].stated[r], out);
                looked += look_at_pair(g, &g->cells[k], &g->cells[k].stated[r], out);
            }
    }
    looked += audit_variance_look(w, tolerance(), out);
    if (looked == 0)
        audit_not_run(out, "stated-statistics", nullptr,
                      "no interval, t, p, effect size or F of the source beside the n, mean and "
                      "std that it should come from");
}

const struct audit_check audit_stated_checks[] = {
    {.name = "stated-statistics",
     .rule = "fail: a statistic that a source states is not what the figures beside it give: the "
             "interval of a mean by n, mean and std; difference, change, t, Cohen's d and p of two "
             "cells by theirs, p by the stated t; F by n, mean and std of its groups. warn: the "
             "interval is another than it is called; p is of no t test of the two; d is more than "
             "large_d",
     .evidence = "figure stated recomputed recomputed_as a b n_a mean_a_ms sd_a_ms n_b mean_b_ms "
                 "sd_b_ms interval_low_ms interval_high_ms groups samples",
     .blocks = BLOCKS,
     .limits = limits,
     .n_limits = LIMITS,
     .whole = look_at_claims},
    {},
};
