#include "analysis/audit_law.h"

#include "analysis/audit_claim.h"
#include "analysis/audit_law_gate.h"
#include "analysis/audit_line.h"
#include "analysis/audit_points.h"
#include "analysis/audit_shape.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum {
    R2,
    SLOPE_P,
    STATED,
    LEVERAGE,
    EVEN,
    MOVES,
    OFF_P,
    SLOPES_P,
    SLOPES,
    INFLATION,
    LEAST_MODELS,
    LIMITS
};
static const struct audit_limit limits[LIMITS] = {
    [R2] = {"r2", 0.2, "below it a law explains less than chance often gives (measurement.md, 3)"},
    [SLOPE_P] = {"slope_p", 0.01,
                 "Student's, beside the bootstrap, which is too narrow with few points; at 0.05 "
                 "one study in twenty without any law would pass"},
    [STATED] = {"stated", 0.02,
                "of what the points beside a stated law give, and the rounding of its figures"},
    [LEVERAGE] = {"leverage", 0.7,
                  "one point then decides the slope: its residual is held under a "
                  "third of its error"},
    [EVEN] = {"even", 1.3,
              "times the leverage that the end of evenly spaced sizes has: with few "
              "points some leverage is everywhere"},
    [MOVES] = {"moves", 0.1, "of the exponent or of the crossover, with that point left out"},
    [OFF_P] =
        {"off_p", 0.03,
         "of the deleted residual (Student), times the number of models: it is off the law of "
         "the others by no chance"},
    [SLOPES_P] = {"slopes_p", 0.01, "of the F test (Chow) that scenarios have one exponent"},
    [SLOPES] = {"slopes", 0.15, "between the exponents of scenarios: less is no other law"},
    [INFLATION] = {"inflation", 5, "of the variance of a shape's effect by the other shape (VIF)"},
    [LEAST_MODELS] = {"least_models", 4, "with which anyone fits a law of shape"},
};

constexpr size_t SCRATCH = (size_t)4 << 30;
static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* ---- fit-not-actionable and leverage ---- */

struct law {
    const struct audit_whole *w;
    const char *scenario;
    const struct folder_key *a, *b; /* b nullptr: of a alone, else of the ratio a / b */
    const struct audit_points *points;
    struct audit_line line;
};

static struct audit_subject subject_of(const struct law *l)
{
    return (struct audit_subject){.scenario = l->scenario,
                                  .backend = l->b ? nullptr : l->a->backend,
                                  .precision = l->b ? nullptr : l->a->precision,
                                  .replicate = -1,
                                  .invocation = -1};
}

static const char *name_of(const struct law *l, struct audit *out)
{
    const char *const what = l->points->rate ? "tokens/s" : "latency";
    if (!l->b)
        return audit_text(out, "%s of %s/%s by model size", what, l->a->backend, l->a->precision);
    return audit_text(out, "%s of %s/%s over that of %s/%s by model size", what, l->a->backend,
                      l->a->precision, l->b->backend, l->b->precision);
}

/* Of a ratio of two, or of figures that are ratios themselves: on both sides of 1. */
static bool crosses_one(const struct law *l)
{
    const struct audit_line *const f = &l->line;
    bool below = false, above = false;
    for (size_t i = 0; i < l->points->n; i++) {
        below = below || l->points->y[i] < 1;
        above = above || l->points->y[i] > 1;
    }
    return below && above && f->crossover >= f->x_least && f->crossover <= f->x_most;
}

/* Nobody acts on a ratio of two backends but where it says which is the faster one. */
static enum audit_severity severity_of(const struct law *l, enum audit_severity severity)
{
    return l->b && !crosses_one(l) ? AUDIT_INFO : severity;
}

/* The first that a row of these points states; NOT_MEASURED: none does. */
static double stated_of(const struct law *l, size_t offset)
{
    double x = NOT_MEASURED;
    for (size_t i = 0; i < l->points->n; i++)
        for (size_t k = 0; k < l->points->cell[i]->n_stated && isnan(x); k++)
            memcpy(&x, (const char *)&l->points->cell[i]->stated[k] + offset, sizeof x);
    return x;
}

