#include "import/trace.h"

#include "base/defs.h"

#include <strings.h>

static const struct {
    const char *name, *unit; /* nullptr: the name does not tell it, or it is no instant */
} clocks[] = {
    {"t_ns", "ns"},         {"t_us", "us"},     {"t_ms", "ms"},         {"t_s", "s"},
    {"time_ns", "ns"},      {"time_us", "us"},  {"time_ms", "ms"},      {"time_s", "s"},
    {"elapsed_ms", "ms"},   {"elapsed_s", "s"}, {"timestamp_ns", "ns"}, {"timestamp_s", "s"},
    {"timestamp_ms", "ms"}, {"seconds", "s"},   {"second", "s"},        {"minute", "min"},
    {"minutes", "min"},     {"t_min", "min"},   {"time_min", "min"},    {"elapsed_min", "min"},
    {"t", nullptr},         {"time", nullptr},  {"timestamp", nullptr}, {"dt_s", nullptr},
    {"dt_ms", nullptr},     {"index", nullptr}, {"sample", nullptr},    {"tick", nullptr}};

bool trace_is(const char *const *names, size_t n, const bool mapped[static FIELD_COUNT])
{
    static const enum field others[] = {
        FIELD_LATENCY_MS,       FIELD_TTFT_MS,       FIELD_PREFILL_MS,      FIELD_DECODE_MS,
        FIELD_PROMPT_TOKENS,    FIELD_TOKENS,        FIELD_TOKENS_PER_S,    FIELD_ENERGY_J,
        FIELD_GENERATED_TOKENS, FIELD_POWER_SAMPLES, FIELD_POWER_WINDOW_MS, FIELD_COST_PER_HOUR,
        FIELD_IDLE_POWER_W};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (mapped[others[i]])
            return false;
    bool clock = mapped[FIELD_STARTED_AT] || n == 1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COUNT_OF(clocks); k++)
            clock = clock || strcasecmp(names[i], clocks[k].name) == 0;
    return clock && (mapped[FIELD_POWER_W] || mapped[FIELD_TEMPERATURE_C]);
}

size_t trace_clock(const char *const *names, size_t n, const char **ret_unit)
{
    for (size_t k = 0; k < COUNT_OF(clocks); k++)
        for (size_t i = 0; i < n && clocks[k].unit; i++)
            if (strcasecmp(names[i], clocks[k].name) == 0) {
                *ret_unit = clocks[k].unit;
                return i;
            }
    return n;
}
