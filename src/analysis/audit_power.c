#include "analysis/audit_power.h"

#include "analysis/audit_device.h"
#include "analysis/audit_reading.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/quantile.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum {
    LEAST_SAMPLES,
    INTERVALS,
    WINDOW,
    ONCE,
    GAPS,
    HELD,
    LEAST_W,
    MOST_W,
    APART,
    CPU_W,
    CPU_SHARE,
    LIMITS
};
static const struct audit_limit limits[LIMITS] = {
    [LEAST_SAMPLES] = {"least_samples", 3,
                       "of one run with one power to the last digit: it was read once"},
    [INTERVALS] = {"intervals", 20,
                   "of the sensor in a window: the ends alone are then an error of a tenth"},
    [WINDOW] = {"window", 3,
                "times the latency: a monitor that runs so long saw loading, compiling or idling"},
    [ONCE] = {"once", 0.1, "of the windows with one reading or none: fail, below it a warning"},
    [GAPS] = {"most_gaps", 0.1, "of a window that may be without readings"},
    [HELD] =
        {"held", 3,
         "readings for which every value stays: the sensor is read more often than it updates"},
    [LEAST_W] = {"least_w", 0.5, "less than a machine that computes draws: another unit"},
    [MOST_W] = {"most_w", 2e4, "more than any server draws: another unit"},
    [APART] = {"apart", 200, "times between two neighbouring powers of one cell: two units"},
    [CPU_W] = {"cpu_w", 8, "a processor of a PC or server that computes draws more"},
    [CPU_SHARE] = {"cpu_share", 0.25, "of what the GPU's cells draw: no processor is so frugal"},
};

constexpr size_t SCRATCH = (size_t)4 << 30;

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

/* What a source says of its readings: of samples in the row beside them, else a row a window. */
struct windows {
    double n, once, readings; /* windows; with at most one reading; mean readings */
    double window_ms, latency_ms;
};

static struct windows windows_of(const struct audit_cell *c)
{
    struct windows w = {.window_ms = NOT_MEASURED, .latency_ms = c->stats->median};
    double sum = 0, weight = 0;
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        if (isnan(w.window_ms) && !isnan(r->power_window_ms)) {
            w.window_ms = r->power_window_ms;
            if (c->stats->n == 0)
                w.latency_ms = isnan(r->median_ms) ? r->mean_ms : r->median_ms;
        }
        if (isnan(r->power_samples))
            continue;
        const bool beside = !isnan(r->power_windows);
        const double n = beside ? r->power_windows : 1;
        w.n += n;
        w.once += beside ? r->power_windows_once : r->power_samples <= 1;
        sum += n * r->power_samples;
        weight += n;
    }
    w.readings = weight > 0 ? sum / weight : NOT_MEASURED;
    return w;
}

/* A word of a list "good | gappy" that is none of those; nullptr: all are. */
static const char *not_good(const char *list, struct audit *out)
{
    static const char *const good[] = {"good", "ok",   "full",     "valid", "complete",
                                       "true", "high", "measured", "pass"};
    for (const char *at = list; at && *at;) {
        const char *const end = strstr(at, " | ");
        const size_t n = end ? (size_t)(end - at) : strlen(at);
        bool is = false;
        for (size_t i = 0; i < COUNT_OF(good); i++)
            is = is || (strlen(good[i]) == n && strncasecmp(good[i], at, n) == 0);
        if (!is)
            return audit_text(out, "%.*s", (int)n, at);
        at = end ? end + 3 : nullptr;
    }
    return nullptr;
}

