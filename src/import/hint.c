#include "import/hint.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/str.h"

#include <string.h>
#include <strings.h>

/* Names that tell a quantity and no unit. */
static const struct {
    const char *name;
    enum field field;
    const char *units;
} bare[] = {
    {"latency", FIELD_LATENCY_MS, "in milliseconds"},
    {"e2e_latency", FIELD_LATENCY_MS, "in milliseconds"},
    {"request_latency", FIELD_LATENCY_MS, "in milliseconds"},
    {"response_time", FIELD_LATENCY_MS, "in milliseconds"},
    {"inference_time", FIELD_LATENCY_MS, "in milliseconds"},
    {"total_time", FIELD_LATENCY_MS, "in milliseconds"},
    {"wall_time", FIELD_LATENCY_MS, "in milliseconds"},
    {"duration", FIELD_LATENCY_MS, "in milliseconds"},
    {"elapsed", FIELD_LATENCY_MS, "in milliseconds"},
    {"runtime", FIELD_LATENCY_MS, "in milliseconds"},
    {"total", FIELD_LATENCY_MS, "in milliseconds"},
    {"mean", FIELD_MEAN_MS, "of whole cells in milliseconds"},
    {"avg", FIELD_MEAN_MS, "of whole cells in milliseconds"},
    {"median", FIELD_MEDIAN_MS, "of whole cells in milliseconds"},
    {"ttft", FIELD_TTFT_MS, "in milliseconds"},
    {"first_token", FIELD_TTFT_MS, "in milliseconds"},
    {"time_to_first_token", FIELD_TTFT_MS, "in milliseconds"},
};

static bool is_measured(enum field f)
{
    return f >= FIELD_LATENCY_MS && f != FIELD_PARAMS_MILLIONS && f != FIELD_COUNT;
}

static const char *last_part(const char *column)
{
    const char *const dot = strrchr(column, '.');
    return dot && dot[1] ? dot + 1 : column;
}

enum field hint_field_of(const char *column, const char **ret_unit)
{
    const char *const part = last_part(column);
    enum field f = field_in_other_unit(part, ret_unit);
    if (f != FIELD_COUNT)
        return f;
    *ret_unit = nullptr;
    for (unsigned i = 0; part != column && i < FIELD_COUNT; i++)
        if (field_matches((enum field)i, part))
            return (enum field)i;
    return FIELD_COUNT;
}

const char *hint_for_unused(const char *const *unused, size_t n, const bool has[static FIELD_COUNT],
                            struct arena *a)
{
    constexpr size_t SHOWN = 4;
    CLEANUP(str_done) struct str text = {};
    bool told[FIELD_COUNT] = {};
    const char *only = "";
    size_t shown = 0;
    for (size_t i = 0; i < n && shown < SHOWN; i++) {
        const char *unit;
        const enum field f = hint_field_of(unused[i], &unit);
        if (f == FIELD_COUNT || has[f] || told[f])
            continue;
        told[f] = true;
        only = unused[i];
        str_printf(&text, "%s--map %s=%s%s%s", shown++ ? " " : "", field_table[f].name, only,
                   unit ? ":" : "", unit ? unit : "");
    }
    if (shown == 0)
        return nullptr;
    return shown == 1 ? arena_printf(a, "%s would take '%s'", text.text, only)
                      : arena_printf(a, "%s would take them", text.text);
}

/* By its unit or its last key. */
static bool nearly_a_field(const char *const *names, size_t n, bool time, struct str *out)
{
    for (size_t i = 0; i < n; i++) {
        const char *unit = nullptr;
        const enum field f = hint_field_of(names[i], &unit);
        if (!is_measured(f) || (time && field_table[f].quantity != FIELD_DURATION))
            continue;
        str_printf(out, "%s=%s%s%s", field_table[f].name, names[i], unit ? ":" : "",
                   unit ? unit : "");
        return true;
    }
    return false;
}

static bool without_unit(const char *const *names, size_t n, struct str *out)
{
    for (size_t k = 0; k < COUNT_OF(bare); k++)
        for (size_t i = 0; i < n; i++) {
            char plain[FIELD_LONGEST];
            field_plain_name(last_part(names[i]), plain);
            if (strcmp(plain, bare[k].name) != 0)
                continue;
            str_printf(out, "%s=%s (%s; %s:s where it is in seconds)",
                       field_table[bare[k].field].name, names[i], bare[k].units, names[i]);
            return true;
        }
    return false;
}

static bool mistyped(const char *const *names, size_t n, struct str *out)
{
    for (unsigned f = FIELD_LATENCY_MS; f < FIELD_COUNT; f++) {
        const char *const near =
            is_measured((enum field)f) ? nearest_word(field_table[f].name, names, n) : nullptr;
        if (near && strcasecmp(near, field_table[f].name) != 0) {
            str_printf(out, "%s=%s", field_table[f].name, near);
            return true;
        }
    }
    return false;
}

/* A time first: what is compared is one. */
void hint_for_measured(const char *const *names, size_t n, struct str *out)
{
    if (!nearly_a_field(names, n, true, out) && !without_unit(names, n, out) &&
        !nearly_a_field(names, n, false, out) && !mistyped(names, n, out))
        str_puts(out, "latency_ms=COLUMN");
}
