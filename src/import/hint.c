#include "import/hint.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/str.h"
#include "import/labelled.h"

#include <string.h>
#include <strings.h>

/* Names that tell a quantity and no unit. */
static const struct {
    const char *name;
    enum field field;
} bare[] = {
    {"latency", FIELD_LATENCY_MS},
    {"e2e_latency", FIELD_LATENCY_MS},
    {"request_latency", FIELD_LATENCY_MS},
    {"response_time", FIELD_LATENCY_MS},
    {"inference_time", FIELD_LATENCY_MS},
    {"total_time", FIELD_LATENCY_MS},
    {"wall_time", FIELD_LATENCY_MS},
    {"duration", FIELD_LATENCY_MS},
    {"elapsed", FIELD_LATENCY_MS},
    {"runtime", FIELD_LATENCY_MS},
    {"total", FIELD_LATENCY_MS},
    {"mean", FIELD_MEAN_MS},
    {"avg", FIELD_MEAN_MS},
    {"mean_a", FIELD_MEAN_MS},
    {"mean_latency", FIELD_MEAN_MS},
    {"avg_latency", FIELD_MEAN_MS},
    {"median", FIELD_MEDIAN_MS},
    {"p50", FIELD_MEDIAN_MS},
    {"median_latency", FIELD_MEDIAN_MS},
    {"std", FIELD_STD_MS},
    {"sd", FIELD_STD_MS},
    {"stdev", FIELD_STD_MS},
    {"std_a", FIELD_STD_MS},
    {"min", FIELD_MIN_MS},
    {"max", FIELD_MAX_MS},
    {"q25", FIELD_Q25_MS},
    {"p25", FIELD_Q25_MS},
    {"q75", FIELD_Q75_MS},
    {"p75", FIELD_Q75_MS},
    {"p90", FIELD_P90_MS},
    {"p95", FIELD_P95_MS},
    {"p99", FIELD_P99_MS},
    {"ci_low", FIELD_CI_LOW_MS},
    {"ci_lower", FIELD_CI_LOW_MS},
    {"ci_95_lower", FIELD_CI_LOW_MS},
    {"ci95_low", FIELD_CI_LOW_MS},
    {"ci95_lower", FIELD_CI_LOW_MS},
    {"ci_high", FIELD_CI_HIGH_MS},
    {"ci_upper", FIELD_CI_HIGH_MS},
    {"ci_95_upper", FIELD_CI_HIGH_MS},
    {"ci95_high", FIELD_CI_HIGH_MS},
    {"ci95_upper", FIELD_CI_HIGH_MS},
    {"first", FIELD_FIRST_MS},
    {"first_sample", FIELD_FIRST_MS},
    {"median_rest", FIELD_MEDIAN_REST_MS},
    {"rest_median", FIELD_MEDIAN_REST_MS},
    {"mean_without_first", FIELD_MEAN_EXCL_FIRST_MS},
    {"mean_excl_first", FIELD_MEAN_EXCL_FIRST_MS},
    {"mean_b", FIELD_VERSUS_MEAN_MS},
    {"std_b", FIELD_VERSUS_STD_MS},
    {"difference", FIELD_DIFFERENCE_MS},
    {"ttft", FIELD_TTFT_MS},
    {"first_token", FIELD_TTFT_MS},
    {"time_to_first_token", FIELD_TTFT_MS},
    {"throughput", FIELD_TOKENS_PER_S},
    {"mean_throughput", FIELD_TOKENS_PER_S},
    {"throughput_mean", FIELD_TOKENS_PER_S},
    {"avg_throughput", FIELD_TOKENS_PER_S},
};

static bool is_measured(enum field f)
{
    return f >= FIELD_LATENCY_MS && f != FIELD_PARAMS_MILLIONS && f != FIELD_N_LAYERS &&
           f != FIELD_D_MODEL && f != FIELD_HOST && f != FIELD_PRICING && f != FIELD_VERSUS &&
           f != FIELD_COUNT;
}

static const char *last_part(const char *column)
{
    const char *const dot = strrchr(column, '.');
    return dot && dot[1] ? dot + 1 : column;
}

