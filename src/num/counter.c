#include "num/counter.h"

/* Readings are stamped a little after the counter's own tick (RAPL about 1 ms, NVML about 100 ms),
 * so that a step over a short time may look faster than the source is. */
static constexpr double TICK_S = 0.2;

/* What the counter grew by between two good readings; nullptr, or why nobody knows. */
static const char *step(const struct counter_source *source, const struct counter_reading *a,
                        const struct counter_reading *b, double *ret_grown, bool *ret_wrapped)
{
    const double seconds = (double)(b->at - a->at) * 1e-9;
    *ret_wrapped = b->value < a->value;
    if (*ret_wrapped && source->range == 0)
        return "the counter went backwards and has no range to wrap at: it was set back";
    if (source->range > 0 && (a->value > source->range || b->value > source->range))
        return "a reading is above the counter's range";
    *ret_grown = *ret_wrapped ? (double)(source->range - a->value) + (double)b->value
                              : (double)(b->value - a->value);
    if (source->most_per_s <= 0)
        return nullptr;
    if (*ret_grown > source->most_per_s * (seconds + TICK_S))
        return "the counter grew by more than its source can give: it was set back, or is "
               "another's";
    if (source->range > 0 && *ret_grown + (double)source->range <= source->most_per_s * seconds)
        return "readings are missing for so long that the counter may have gone round more than "
               "once";
    return nullptr;
}

struct counter_total counter_total(const struct counter_source *source,
                                   const struct counter_reading *r, size_t n)
{
    struct counter_total t = {.total = 0};
    const struct counter_reading *last = nullptr;
    for (size_t i = 0; i < n; i++) {
        if (r[i].missing) {
            t.missing++;
            continue;
        }
        double grown = 0;
        bool wrapped = false;
        const char *why = last != nullptr ? step(source, last, &r[i], &grown, &wrapped) : nullptr;
        t.why = t.why != nullptr ? t.why : why;
        t.total += grown;
        t.wraps += wrapped;
        if (last != nullptr && r[i].at - last->at > t.longest_gap)
            t.longest_gap = r[i].at - last->at;
        t.from = last != nullptr ? t.from : r[i].at;
        t.until = r[i].at;
        t.good++;
        last = &r[i];
    }
    if (t.good < 2)
        t.why = "fewer than two readings succeeded";
    if (t.why != nullptr)
        t.total = NOT_MEASURED;
    return t;
}
