#include "analysis/audit_power.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/modes.h"
#include "num/quantile.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <strings.h>

enum { LEAST_SAMPLES, INTERVALS, DIP, GAIN, ASHMAN, APART, LEAST_IDLE, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [LEAST_SAMPLES] = {"least_samples", 3,
                       "of one run with one power to the last digit: it was read once"},
    [INTERVALS] = {"intervals", 20,
                   "of the sensor in a window: the ends alone are then an error of a tenth"},
    [DIP] = {"dip_p", 0.01, "Hartigan's dip: two modes, not one wide one"},
    [GAIN] = {"bic_gain", 10, "of two normal parts over one: strong evidence"},
    [ASHMAN] = {"ashman_d", 2, "the parts do not overlap"},
    [APART] = {"apart", 0.1, "of the higher level: states that change a subtraction"},
    [LEAST_IDLE] = {"least_idle", 12, "readings in which two levels can be told from noise"},
};

constexpr size_t SCRATCH = (size_t)4 << 30;

static bool is_idle(const struct audit_cell *c)
{
    return strcasecmp(c->key->scenario, "idle") == 0 || strcasecmp(c->key->backend, "idle") == 0;
}

static size_t known_power(const struct audit_cell *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->stats->n; i++)
        n += isnan(c->samples->power_w[c->rows[i]]) ? 0 : 1;
    return n;
}

static void report(const struct audit_cell *c, const char *check, enum audit_severity severity,
                   const struct audit_fact *facts, size_t n, const char *message,
                   const char *advice, struct audit *out)
{
    audit_add(out, &(struct audit_finding){.check = check,
                                           .severity = severity,
                                           .subject = audit_subject_of(c),
                                           .facts = facts,
                                           .n_facts = n,
                                           .message = message,
                                           .advice = advice,
                                           .blocks = AUDIT_ENERGY | AUDIT_COST});
}

/* ---- power-undersampled ---- */

struct readings {
    size_t runs, once; /* invocations with enough samples; those of one value */
    double window_ms;  /* median over samples: what a reading of its own stands for */
};

/* How often the sensor was read in a unit: a value that stays, or is not there, is no reading. */
static size_t readings_in(const struct audit_cell *c, size_t first, size_t end)
{
    double last = NOT_MEASURED;
    size_t n = 0;
    for (size_t i = first; i < end; i++) {
        const double w = c->samples->power_w[c->rows[i]];
        n += !isnan(w) && w != last;
        last = isnan(w) ? last : w;
    }
    return n;
}

static struct readings readings_of(const struct audit_cell *c)
{
    const struct cell_stats *const s = c->stats;
    struct readings r = {.window_ms = s->median};
    for (size_t u = 0; u < s->n_units; u++) {
        const size_t n = readings_in(c, s->start[u], s->start[u + 1]);
        if ((double)(s->start[u + 1] - s->start[u]) < limits[LEAST_SAMPLES].value || n == 0)
            continue;
        r.runs++;
        r.once += n == 1;
    }
    return r;
}

static double interval_of(const struct audit_cell *c)
{
    for (size_t i = 0; i < c->n_evidence; i++)
        if (!isnan(c->evidence[i]->power_interval_s))
            return c->evidence[i]->power_interval_s;
    return NOT_MEASURED;
}

static void look_at_sampling(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    if (known_power(c) == 0) {
        bool stated = false;
        for (size_t i = 0; i < c->n_stated; i++)
            stated = stated || !isnan(c->stated[i].power_w);
        audit_not_run(out, "power-undersampled", &subject,
                      stated ? "a row states a power, nobody says of how many readings"
                             : "no power was recorded");
        return;
    }
    const struct readings r = readings_of(c);
    const double interval = interval_of(c), windows = r.window_ms / 1e3 / interval;
    const struct audit_fact facts[] = {audit_number("invocations", (double)r.runs),
                                       audit_number("invocations_with_one_power", (double)r.once),
                                       audit_number("samples", (double)c->stats->n),
                                       audit_number("window_ms", r.window_ms),
                                       audit_number("interval_s", interval),
                                       audit_number("intervals_per_window", windows)};
    if (r.once > 0)
        report(c, "power-undersampled", AUDIT_FAIL, facts, COUNT_OF(facts),
               audit_text(out,
                          "%zu of %zu invocations have one power for all their samples: it was "
                          "read once",
                          r.once, r.runs),
               "read the sensor all the time that the work runs, at least twice in every window",
               out);
    else if (windows < limits[INTERVALS].value)
        report(c, "power-undersampled", AUDIT_WARN, facts, COUNT_OF(facts),
               audit_text(out, "a sample of %.4g ms is %.2g intervals of the sensor", r.window_ms,
                          windows),
               "measure energy over many samples at once, with the sensor's ticks at both ends",
               out);
    else if (isnan(interval))
        report(c, "power-undersampled", AUDIT_INFO, facts, COUNT_OF(facts),
               "nobody says how often the power was read",
               "record the sensor's interval and the readings of each window", out);
}