/* What the source itself says against its readings. */
static bool look_at_quality(const struct audit_cell *c, struct audit *out)
{
    bool looked = false;
    for (size_t i = 0; i < c->n_stated; i++) {
        const struct results_row *const r = &c->stated[i];
        const char *const word = not_good(r->power_quality, out);
        const bool gaps = r->power_gaps > limits[GAPS].value;
        looked = looked || r->power_quality || !isnan(r->power_gaps);
        if (!word && !gaps)
            continue;
        const struct audit_fact facts[] = {
            audit_word("power_quality", r->power_quality ? r->power_quality : "not said"),
            audit_number("power_gaps", r->power_gaps), audit_number("energy_j", r->energy_j)};
        audit_reading_report(
            c, "power-undersampled", AUDIT_FAIL, facts, COUNT_OF(facts),
            word ? audit_text(out,
                              "the source itself calls its power '%s'%s: it has no energy to "
                              "compare",
                              r->power_quality,
                              gaps ? audit_text(out, ", with %.0f %% of the window not read",
                                                100 * r->power_gaps)
                                   : "")
                 : audit_text(out, "%.0f %% of the window has no reading of the power",
                              100 * r->power_gaps),
            "leave such rows out of every figure of energy, and say how many they were", out);
        return true;
    }
    return looked;
}

static bool look_at_windows(const struct audit_cell *c, struct audit *out)
{
    const struct windows w = windows_of(c);
    const double over = w.window_ms / w.latency_ms;
    const struct audit_fact facts[] = {
        audit_number("windows", w.n > 0 ? w.n : NOT_MEASURED),
        audit_number("windows_with_one_reading", w.n > 0 ? w.once : NOT_MEASURED),
        audit_number("readings_per_window", w.readings),
        audit_number("power_window_ms", w.window_ms), audit_number("latency_ms", w.latency_ms)};
    if (w.once > 0)
        audit_reading_report(
            c, "power-undersampled", w.once > limits[ONCE].value * w.n ? AUDIT_FAIL : AUDIT_WARN,
            facts, COUNT_OF(facts),
            audit_text(out, "%.0f of %.0f windows have one reading of the power, or none", w.once,
                       w.n),
            "read the sensor all the time that the work runs, at least twice in every window", out);
    else if (w.readings < limits[INTERVALS].value)
        audit_reading_report(
            c, "power-undersampled", AUDIT_WARN, facts, COUNT_OF(facts),
            audit_text(out, "a window has %.3g readings of the power", w.readings),
            "measure energy over many samples at once, with the sensor's ticks at both ends", out);
    if (over > limits[WINDOW].value)
        audit_reading_report(
            c, "power-undersampled", AUDIT_WARN, facts, COUNT_OF(facts),
            audit_text(out,
                       "the power was read over %.4g ms for a latency of %.4g ms: the monitor "
                       "ran while something else did, such as loading or compiling",
                       w.window_ms, w.latency_ms),
            "start and stop the readings with the clock of the latency", out);
    return w.n > 0 || over > 0;
}

/* Where nearly every value stays for several readings, the sensor did not follow. */
static void look_at_trace(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    size_t n, runs = 0, held = 0, run = 1;
    const double *const x = audit_reading_powers(c, a, &n);
    for (size_t i = 1; i < n; i++) {
        if (x[i] == x[i - 1]) {
            run++;
            continue;
        }
        held += (double)run >= limits[HELD].value;
        runs++;
        run = 1;
    }
    if (runs < 8 || (double)held < 0.95 * (double)runs)
        return;
    const double each = (double)(n - run) / (double)runs;
    const struct audit_fact facts[] = {audit_number("readings", (double)n),
                                       audit_number("values_in_a_row", (double)runs + 1),
                                       audit_number("readings_per_value", each)};
    audit_reading_report(
        c, "power-undersampled", AUDIT_WARN, facts, COUNT_OF(facts),
        audit_text(out,
                   "%zu readings of the power are %zu values, each for %.3g readings: the "
                   "sensor updates that much more slowly than it was read",
                   n, runs + 1, each),
        "count the sensor's own updates as readings, and measure over many of them", out);
}