static enum field bare_field(const char *column)
{
    char plain[FIELD_LONGEST];
    field_plain_name(last_part(column), plain);
    for (size_t k = 0; k < COUNT_OF(bare); k++)
        if (strcmp(plain, bare[k].name) == 0)
            return bare[k].field;
    return FIELD_COUNT;
}

/* "prefill_tok_s", beside the time of that part. */
static bool is_rate_of_a_part(const char *column)
{
    static const char *const parts[] = {"prefill_", "decode_", "generate_"};
    char plain[FIELD_LONGEST];
    field_plain_name(column, plain);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const size_t n = strlen(parts[i]);
        if (strncmp(plain, parts[i], n) == 0 &&
            (field_matches(FIELD_TOKENS_PER_S, plain + n) ||
             field_matches_figure(FIELD_TOKENS_PER_S, plain + n)))
            return true;
    }
    return false;
}

enum field hint_field_of(const char *column, const char **ret_unit)
{
    const char *const part = last_part(column);
    enum field f = field_in_other_unit(part, ret_unit);
    if (f != FIELD_COUNT)
        return f;
    *ret_unit = nullptr;
    const char *two = part; /* the last two keys: anova.p_value is another p than p_value */
    for (size_t dots = 0; two > column && (dots += two[-1] == '.') < 2;)
        two--;
    for (unsigned i = 0; two != part && i < FIELD_COUNT; i++)
        if (field_matches((enum field)i, two))
            return (enum field)i;
    if (strcmp(part, "samples") == 0 && strcasestr(column, "power"))
        return FIELD_POWER_SAMPLES;
    if (is_rate_of_a_part(part))
        return FIELD_TOKENS_PER_S;
    for (unsigned i = 0; part != column && i < FIELD_COUNT; i++)
        if (field_matches((enum field)i, part))
            return (enum field)i;
    return FIELD_COUNT;
}

/* The column that is name but for `ending`, with another behind it; n: none. */
static size_t with_ending(const char *const *names, size_t n, const char *name, const char *ending,
                          const char *other)
{
    const size_t length = strlen(name), m = strlen(ending);
    for (size_t i = 0; length > m && strcmp(name + length - m, ending) == 0 && i < n; i++)
        if (strlen(names[i]) == length - m + strlen(other) &&
            strncmp(names[i], name, length - m) == 0 && strcmp(names[i] + length - m, other) == 0)
            return i;
    return n;
}

/* "gamma_log_layers, gamma_ci_low, gamma_ci_high": coefficients with their intervals. */
static const char *coefficients(const char *const *names, size_t n,
                                const bool has[static FIELD_COUNT], struct arena *a)
{
    static const char *const ends[][2] = {{"_ci_low", "_ci_high"},
                                          {"_ci_lower", "_ci_upper"},
                                          {"_low", "_high"},
                                          {"_lower", "_upper"}};
    CLEANUP(str_done) struct str text = {};
    if (has[FIELD_EXPONENT] || has[FIELD_LATENCY_MS] || has[FIELD_MODEL])
        return nullptr;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COUNT_OF(ends); k++) {
            const size_t high = with_ending(names, n, names[i], ends[k][0], ends[k][1]);
            const size_t stem = strlen(names[i]) - (high < n ? strlen(ends[k][0]) : 0);
            for (size_t c = 0; high < n && c < n; c++) {
                if (c == i || c == high || strncmp(names[c], names[i], stem) != 0)
                    continue;
                str_printf(&text,
                           "%s--map exponent@%s=%s --map exponent_low@%s=%s --map "
                           "exponent_high@%s=%s",
                           text.n ? " " : "--wide model ", names[c], names[c], names[c], names[i],
                           names[c], names[high]);
                break;
            }
            if (high < n)
                break;
        }
    return text.n ? arena_printf(a, "%s would take them as coefficients", text.text) : nullptr;
}