/* ---- negative-energy ---- */

static void look_at_sign(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    size_t known = 0, wrong = 0;
    double least = HUGE_VAL;
    for (size_t i = 0; i < c->stats->n + c->n_stated; i++) {
        const double w =
            i < c->stats->n ? c->samples->power_w[c->rows[i]] : c->stated[i - c->stats->n].power_w;
        if (isnan(w))
            continue;
        known++;
        wrong += !(w > 0);
        least = fmin(least, w);
    }
    if (known == 0)
        audit_not_run(out, "negative-energy", &subject, "no power was recorded");
    if (wrong == 0)
        return;
    const struct audit_fact facts[] = {audit_number("readings", (double)known),
                                       audit_number("not_above_zero", (double)wrong),
                                       audit_number("least_w", least)};
    report(
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
        if (is_idle(&w->cells[i]))
            idle = fmax(idle, w->cells[i].kept->power_mean);
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct audit_cell *const c = &w->cells[i];
        if (is_idle(c) || !(c->kept->power_mean < idle))
            continue;
        const struct audit_fact facts[] = {audit_number("load_w", c->kept->power_mean),
                                           audit_number("idle_w", idle)};
        report(c, "negative-energy", AUDIT_FAIL, facts, COUNT_OF(facts),
               audit_text(out, "it draws %.4g W, idle %.4g W: its net energy is negative",
                          c->kept->power_mean, idle),
               "idle was measured in another state (clocks, display, another job): measure it "
               "before and after the work",
               out);
    }
}

/* ---- idle-mixture ---- */

static void look_at_idle(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const size_t n = known_power(c);
    if (!is_idle(c) || (double)n < limits[LEAST_IDLE].value) {
        audit_not_run(out, "idle-mixture", &subject,
                      is_idle(c) ? "too few readings of the idle power"
                                 : "no cell of idle power (scenario or backend 'idle')");
        return;
    }
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    double *const x = ARENA_ARRAY(a, double, n);
    size_t k = 0;
    for (size_t i = 0; i < c->stats->n; i++)
        if (!isnan(c->samples->power_w[c->rows[i]]))
            x[k++] = c->samples->power_w[c->rows[i]];
    quantile_sort(x, n);
    const struct modes_dip dip = modes_dip(x, n, a);
    const struct modes_mixture m = modes_mixture(x, n, 1e-3 * quantile_sorted(x, n, 0.5), a);
    if (!(dip.p < limits[DIP].value && m.bic_gain > limits[GAIN].value &&
          m.ashman > limits[ASHMAN].value &&
          m.high.mean - m.low.mean > limits[APART].value * m.high.mean))
        return;
    const struct audit_fact facts[] = {
        audit_number("low_w", m.low.mean),   audit_number("low_share", m.low.share),
        audit_number("high_w", m.high.mean), audit_number("high_share", m.high.share),
        audit_number("dip_p", dip.p),        audit_number("bic_gain", m.bic_gain),
        audit_number("ashman_d", m.ashman),  audit_number("readings", (double)n)};
    report(c, "idle-mixture", AUDIT_FAIL, facts, COUNT_OF(facts),
           audit_text(out,
                      "idle has two levels, %.4g W (%.0f %%) and %.4g W: their mean is neither",
                      m.low.mean, 100 * m.low.share, m.high.mean),
           "subtract the level in which the work ran, with both as the range; never the mean", out);
}

const struct audit_check audit_power_checks[] = {
    {.name = "power-undersampled",
     .rule = "fail: an invocation of at least least_samples has one power for all of them; warn: a "
             "sample is shorter than `intervals` of the sensor; info: nobody says how often it was "
             "read",
     .evidence = "invocations invocations_with_one_power samples window_ms interval_s "
                 "intervals_per_window",
     .blocks = AUDIT_ENERGY | AUDIT_COST,
     AUDIT_LIMITS(limits, LEAST_SAMPLES, INTERVALS),
     .cell = look_at_sampling},
    {.name = "idle-mixture",
     .rule = "fail: the powers of an idle cell have two modes (dip below dip_p, bic_gain, "
             "ashman_d) that lie apart by more than `apart`",
     .evidence = "low_w low_share high_w high_share dip_p bic_gain ashman_d readings",
     .blocks = AUDIT_ENERGY | AUDIT_COST,
     AUDIT_LIMITS(limits, DIP, LEAST_IDLE),
     .cell = look_at_idle},
    {.name = "negative-energy",
     .rule = "fail: a power not above zero, or a mean power under load below that of idle",
     .evidence = "readings not_above_zero least_w load_w idle_w",
     .blocks = AUDIT_ENERGY | AUDIT_COST,
     .cell = look_at_sign,
     .whole = look_at_net},
    {},
};