static void look_at_sampling(const struct audit_cell *c, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const bool quality = look_at_quality(c, out), looked = look_at_windows(c, out) || quality;
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    size_t known;
    (void)audit_reading_powers(c, a, &known);
    if (known == 0) {
        bool stated = false;
        for (size_t i = 0; i < c->n_stated; i++)
            stated = stated || !isnan(c->stated[i].power_w);
        if (!looked)
            audit_not_run(out, "power-undersampled", &subject,
                          stated ? "a row states a power, nobody says of how many readings"
                                 : "no power was recorded");
        return;
    }
    look_at_trace(c, out);
    if (c->stats->n == 0 || looked)
        return;
    const struct readings r = readings_of(c);
    const double interval = interval_of(c), windows = r.window_ms / 1e3 / interval;
    const struct audit_fact facts[] = {audit_number("invocations", (double)r.runs),
                                       audit_number("invocations_with_one_power", (double)r.once),
                                       audit_number("samples", (double)c->stats->n),
                                       audit_number("window_ms", r.window_ms),
                                       audit_number("interval_s", interval),
                                       audit_number("intervals_per_window", windows)};
    if (r.once > 0)
        audit_reading_report(
            c, "power-undersampled", AUDIT_FAIL, facts, COUNT_OF(facts),
            audit_text(out,
                       "%zu of %zu invocations have one power for all their samples: it was "
                       "read once",
                       r.once, r.runs),
            "read the sensor all the time that the work runs, at least twice in every window", out);
    else if (windows < limits[INTERVALS].value)
        audit_reading_report(
            c, "power-undersampled", AUDIT_WARN, facts, COUNT_OF(facts),
            audit_text(out, "a sample of %.4g ms is %.2g intervals of the sensor", r.window_ms,
                       windows),
            "measure energy over many samples at once, with the sensor's ticks at both ends", out);
    else if (isnan(interval))
        audit_reading_report(c, "power-undersampled", AUDIT_INFO, facts, COUNT_OF(facts),
                             "nobody says how often the power was read",
                             "record the sensor's interval and the readings of each window", out);
}

/* ---- power-unit ---- */

static void look_at_unit(const struct audit_cell *c, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct audit_subject subject = audit_subject_of(c);
    size_t n;
    double *x = audit_reading_powers(c, a, &n);
    if (n == 0) {
        x = ARENA_ARRAY(a, double, c->n_stated + 1);
        for (size_t i = 0; i < c->n_stated; i++)
            if (!isnan(c->stated[i].power_w))
                x[n++] = c->stated[i].power_w;
    }
    if (n == 0) {
        audit_not_run(out, "power-unit", &subject, "no power was recorded");
        return;
    }
    quantile_sort(x, n);
    double jump = 1, below = NOT_MEASURED, above = NOT_MEASURED;
    for (size_t i = 1; i < n; i++)
        if (x[i - 1] > 0 && x[i] / x[i - 1] > jump) {
            jump = x[i] / x[i - 1];
            below = x[i - 1];
            above = x[i];
        }
    const double median = quantile_sorted(x, n, 0.5);
    const struct audit_fact facts[] = {
        audit_number("readings", (double)n),    audit_number("median_w", median),
        audit_number("least_w", x[0]),          audit_number("most_w", x[n - 1]),
        audit_number("below_the_gap_w", below), audit_number("above_the_gap_w", above)};
    const char *const advice =
        "take the unit from the sensor's documentation, never from the size of the value";
    if (jump >= limits[APART].value)
        audit_reading_report(
            c, "power-unit", AUDIT_FAIL, facts, COUNT_OF(facts),
            audit_text(out,
                       "its powers reach up to %.4g W and go on from %.4g W: W and mW are mixed",
                       below, above),
            advice, out);
    else if (x[n - 1] > limits[MOST_W].value)
        audit_reading_report(
            c, "power-unit", AUDIT_FAIL, facts, COUNT_OF(facts),
            audit_text(out, "%.4g W is more than any server draws: mW taken for W", x[n - 1]),
            advice, out);
    else if (median > 0 && median < limits[LEAST_W].value)
        audit_reading_report(
            c, "power-unit", AUDIT_WARN, facts, COUNT_OF(facts),
            audit_text(out,
                       "%.4g W is less than a machine that computes draws: another unit, or "
                       "another part's counter",
                       median),
            advice, out);
}

/* ---- power-source ---- */