/* Configurations of the scenario that state the very same figure: it is then of them together, as
 * where a wide table has one fit for two columns. ret_both: a and b are among them. */
static size_t states_same(const struct law *l, size_t offset, double x, bool *ret_both)
{
    const struct folder_key *keys[3] = {};
    size_t n = 0;
    for (size_t i = 0; i < l->w->n_cells && n < COUNT_OF(keys); i++) {
        const struct audit_cell *const c = &l->w->cells[i];
        double y = NOT_MEASURED;
        for (size_t k = 0; k < c->n_stated && isnan(y); k++)
            memcpy(&y, (const char *)&c->stated[k] + offset, sizeof y);
        bool known = !same(c->key->scenario, l->scenario) || isnan(y) || y < x || y > x;
        for (size_t k = 0; k < n; k++)
            known = known || folder_key_same_engine(keys[k], c->key);
        if (!known)
            keys[n++] = c->key;
    }
    *ret_both = n == 2 && l->b &&
                (folder_key_same_engine(keys[0], l->b) || folder_key_same_engine(keys[1], l->b));
    return n;
}

static void contradict(const struct law *l, const char *figure, double stated, double own,
                       struct audit *out)
{
    struct audit_claimed claim = {figure, stated, {}, 0};
    bool holds;
    audit_claim_give(&claim, "of the points beside it", own, 0);
    if (isnan(stated) || !audit_claim_nearest(&claim, limits[STATED].value, &holds) || holds)
        return;
    const struct audit_fact facts[] = {audit_word("law", name_of(l, out)),
                                       audit_word("figure", figure), audit_number("stated", stated),
                                       audit_number("recomputed", own),
                                       audit_number("points", (double)l->line.n)};
    audit_add(out, &(struct audit_finding){
                       .check = "fit-not-actionable",
                       .severity = AUDIT_FAIL,
                       .subject = subject_of(l),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s: %s %.4g is stated; the %zu points beside it "
                                             "give %.4g",
                                             facts[0].text, figure, stated, l->line.n, own),
                       .advice = "it is not of these points: find out of which, or fit again",
                       .blocks = AUDIT_FIT});
}

static void judge_fit(const struct law *l, struct audit *out)
{
    const struct audit_line *const f = &l->line;
    static const struct {
        const char *name;
        size_t offset;
    } figures[] = {{"exponent", offsetof(struct results_row, exponent)},
                   {"r2", offsetof(struct results_row, r2)}};
    for (size_t i = 0; i < COUNT_OF(figures); i++) {
        const double stated = stated_of(l, figures[i].offset), own = i ? f->r2 : f->b;
        bool both;
        const size_t n = states_same(l, figures[i].offset, stated, &both);
        /* a ratio may be of either over the other */
        if ((n == 1 && !l->b) || (n == 2 && both))
            contradict(l, figures[i].name, stated, l->b && own * stated < 0 ? -own : own, out);
    }
    const bool weak = !(f->r2 >= limits[R2].value), unsure = (f->b_lo <= 0 && f->b_hi >= 0) ||
                                                             (f->b_least <= 0 && f->b_most >= 0) ||
                                                             !(f->p < limits[SLOPE_P].value);
    if (!weak && !unsure)
        return;
    const struct audit_fact facts[] = {audit_word("law", name_of(l, out)),
                                       audit_number("points", (double)f->n),
                                       audit_number("exponent", f->b),
                                       audit_number("exponent_low", f->b_lo),
                                       audit_number("exponent_high", f->b_hi),
                                       audit_number("p_value", f->p),
                                       audit_number("r2", f->r2)};
    audit_add(out, &(struct audit_finding){
                       .check = "fit-not-actionable",
                       .severity = severity_of(l, AUDIT_WARN),
                       .subject = subject_of(l),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s: exponent %.4g in [%.4g, %.4g], R2 %.3g over %zu "
                                             "models: no law to act on",
                                             facts[0].text, f->b, f->b_lo, f->b_hi, f->r2, f->n),
                       .advice = "predict nothing with it; measure more models, of more sizes",
                       .blocks = AUDIT_FIT});
}

static double moved(double from, double to)
{
    return isnan(from) || isnan(to) ? 0 : fabs(to / from - 1);
}

