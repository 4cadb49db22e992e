#include "analysis/audit_energy.h"

#include "analysis/audit_reading.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/modes.h"
#include "num/moment.h"
#include "num/quantile.h"
#include "store/results.h"

#include <math.h>

enum { DIP, GAIN, ASHMAN, APART, TRACE_APART, LEAST_IDLE, SPREAD, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [DIP] = {"dip_p", 0.01, "Hartigan's dip: two modes, not one wide one"},
    [GAIN] = {"bic_gain", 10, "of two normal parts over one: strong evidence"},
    [ASHMAN] = {"ashman_d", 2, "the parts do not overlap"},
    [APART] = {"apart", 0.1, "of the higher level: states that change a subtraction"},
    [TRACE_APART] = {"trace_apart", 0.5,
                     "the same of a trace of which nobody says whether it was at rest: a load "
                     "wanders by less"},
    [LEAST_IDLE] = {"least_idle", 12, "readings in which two levels can be told from noise"},
    [SPREAD] = {"spread", 0.68,
                "of the largest variance that least, most and mean allow (Bhatia and Davis 2000); "
                "by Khinchine's representation no law of one mode has more than two thirds"},
};

constexpr size_t SCRATCH = (size_t)4 << 30;

/* ---- negative-energy ---- */

/* Energies that a source booked, idle subtracted or not. */
static bool look_at_energies(const struct audit_cell *c, struct audit *out)
{
    double n = 0, wrong = 0, least = HUGE_VAL;
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        if (isnan(r->energy_j))
            continue;
        n += isnan(r->energies) ? 1 : r->energies;
        wrong += isnan(r->energies) ? !(r->energy_j > 0) : r->energies_not_positive;
        least = fmin(least, r->energy_j);
    }
    const struct audit_fact facts[] = {audit_number("energies", n),
                                       audit_number("not_above_zero", wrong),
                                       audit_number("energy_j", least)};
    if (wrong > 0)
        audit_reading_report(
            c, "negative-energy", AUDIT_FAIL, facts, COUNT_OF(facts),
            audit_text(out, "%.0f of %.0f energies are not above zero (%s%.4g J)", wrong, n,
                       n > 1 && c->n_stated == 1 ? "mean " : "", least),
            "an idle power was subtracted that is not the one of this work: keep gross energy, "
            "and idle with its own uncertainty",
            out);
    return n > 0;
}

/* The idle power that the source itself states beside the cell's own. */
static void look_at_stated_idle(const struct audit_cell *c, struct audit *out)
{
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        const double load = isnan(r->power_w) ? c->kept->power_mean : r->power_w;
        if (!(load < r->idle_power_w))
            continue;
        const struct audit_fact facts[] = {audit_number("load_w", load),
                                           audit_number("idle_w", r->idle_power_w)};
        audit_reading_report(
            c, "negative-energy", AUDIT_FAIL, facts, COUNT_OF(facts),
            audit_text(out, "it draws %.4g W, its own idle is %.4g W: its net energy is negative",
                       load, r->idle_power_w),
            "idle was measured in another state (clocks, display, another job): measure it "
            "before and after the work",
            out);
        return;
    }
}

static void look_at_sign(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct audit_subject subject = audit_subject_of(c);
    size_t known, wrong = 0;
    const double *const x = audit_reading_powers(c, a, &known);
    double least = HUGE_VAL;
    for (size_t i = 0; i < known; i++) {
        wrong += !(x[i] > 0);
        least = fmin(least, x[i]);
    }
    for (size_t i = 0; i < c->n_stated; i++)
        if (!isnan(c->stated[i].power_w)) {
            known++;
            wrong += !(c->stated[i].power_w > 0);
            least = fmin(least, c->stated[i].power_w);
        }
    look_at_stated_idle(c, out);
    if (!look_at_energies(c, out) && known == 0)
        audit_not_run(out, "negative-energy", &subject, "no power or energy was recorded");
    if (wrong == 0)
        return;
    const struct audit_fact facts[] = {audit_number("readings", (double)known),
                                       audit_number("not_above_zero", (double)wrong),
                                       audit_number("least_w", least)};
    audit_reading_report(
        c, "negative-energy", AUDIT_FAIL, facts, COUNT_OF(facts),
        audit_text(out, "%zu of %zu powers are not above zero (least %.4g W)", wrong, known, least),
        "a sensor that failed, or an idle power subtracted that was too high: keep gross power, "
        "and idle with its own uncertainty",
        out);
}

/* A load that draws less than idle has a negative net energy. */
static void look_at_net(const struct audit_whole *w, struct audit *out)
{
    double idle = NOT_MEASURED;
    for (size_t i = 0; i < w->n_cells; i++)
        if (audit_reading_idle(&w->cells[i]))
            idle = fmax(idle, w->cells[i].kept->power_mean);
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct audit_cell *const c = &w->cells[i];
        if (audit_reading_idle(c) || !(c->kept->power_mean < idle))
            continue;
        const struct audit_fact facts[] = {audit_number("load_w", c->kept->power_mean),
                                           audit_number("idle_w", idle)};
        audit_reading_report(
            c, "negative-energy", AUDIT_FAIL, facts, COUNT_OF(facts),
            audit_text(out, "it draws %.4g W, idle %.4g W: its net energy is negative",
                       c->kept->power_mean, idle),
            "idle was measured in another state (clocks, display, another job): measure it "
            "before and after the work",
            out);
    }
}

/* ---- idle-mixture ---- */