static double least_gpu_power(const struct audit_group *g)
{
    double least = NOT_MEASURED;
    for (size_t i = 0; i < g->n; i++)
        if (audit_device_label_gpu(&g->cells[i]) && g->cells[i].kept->power_mean > 0)
            least = fmin(least, g->cells[i].kept->power_mean);
    return least;
}

static double stated_idle(const struct audit_cell *c)
{
    for (size_t i = 0; i < c->n_stated; i++)
        if (!isnan(c->stated[i].idle_power_w))
            return c->stated[i].idle_power_w;
    return NOT_MEASURED;
}

static void look_at_source(const struct audit_group *g, struct audit *out)
{
    const double gpu = least_gpu_power(g);
    bool looked = false;
    for (size_t i = 0; i < g->n; i++) {
        const struct audit_cell *const c = &g->cells[i];
        const double w = c->kept->power_mean, idle = stated_idle(c);
        if (!audit_device_label_cpu(c) || !(w > 0))
            continue;
        looked = true;
        if (!(w < limits[CPU_W].value) || !(w < limits[CPU_SHARE].value * gpu || w < 1.2 * idle))
            continue;
        const struct audit_fact facts[] = {audit_number("power_w", w),
                                           audit_number("least_gpu_power_w", gpu),
                                           audit_number("idle_w", idle)};
        audit_reading_report(
            c, "power-source", AUDIT_WARN, facts, COUNT_OF(facts),
            isnan(gpu)
                ? audit_text(out,
                             "%s draws %.3g W at work and %.3g W at rest: that is not the "
                             "power of what worked",
                             c->key->backend, w, idle)
                : audit_text(out,
                             "%s draws %.3g W, the cells on a GPU at least %.3g W: a processor "
                             "that computes draws more, this looks like a GPU that waits",
                             c->key->backend, w, gpu),
            "book the power of what did the work: the processor's package, and the GPU beside it",
            out);
    }
    const struct audit_subject subject = audit_subject_of_group(g);
    if (!looked)
        audit_not_run(out, "power-source", &subject,
                      "no power of a cell that is named after the processor (-cpu)");
}

const struct audit_check audit_power_checks[] = {
    {.name = "power-undersampled",
     .rule = "fail: more than `once` of the windows have one reading of the power or none, or an "
             "invocation of at least least_samples has one power for all of them; warn: some "
             "windows have, or a window has fewer than `intervals` readings, or a sample is "
             "shorter than so many of the sensor's; the readings' window is over `window` times "
             "the latency; each value stays for `held` readings; fail: the source itself calls its "
             "power anything but good, or states more than most_gaps of a window without readings; "
             "info: nobody says how often it was read",
     .evidence =
         "invocations invocations_with_one_power samples window_ms interval_s "
         "intervals_per_window windows windows_with_one_reading readings_per_window "
         "power_window_ms latency_ms readings values_in_a_row readings_per_value power_quality "
         "power_gaps energy_j",
     .blocks = AUDIT_ENERGY | AUDIT_COST,
     AUDIT_LIMITS(limits, LEAST_SAMPLES, HELD),
     .cell = look_at_sampling},
    {.name = "power-unit",
     .rule = "fail: neighbouring powers of one cell lie `apart`, or one is above most_w: W and mW "
             "are mixed; warn: the median is below least_w",
     .evidence = "readings median_w least_w most_w below_the_gap_w above_the_gap_w",
     .blocks = AUDIT_ENERGY | AUDIT_COST,
     AUDIT_LIMITS(limits, LEAST_W, APART),
     .cell = look_at_unit},
    {.name = "power-source",
     .rule = "warn: a backend named -cpu draws less than cpu_w, and less than cpu_share of what "
             "the GPU's cells of its group draw or hardly more than the idle power that is stated",
     .evidence = "power_w least_gpu_power_w idle_w",
     .blocks = AUDIT_ENERGY | AUDIT_COST,
     AUDIT_LIMITS(limits, CPU_W, CPU_SHARE),
     .group = look_at_source},
    {},
};
