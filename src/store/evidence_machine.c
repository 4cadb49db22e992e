#include "store/evidence_machine.h"

#include "base/defs.h"
#include "io/json.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *key;
    size_t at;
} figures[] = {
    {"window_s", offsetof(struct evidence_machine, window_s)},
    {"steal_percent", offsetof(struct evidence_machine, steal_percent)},
    {"steal_percent_most", offsetof(struct evidence_machine, steal_percent_most)},
    {"busy_percent", offsetof(struct evidence_machine, busy_percent)},
    {"others_percent", offsetof(struct evidence_machine, others_percent)},
    {"pressure_percent", offsetof(struct evidence_machine, pressure_percent)},
    {"waited_percent", offsetof(struct evidence_machine, waited_percent)},
    {"preempted", offsetof(struct evidence_machine, preempted)},
    {"temperature_celsius_most", offsetof(struct evidence_machine, celsius_most)},
    {"temperature_celsius_limit", offsetof(struct evidence_machine, celsius_limit)},
    {"throttle_events", offsetof(struct evidence_machine, throttle_events)},
    {"clock_mhz_least", offsetof(struct evidence_machine, mhz_least)},
    {"clock_mhz_mean", offsetof(struct evidence_machine, mhz_mean)},
    {"clock_mhz_most", offsetof(struct evidence_machine, mhz_most)},
    {"clock_mhz_top", offsetof(struct evidence_machine, mhz_top)},
    {"clock_mhz_first", offsetof(struct evidence_machine, mhz_first)},
    {"clock_mhz_last", offsetof(struct evidence_machine, mhz_last)},
};
static_assert(COUNT_OF(figures) * sizeof(double) == sizeof(struct evidence_machine));

struct evidence_machine evidence_machine_of(const struct json *machine)
{
    struct evidence_machine m;
    for (size_t i = 0; i < COUNT_OF(figures); i++) {
        const double x = json_f64(json_get(machine, figures[i].key), NOT_MEASURED);
        memcpy((char *)&m + figures[i].at, &x, sizeof x);
    }
    return m;
}

struct evidence_machine evidence_machine_none(void)
{
    return evidence_machine_of(nullptr);
}