const char *hint_for_unused(const char *const *unused, size_t n, const bool has[static FIELD_COUNT],
                            struct arena *a)
{
    constexpr size_t SHOWN = 10;
    CLEANUP(str_done) struct str text = {};
    bool told[FIELD_COUNT] = {};
    const char *only = "";
    size_t shown = 0;
    for (size_t i = 0; i < n && shown < SHOWN; i++) {
        const char *unit;
        enum field f = hint_field_of(unused[i], &unit);
        if (f == FIELD_COUNT && (f = bare_field(unused[i])) != FIELD_COUNT &&
            field_table[f].rows == (has[FIELD_LATENCY_MS] ? FIELD_OF_CELL : FIELD_OF_SAMPLE))
            continue;
        if (f == FIELD_COUNT || has[f] || told[f])
            continue;
        told[f] = true;
        only = unused[i];
        str_printf(&text, "%s--map %s=%s%s%s", shown++ ? " " : "", field_table[f].name, only,
                   unit ? ":" : "", unit ? unit : "");
    }
    if (shown == 0)
        return coefficients(unused, n, has, a);
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

/* All figures of one kind of rows, the kind of the first. */
static bool without_unit(const char *const *names, size_t n, struct str *out)
{
    bool told[FIELD_COUNT] = {};
    const char *time = nullptr;
    enum field first = FIELD_COUNT;
    for (size_t i = 0; i < n; i++) {
        const enum field f = bare_field(names[i]);
        if (f == FIELD_COUNT || told[f] ||
            (first != FIELD_COUNT && (field_table[f].rows & field_table[first].rows) == 0))
            continue;
        told[f] = true;
        str_printf(out, "%s%s=%s", first == FIELD_COUNT ? "" : " --map ", field_table[f].name,
                   names[i]);
        first = first == FIELD_COUNT ? f : first;
        if (!time && field_table[f].quantity == FIELD_DURATION)
            time = names[i];
    }
    if (time)
        str_printf(out, " (%sin milliseconds; %s:s where it is in seconds)",
                   field_table[first].rows == FIELD_OF_CELL ? "of whole cells " : "", time);
    return first != FIELD_COUNT;
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

/* A ratio of two rates is taken like one: where it is 1 they cross. */
static bool ratio(const char *const *names, size_t n, struct str *out)
{
    static const char *const words[] = {"ratio", "speedup", "_over_", "/"};
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COUNT_OF(words); k++)
            if (strcasestr(names[i], words[k])) {
                str_printf(out, "tokens_per_s=%s (a ratio of two rates, of one size each)",
                           names[i]);
                return true;
            }
    return false;
}

/* Columns that are called after engines alone, as reports print them. */
static bool by_engines(const char *const *names, size_t n, struct str *out)
{
    CLEANUP(str_done) struct str text = {};
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (labelled_is_backend(names[i]) && !strchr(names[i], '/'))
            str_printf(&text, "%stokens_per_s@%s=%s", found++ ? " --map " : "", names[i], names[i]);
    if (found < 2)
        return false;
    str_printf(out, "%s (or mean_ms@..., where they are times)", text.text);
    return true;
}

/* "rep0_ms", "rep1_ms", ...: a sample in each column. */
static bool by_number(const char *const *names, size_t n, struct str *out)
{
    CLEANUP(str_done) struct str text = {};
    char stem[FIELD_LONGEST] = "";
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        char plain[FIELD_LONGEST];
        field_plain_name(names[i], plain);
        const size_t letters = strcspn(plain, "0123456789"),
                     digits = strspn(plain + letters, "0123456789");
        const char *const rest = plain + letters + digits;
        const bool timed = strcmp(rest, "_ms") == 0 || !*rest;
        if (letters == 0 || digits == 0 || !timed || plain[0] == 'p' || plain[0] == 'q' ||
            (found && strncmp(plain, stem, letters) != 0))
            continue;
        (void)memcpy(stem, plain, letters);
        str_printf(&text, "%slatency_ms@%.*s=%s", found++ ? " --map " : "", (int)digits,
                   plain + letters, names[i]);
    }
    if (found < 3)
        return false;
    str_printf(out, "%s --wide repetition", text.text);
    return true;
}