/* One that follows another law: a mixture of experts among dense models, one that did not fit. */
static void judge_outlier(const struct law *l, struct audit *out)
{
    const struct audit_line *const f = &l->line;
    constexpr double A_LAW = 0.9; /* R2 of the others */
    if (!(f->off_p < limits[OFF_P].value && f->r2_without_off >= A_LAW) ||
        moved(f->b, f->b_without_off) < limits[MOVES].value)
        return;
    const struct audit_fact facts[] = {audit_word("law", name_of(l, out)),
                                       audit_number("points", (double)f->n),
                                       audit_number("exponent", f->b),
                                       audit_number("r2", f->r2),
                                       audit_word("point", l->points->model[f->off]),
                                       audit_number("point_size", l->points->x[f->off]),
                                       audit_number("leverage", f->off_leverage),
                                       audit_number("off_by", f->off_by),
                                       audit_number("off_p", f->off_p),
                                       audit_number("exponent_without", f->b_without_off),
                                       audit_number("r2_without", f->r2_without_off)};
    audit_add(out,
              &(struct audit_finding){
                  .check = "leverage",
                  .severity = severity_of(l, AUDIT_WARN),
                  .subject = subject_of(l),
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "%s: %s is %.3g times what the law of the other %zu "
                                        "gives (p = %.2g): the exponent is %.4g with it (R2 "
                                        "%.3g) and %.4g without (R2 %.3g)",
                                        facts[0].text, facts[4].text, f->off_by, f->n - 1, f->off_p,
                                        f->b, f->r2, f->b_without_off, f->r2_without_off),
                  .advice = "is it of another kind (a mixture of experts, another engine), or "
                            "did it not fit? Give the law of the others, and it beside them",
                  .blocks = AUDIT_FIT});
}

static void judge_leverage(const struct law *l, struct audit *out)
{
    const struct audit_line *const f = &l->line;
    const double n = (double)f->n, even = 1 / n + 3 * (n - 1) / (n * (n + 1));
    if (!(f->leverage >= limits[LEVERAGE].value && f->leverage >= limits[EVEN].value * even)) {
        judge_outlier(l, out);
        return;
    }
    const bool crosses = crosses_one(l);
    const double by_b = moved(f->b, f->b_without),
                 by_crossover = crosses ? moved(f->crossover, f->crossover_without) : 0;
    const bool fragile = fmax(by_b, by_crossover) >= limits[MOVES].value;
    const bool one = f->b * f->b_without < 0;
    struct audit_fact facts[16] = {audit_word("law", name_of(l, out)),
                                   audit_number("points", n),
                                   audit_number("exponent", f->b),
                                   audit_number("exponent_low", f->b_lo),
                                   audit_number("exponent_high", f->b_hi),
                                   audit_number("r2", f->r2),
                                   audit_word("point", l->points->model[f->most]),
                                   audit_number("point_size", l->points->x[f->most]),
                                   audit_number("leverage", f->leverage),
                                   audit_number("exponent_without", f->b_without),
                                   audit_number("exponent_least_leaving_one_out", f->b_least),
                                   audit_number("exponent_most_leaving_one_out", f->b_most)};
    size_t k = 12;
    const char *at = "";
    if (l->b || crosses) {
        facts[k++] = audit_number("crossover_size", f->crossover);
        facts[k++] = audit_number("crossover_low", f->crossover_lo);
        facts[k++] = audit_number("crossover_high", f->crossover_hi);
        facts[k++] = audit_number("crossover_without", f->crossover_without);
        at = crosses ? audit_text(out, "; the crossover goes from %.4gM [%.4gM, %.4gM] to %.4gM",
                                  f->crossover / 1e6, f->crossover_lo / 1e6, f->crossover_hi / 1e6,
                                  f->crossover_without / 1e6)
                     : "; there is no crossover within the sizes measured";
    }
    audit_add(out,
              &(struct audit_finding){
                  .check = "leverage",
                  .severity = severity_of(l, one       ? AUDIT_FAIL
                                             : fragile ? AUDIT_WARN
                                                       : AUDIT_INFO),
                  .subject = subject_of(l),
                  .facts = facts,
                  .n_facts = k,
                  .message = audit_text(out,
                                        "%s: the exponent %.10g rests on %s (leverage %.3f); "
                                        "without it %.4g%s%s",
                                        facts[0].text, f->b, l->points->model[f->most], f->leverage,
                                        f->b_without, at, fragile ? ": fragile" : ""),
                  .advice = "give the law with and without that model, as a range; measure "
                            "sizes between it and the others",
                  .blocks = AUDIT_FIT});
}

