#include "lab/telemetry_machine.h"

#include "base/clock.h"

#include <math.h>

constexpr nsec_t SPAN = 1'000'000'000; /* the shortest in which a share of ticks of 10 ms is one */
constexpr size_t LEAST_ENDS = 8; /* looks at the clock, of which the first and last quarter tell */

struct window { /* the first and the last reading that looked at the counters */
    const struct telemetry_reading *from, *to;
};

static struct window counted(const struct telemetry *t)
{
    struct window v = {};
    for (size_t i = t->measured; i < t->n; i++)
        if (t->items[i].machine.counted) {
            v.from = v.from ? v.from : &t->items[i];
            v.to = &t->items[i];
        }
    return v;
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : NOT_MEASURED;
}

/* The most that other guests took of any span of a second; of a shorter window its mean. */
static double most_stolen(const struct telemetry *t, double mean)
{
    double most = NOT_MEASURED;
    const struct watch_reading *from = nullptr;
    for (size_t i = t->measured; i < t->n; i++) {
        const struct watch_reading *const r = &t->items[i].machine;
        if (!r->counted)
            continue;
        from = from ? from : r;
        if (r->at - from->at < SPAN)
            continue;
        const double x = percent(r->steal_s - from->steal_s, r->cpu_s - from->cpu_s);
        most = x > most || isnan(most) ? x : most;
        from = r;
    }
    return isnan(most) ? mean : fmax(most, mean);
}

static double worker_cpu_s(const struct telemetry *t)
{
    if (!t || t->n < t->measured + 2)
        return 0;
    const double s =
        (double)(t->items[t->n - 1].worker.cpu_ns - t->items[t->measured].worker.cpu_ns) / 1e9;
    return s > 0 ? s : 0; /* a child that ended takes its time along */
}

static void put_counters(const struct telemetry *const *agents, size_t n,
                         struct run_record_machine *ret)
{
    const struct window v = counted(agents[0]);
    if (!v.from || v.from == v.to)
        return;
    const struct watch_reading *const a = &v.from->machine, *const b = &v.to->machine;
    const double cpu = b->cpu_s - a->cpu_s, busy = b->busy_s - a->busy_s;
    double ours = (double)(v.to->own_cpu - v.from->own_cpu) / 1e9;
    for (size_t i = 0; i < n; i++)
        ours += worker_cpu_s(agents[i]);
    ret->window_s = (double)(b->at - a->at) / 1e9;
    ret->steal_percent = percent(b->steal_s - a->steal_s, cpu);
    ret->steal_percent_most = most_stolen(agents[0], ret->steal_percent);
    ret->busy_percent = percent(busy, cpu);
    /* Ticks are counted coarser than our own time: a little less than nothing is nothing. */
    ret->others_percent = percent(busy > ours ? busy - ours : isnan(busy) ? NOT_MEASURED : 0, cpu);
    ret->pressure_percent = percent(b->pressure_s - a->pressure_s, ret->window_s);
}

static void put_waits(const struct telemetry *t, struct run_record_machine *ret)
{
    const struct process_usage *from = nullptr, *to = nullptr;
    for (size_t i = t->measured; i < t->n; i++)
        if (t->items[i].worker.waited_ns >= 0 && t->items[i].worker.preempted >= 0) {
            from = from ? from : &t->items[i].worker;
            to = &t->items[i].worker;
        }
    if (!from || from == to)
        return;
    ret->waited_percent =
        percent((double)(to->waited_ns - from->waited_ns), (double)(to->at - from->at));
    ret->preempted = (double)(to->preempted - from->preempted);
}

static double less(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

static double more(double a, double b)
{
    return isnan(a) || b > a ? b : a;
}

struct sums {
    size_t felt, heats, clocks;
    double celsius, mhz, top;
};

static void put_felt(const struct telemetry *t, struct run_record_machine *ret)
{
    struct sums s = {};
    const struct watch_reading *first = nullptr, *last = nullptr;
    for (size_t i = t->measured; i < t->n; i++) {
        const struct watch_reading *const r = &t->items[i].machine;
        if (!r->felt)
            continue;
        first = first ? first : r;
        last = r;
        s.felt++;
        if (!isnan(r->celsius)) {
            s.heats++;
            s.celsius += r->celsius;
            ret->celsius_most = more(ret->celsius_most, r->celsius);
        }
        if (!isnan(r->mhz_mean)) {
            s.clocks++;
            s.mhz += r->mhz_mean;
            s.top += r->mhz_most;
            ret->mhz_least = less(ret->mhz_least, r->mhz_least);
            ret->mhz_most = more(ret->mhz_most, r->mhz_most);
        }
    }
    ret->n_readings = (uint32_t)s.felt;
    if (s.heats)
        ret->celsius_mean = s.celsius / (double)s.heats;
    if (s.clocks) {
        ret->mhz_mean = s.mhz / (double)s.clocks;
        ret->mhz_top = s.top / (double)s.clocks;
    }
    if (first && first != last)
        ret->throttle_events = last->throttles - first->throttles;
}

/* The fastest CPU's clock in the first and the last quarter of the looks. */
static void put_ends(const struct telemetry *t, struct run_record_machine *ret)
{
    size_t n = 0, k = 0;
    double first = 0, last = 0;
    for (size_t i = t->measured; i < t->n; i++)
        n += t->items[i].machine.felt && !isnan(t->items[i].machine.mhz_most);
    if (n < LEAST_ENDS)
        return;
    const size_t quarter = n / 4;
    for (size_t i = t->measured; i < t->n; i++) {
        const struct watch_reading *const r = &t->items[i].machine;
        if (!r->felt || isnan(r->mhz_most))
            continue;
        first += k < quarter ? r->mhz_most : 0;
        last += k >= n - quarter ? r->mhz_most : 0;
        k++;
    }
    ret->mhz_first = first / (double)quarter;
    ret->mhz_last = last / (double)quarter;
}

struct run_record_machine telemetry_machine_summarise(const struct telemetry *const *agents,
                                                      size_t n)
{
    struct run_record_machine r = run_record_machine_none();
    const struct telemetry *const t = n ? agents[0] : nullptr;
    const struct watch *const w = t ? t->watch : nullptr;
    if (!w || t->n < t->measured + 2) {
        r.why = w ? "fewer than two readings of its measured window"
                  : "monitoring is off: nobody watched the machine";
        return r;
    }
    static_assert(WATCH_QUANTITIES == RUN_RECORD_SOURCES);
    for (unsigned q = 0; q < WATCH_QUANTITIES; q++)
        r.sources[q] = (struct run_record_source){watch_quantity_name((enum watch_quantity)q),
                                                  w->why[q] ? nullptr : w->source[q], w->why[q]};
    put_counters(agents, n, &r);
    put_waits(t, &r);
    put_felt(t, &r);
    put_ends(t, &r);
    r.celsius_limit = w->limit_celsius;
    return r;
}