/* "geomean_ms", "warmup_ms": what a time by its unit alone may be of a cell. */
static enum field by_its_pieces(const char *plain)
{
    static const struct {
        enum field field;
        const char *piece;
    } known[] = {{FIELD_FIRST_MS, "warmup"},
                 {FIELD_FIRST_MS, "cold"},
                 {FIELD_MEDIAN_REST_MS, "measured"},
                 {FIELD_MEDIAN_REST_MS, "steady"},
                 {FIELD_MEDIAN_REST_MS, "warm_"},
                 {FIELD_MEDIAN_MS, "median"},
                 {FIELD_MEAN_MS, "mean"},
                 {FIELD_MEAN_MS, "avg"}};
    for (size_t k = 0; k < COUNT_OF(known); k++)
        if (strstr(plain, known[k].piece))
            return known[k].field;
    return FIELD_LATENCY_MS;
}

static bool by_unit(const char *const *names, size_t n, struct str *out)
{
    static const char *const endings[] = {"_ms", "_us", "_ns", "_s"};
    bool told[FIELD_COUNT] = {};
    enum field first = FIELD_COUNT;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < COUNT_OF(endings); k++) {
            char plain[FIELD_LONGEST];
            field_plain_name(last_part(names[i]), plain);
            const size_t length = strlen(plain), m = strlen(endings[k]);
            if (length <= m || strcmp(plain + length - m, endings[k]) != 0)
                continue;
            const enum field f = by_its_pieces(plain);
            if (told[f] ||
                (first != FIELD_COUNT && (first == FIELD_LATENCY_MS || f == FIELD_LATENCY_MS)))
                continue;
            told[f] = true;
            str_printf(out, "%s%s=%s%s%s", first == FIELD_COUNT ? "" : " --map ",
                       field_table[f].name, names[i], k ? ":" : "", k ? endings[k] + 1 : "");
            first = first == FIELD_COUNT ? f : first;
        }
    return first != FIELD_COUNT;
}

/* A time first: what is compared is one. */
void hint_for_measured(const char *const *names, size_t n, struct str *out)
{
    if (!nearly_a_field(names, n, true, out) && !without_unit(names, n, out) &&
        !nearly_a_field(names, n, false, out) && !mistyped(names, n, out) &&
        !by_engines(names, n, out) && !by_number(names, n, out) && !by_unit(names, n, out) &&
        !ratio(names, n, out))
        str_puts(out, "latency_ms=COLUMN");
}

static enum field told_by(const char *column)
{
    static const struct {
        enum field field;
        const char *words[12];
    } known[] = {
        {FIELD_MODEL, {"name", "model", "checkpoint", "llm", "network", "architecture"}},
        {FIELD_BACKEND, {"device", "provider", "backend", "engine", "variant", "config", "system"}},
        {FIELD_PRECISION, {"precision", "quant", "dtype"}},
        {FIELD_INVOCATION,
         {"rep", "repetition", "run", "run_id", "trial", "iteration", "pass", "seed", "experiment",
          "replicate", "attempt", "date"}},
    };
    char plain[FIELD_LONGEST];
    field_plain_name(last_part(column), plain);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        for (size_t k = 0; k < COUNT_OF(known[i].words) && known[i].words[k]; k++)
            if (strcmp(plain, known[i].words[k]) == 0)
                return known[i].field;
    return FIELD_SCENARIO;
}

const char *hint_for_telling(const char *column, const char *word, const struct mapping *m,
                             struct arena *a)
{
    enum field f = told_by(column);
    if (f <= FIELD_MODEL && labelled_is_engine(word) && !mapping_has(m, FIELD_BACKEND))
        f = FIELD_BACKEND;
    if ((f == FIELD_INVOCATION && mapping_has(m, f)) || (m->n_labels && f == m->label_field))
        f = FIELD_SCENARIO;
    const char *const had = mapping_column_of(m, f);
    return arena_printf(a, "--map %s=%s%s%s", field_table[f].name, had ? had : "", had ? "+" : "",
                        column);
}