/* ---- mixture: scenarios with laws of their own ---- */

struct slopes {
    double rss_own, rss_common, suu, suv, least, most;
    size_t n, scenarios;
    const char *least_of, *most_of;
};

/* Adds one scenario's line; its sums are those of the line's own centre. */
static void add_slope(const struct audit_points *p, const struct audit_line *f,
                      const char *scenario, struct slopes *s)
{
    double mean = 0, suu = 0;
    for (size_t i = 0; i < p->n; i++)
        mean += log(p->x[i]) / (double)p->n;
    for (size_t i = 0; i < p->n; i++)
        suu += (log(p->x[i]) - mean) * (log(p->x[i]) - mean);
    /* rss with another slope b is rss + suu (b - own)^2 */
    s->rss_own += f->rss;
    s->rss_common += suu * f->b * f->b;
    s->suu += suu;
    s->suv += suu * f->b;
    s->n += p->n;
    if (s->scenarios == 0 || f->b < s->least) {
        s->least = f->b;
        s->least_of = scenario;
    }
    if (s->scenarios == 0 || f->b > s->most) {
        s->most = f->b;
        s->most_of = scenario;
    }
    s->scenarios++;
}

static void judge_slopes(const struct slopes *s, const struct folder_key *key, struct audit *out)
{
    const double k = (double)s->scenarios, df1 = k - 1, df2 = (double)s->n - 2 * k;
    const double between = s->rss_common - s->suv * s->suv / s->suu;
    if (s->scenarios < 2 || df2 < 1)
        return;
    const double f = between / df1 / (s->rss_own / df2), p = dist_f_upper(f, df1, df2);
    if (!(p < limits[SLOPES_P].value && s->most - s->least >= limits[SLOPES].value))
        return;
    const struct audit_subject subject = {
        .backend = key->backend, .precision = key->precision, .replicate = -1, .invocation = -1};
    const struct audit_fact facts[] = {
        audit_number("scenarios", k),        audit_number("least_exponent", s->least),
        audit_word("least_of", s->least_of), audit_number("most_exponent", s->most),
        audit_word("most_of", s->most_of),   audit_number("common_exponent", s->suv / s->suu),
        audit_number("f_statistic", f),      audit_number("p_value", p)};
    audit_add(out, &(struct audit_finding){
                       .check = "mixture",
                       .severity = AUDIT_WARN,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s/%s: the exponent by model size is %.3g in %s and "
                                             "%.3g in %s: a fit over all scenarios is of no law",
                                             key->backend, key->precision, s->least, s->least_of,
                                             s->most, s->most_of),
                       .advice = "fit each scenario on its own",
                       .blocks = AUDIT_FIT});
}

/* ---- all laws ---- */

typedef void judge(const struct law *l, struct audit *out);

/* ret_slopes: nullptr where nobody wants them. False: fewer points than a line needs. */
static bool one_law(const struct audit_whole *w, const char *scenario, const struct folder_key *a,
                    const struct folder_key *b, judge *say, struct slopes *ret_slopes,
                    struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct audit_points p;
    audit_points_collect(w, scenario, a, b, &p);
    const struct law l = {w, scenario, a, b, &p, audit_line_of(p.x, p.y, p.n, scratch)};
    if (l.line.n == 0)
        return false;
    if (say)
        say(&l, out);
    if (ret_slopes)
        add_slope(&p, &l.line, scenario, ret_slopes);
    return true;
}

/* Too few models: most results, and no reason to look at every pair of them. */
static bool enough_models(const struct audit_whole *w)
{
    return audit_points_models(w) >= AUDIT_LINE_LEAST;
}