static const char idle_advice[] =
    "subtract the level in which the work ran, with both as the range; never the mean";

/* From mean, deviation, least and most alone: the two levels that give them, one being the least.
 */
static bool look_at_idle_row(const struct audit_cell *c, struct audit *out)
{
    bool looked = false;
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        if (!audit_reading_idle(c) && !isnan(r->power_w))
            continue;
        const double mean = isnan(r->power_w) ? r->idle_power_w : r->power_w;
        const double low = r->power_min_w, variance = r->power_std_w * r->power_std_w;
        const double share = variance / ((r->power_max_w - mean) * (mean - low));
        if (isnan(share))
            continue;
        looked = true;
        const double high = fmin(mean + variance / (mean - low), r->power_max_w);
        if (!(share > limits[SPREAD].value) || high - low <= limits[APART].value * high)
            continue;
        const double low_share = (high - mean) / (high - low);
        const double below = mean - 2 * r->power_std_w;
        const struct audit_fact facts[] = {audit_number("low_w", low),
                                           audit_number("low_share", low_share),
                                           audit_number("high_w", high),
                                           audit_number("high_share", 1 - low_share),
                                           audit_number("mean_w", mean),
                                           audit_number("sd_w", r->power_std_w),
                                           audit_number("share_of_largest_variance", share),
                                           audit_number("two_sd_below_mean_w", below)};
        audit_reading_report(
            c, "idle-mixture", AUDIT_FAIL, facts, COUNT_OF(facts),
            audit_text(out,
                       "idle of %.4g W with a deviation of %.4g W between %.4g and %.4g W has "
                       "two levels, near %.4g W (%.0f %%) and %.4g W: the mean is neither%s",
                       mean, r->power_std_w, low, r->power_max_w, low, 100 * low_share, high,
                       below < low ? ", and a rule of two deviations sees no outlier" : ""),
            idle_advice, out);
    }
    return looked;
}

static void look_at_idle(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct audit_subject subject = audit_subject_of(c);
    const bool looked = look_at_idle_row(c, out);
    size_t n;
    double *const x = audit_reading_powers(c, a, &n);
    const bool idle = audit_reading_idle(c);
    if (!(idle || c->stats->n == 0) || (double)n < limits[LEAST_IDLE].value) {
        if (!looked)
            audit_not_run(
                out, "idle-mixture", &subject,
                audit_reading_idle(c)
                    ? "too few readings of the idle power, or no least, most and deviation"
                    : "no cell of idle power (scenario or backend 'idle')");
        return;
    }
    quantile_sort(x, n);
    const struct modes_dip dip = modes_dip(x, n, a);
    const struct modes_mixture m = modes_mixture(x, n, 1e-3 * quantile_sorted(x, n, 0.5), a);
    if (!(dip.p < limits[DIP].value && m.bic_gain > limits[GAIN].value &&
          m.ashman > limits[ASHMAN].value &&
          m.high.mean - m.low.mean > limits[idle ? APART : TRACE_APART].value * m.high.mean))
        return;
    const struct moment all = moment_of(x, n);
    size_t beyond = 0;
    for (size_t i = 0; i < n; i++)
        beyond += fabs(x[i] - all.mean) > 2 * all.sd;
    const struct audit_fact facts[] = {
        audit_number("low_w", m.low.mean),
        audit_number("low_share", m.low.share),
        audit_number("high_w", m.high.mean),
        audit_number("high_share", m.high.share),
        audit_number("dip_p", dip.p),
        audit_number("bic_gain", m.bic_gain),
        audit_number("ashman_d", m.ashman),
        audit_number("readings", (double)n),
        audit_number("mean_w", all.mean),
        audit_number("sd_w", all.sd),
        audit_number("beyond_two_sd_share", (double)beyond / (double)n)};
    audit_reading_report(
        c, "idle-mixture", idle ? AUDIT_FAIL : AUDIT_WARN, facts, COUNT_OF(facts),
        audit_text(out,
                   "%s two levels, %.4g W (%.0f %%) and %.4g W: their mean, %.4g W, is "
                   "neither%s",
                   idle ? "idle has" : "the readings have", m.low.mean, 100 * m.low.share,
                   m.high.mean, all.mean, idle ? "" : ", be it idle or load"),
        idle ? idle_advice
             : "say what ran when (--const scenario=idle where nothing did), and take each level "
               "for itself",
        out);
}

const struct audit_check audit_energy_checks[] = {
    {.name = "idle-mixture",
     .rule = "fail: the powers of an idle cell have two modes (dip below dip_p, bic_gain, "
             "ashman_d) that lie apart by more than `apart`; of a row: its deviation takes more "
             "than `spread` of what least, most and mean allow; warn: a trace that nobody calls "
             "idle has such modes, trace_apart",
     .evidence = "low_w low_share high_w high_share dip_p bic_gain ashman_d readings mean_w sd_w "
                 "beyond_two_sd_share share_of_largest_variance two_sd_below_mean_w",
     .blocks = AUDIT_ENERGY | AUDIT_COST,
     .limits = limits,
     .n_limits = LIMITS,
     .cell = look_at_idle},
    {.name = "negative-energy",
     .rule = "fail: a power or an energy that is not above zero, or a mean power under load below "
             "that of idle, be it a cell's or the row's own",
     .evidence = "readings not_above_zero least_w load_w idle_w energies energy_j",
     .blocks = AUDIT_ENERGY | AUDIT_COST,
     .cell = look_at_sign,
     .whole = look_at_net},
    {},
};