static void every_law(const struct audit_whole *w, const char *check, judge *say, struct audit *out)
{
    const size_t engines = enough_models(w) ? w->n_engines : 0;
    size_t laws = 0;
    for (size_t s = 0; s < w->n_scenarios; s++)
        for (size_t i = 0; i < engines; i++) {
            const struct folder_key *const key = w->engines[i]->key;
            laws += one_law(w, w->scenarios[s], key, nullptr, say, nullptr, out);
            for (size_t k = i + 1; k < engines; k++)
                laws += one_law(w, w->scenarios[s], key, w->engines[k]->key, say, nullptr, out);
        }
    if (laws == 0 && check)
        audit_not_run(out, check, nullptr,
                      "fewer than four models of known size (params_millions) in any scenario");
}

static void look_at_fits(const struct audit_whole *w, struct audit *out)
{
    every_law(w, audit_law_gate_all(w, limits[R2].value, out) ? nullptr : "fit-not-actionable",
              judge_fit, out);
}

static void look_at_leverage(const struct audit_whole *w, struct audit *out)
{
    every_law(w, "leverage", judge_leverage, out);
}

static void look_at_slopes(const struct audit_whole *w, struct audit *out)
{
    const size_t engines = enough_models(w) ? w->n_engines : 0;
    for (size_t i = 0; i < engines; i++) {
        const struct folder_key *const key = w->engines[i]->key;
        struct slopes s = {};
        for (size_t k = 0; k < w->n_scenarios; k++)
            (void)one_law(w, w->scenarios[k], key, nullptr, nullptr, &s, out);
        judge_slopes(&s, key, out);
    }
}

static void look_at_mixtures(const struct audit_whole *w, struct audit *out)
{
    look_at_slopes(w, out);
    audit_shape_look(w, limits[INFLATION].value, (size_t)limits[LEAST_MODELS].value, out);
}

const struct audit_check audit_law_checks[] = {
    {.name = "mixture",
     .rule = "warn: scenarios have exponents by model size that differ by more than slopes, with "
             "an F test (Chow) below slopes_p; or at least least_models vary depth and width "
             "together: variance inflation of at least inflation, or no two of them differ in "
             "depth alone or in width alone",
     .evidence = "scenarios least_exponent least_of most_exponent most_of common_exponent "
                 "f_statistic p_value models correlation_of_depth_and_width variance_inflation "
                 "pairs_that_differ_in_depth_alone pairs_that_differ_in_width_alone",
     .blocks = AUDIT_FIT,
     AUDIT_LIMITS(limits, SLOPES_P, LEAST_MODELS),
     .whole = look_at_mixtures},
    {.name = "fit-not-actionable",
     .rule =
         "warn: a power law by model size (of a backend's rate or latency, or of the ratio of "
         "two backends) with R2 below r2, or whose exponent may be zero: its bootstrap interval "
         "holds it, Student's p is not below slope_p, or leaving out one model turns its sign; or "
         "a law that "
         "a source states with such an R2 or interval; info for a ratio that is never 1 between "
         "the sizes; fail: a stated exponent or R2 is not that "
         "of "
         "the points beside it",
     .evidence = "law points exponent exponent_low exponent_high p_value r2 figure stated "
                 "recomputed",
     .blocks = AUDIT_FIT,
     AUDIT_LIMITS(limits, R2, STATED),
     .whole = look_at_fits},
    {.name = "leverage",
     .rule = "a model has at least leverage in such a law, and `even` times what evenly spaced "
             "sizes give: warn where the exponent or the crossover moves by more than moves "
             "without it, fail where the exponent changes its sign, else info. warn: a model is "
             "off the "
             "law of the others at off_p, and the exponent moves by more than moves without it; "
             "info for "
             "a ratio that is never 1 between the sizes",
     .evidence =
         "law points exponent exponent_low exponent_high r2 point point_size leverage "
         "exponent_without exponent_least_leaving_one_out exponent_most_leaving_one_out "
         "crossover_size crossover_low crossover_high crossover_without off_by off_p r2_without",
     .blocks = AUDIT_FIT,
     AUDIT_LIMITS(limits, LEVERAGE, OFF_P),
     .whole = look_at_leverage},
    {},
};
