#include "import/by_name.h"

#include "base/arena.h"
#include "base/defs.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The one unused column whose name is the field's with another unit: "latency_s"; n_names: none. */
static size_t find_by_unit(const struct resolving *z, enum field f, const struct field_unit **ret)
{
    size_t found = z->q->n_names;
    for (size_t i = 0; i < z->q->n_names; i++) {
        const char *unit;
        if (z->used[i] || field_in_other_unit(z->q->names[i], &unit) != f ||
            strncasecmp(z->q->names[i], "elapsed", 7) == 0) /* since when? a clock of a trace */
            continue;
        if (found < z->q->n_names)
            return z->q->n_names;
        found = i;
        *ret = field_unit_find(f, unit);
    }
    return found;
}

static unsigned fit_of(enum field f, const char *column)
{
    constexpr unsigned LATER = 1000; /* than all synonyms */
    const unsigned fit = field_matches(f, column);
    const unsigned figure = fit ? 0 : field_matches_figure(f, column);
    return fit ? fit : figure ? LATER + figure : 0;
}

/* Nothing but a number of samples, where rows are cells. */
void by_name_n(struct resolving *z)
{
    static const char *const names[] = {"n", "samples", "count"};
    const enum field f = FIELD_N_SAMPLES;
    if (z->mapped[f] || z->constant[f] || z->barred[f] || z->mapped[FIELD_LATENCY_MS] ||
        z->mapped[FIELD_REPETITION] || z->mapped[FIELD_STARTED_AT])
        return;
    for (size_t k = 0; k < COUNT_OF(names); k++)
        for (size_t i = 0; i < z->q->n_names; i++)
            if (!z->used[i] && strcasecmp(z->q->names[i], names[k]) == 0) {
                z->by_field[f] = (struct mapping_column){.field = f,
                                                         .why = MAPPING_SYNONYM,
                                                         .column = i,
                                                         .name = z->q->names[i],
                                                         .times = 1};
                z->mapped[f] = z->used[i] = true;
                return;
            }
}

/* Where nothing else tells the backends apart, the device does. */
void by_name_device(struct resolving *z)
{
    const enum field to = FIELD_BACKEND, from = FIELD_RAN_BACKEND;
    if (z->mapped[to] || z->constant[to] || z->barred[to] || !z->mapped[from] ||
        (z->n_labels && z->label_field == to) || z->labelled[from] ||
        z->by_field[from].why == MAPPING_ASKED || strcasecmp(z->by_field[from].name, "device") != 0)
        return;
    z->by_field[to] = z->by_field[from];
    z->by_field[to].field = to;
    z->mapped[to] = true;
    z->mapped[from] = false;
}

/* The unused column whose name fits the field best; a name that stands twice fits nothing. */
void by_name_take(struct resolving *z, enum field f)
{
    const struct mapping_request *const q = z->q;
    unsigned best = 0;
    size_t column = q->n_names;
    bool twice = false;
    if (z->mapped[f] || z->constant[f] || z->barred[f])
        return;
    for (size_t i = 0; i < q->n_names; i++) {
        const unsigned fit = z->used[i] ? 0 : fit_of(f, q->names[i]);
        twice = fit > 0 && fit == best                 ? true
                : fit > 0 && (best == 0 || fit < best) ? false
                                                       : twice;
        if (fit > 0 && (best == 0 || fit < best)) {
            best = fit;
            column = i;
        }
    }
    const struct field_unit *unit = nullptr;
    if (best == 0)
        column = find_by_unit(z, f, &unit);
    if (twice && !z->twice) {
        z->twice = q->names[column];
        z->twice_field = f;
    }
    if (twice || column == q->n_names)
        return;
    z->by_field[f] = (struct mapping_column){.field = f,
                                             .why = best == 1 ? MAPPING_SAME_NAME : MAPPING_SYNONYM,
                                             .column = column,
                                             .name = q->names[column],
                                             .unit = unit,
                                             .times = 1,
                                             .guessed = best != 1 && field_may_be_another(f),
                                             .truth = field_is_truth(f, best)};
    z->mapped[f] = z->used[column] = true;
}

/* ---- what goes with a column that was taken */

/* Columns that name a sensor of the GPU and one of the CPU: each is of the rows that ran there. */
void by_name_twin(struct resolving *z, struct mapping *m)
{
    const struct mapping_column *const gpu = &z->by_field[FIELD_POWER_W];
    if (!z->mapped[FIELD_POWER_W] || z->labelled[FIELD_POWER_W] || gpu->why == MAPPING_ASKED)
        return;
    char *const name = arena_strdup(z->a, gpu->name);
    char *const at = strcasestr(name, "gpu");
    if (!at)
        return;
    at[0] = *at == 'g' ? 'c' : 'C';
    size_t column = 0;
    while (column < z->q->n_names && strcmp(z->q->names[column], name) != 0)
        column++;
    if (column == z->q->n_names || z->used[column])
        return;
    for (size_t i = 0; i < m->n; i++)
        if (m->columns[i].field == FIELD_POWER_W)
            m->columns[i].only = "gpu";
    struct mapping_column cpu = *gpu;
    cpu.column = column;
    cpu.name = z->q->names[column];
    cpu.only = "cpu";
    m->columns[m->n++] = cpu;
    z->used[column] = true;
}

static void take_as(struct resolving *z, enum field f, size_t column,
                    const struct mapping_column *like)
{
    z->by_field[f] = (struct mapping_column){.field = f,
                                             .why = MAPPING_SYNONYM,
                                             .column = column,
                                             .name = z->q->names[column],
                                             .unit = like ? like->unit : nullptr,
                                             .times = like ? like->times : 1};
    z->mapped[f] = z->used[column] = true;
}

/* Is the name the field's but for "_ms"? */
static bool is_bare(enum field f, const char *column)
{
    char name[FIELD_LONGEST + 4];
    (void)snprintf(name, sizeof name, "%.60s_ms", column);
    return !field_matches(f, column) && field_matches(f, name);
}

/* A mean that was asked for tells the unit of the columns that name none either. */
void by_name_siblings(struct resolving *z)
{
    const struct mapping_column *like = nullptr;
    for (unsigned f = FIELD_MEAN_MS; f <= FIELD_CI_HIGH_MS; f++) {
        const struct mapping_column *const c = &z->by_field[f];
        if (!like && z->mapped[f] && c->why == MAPPING_ASKED && is_bare((enum field)f, c->name))
            like = c;
    }
    for (unsigned f = FIELD_MEAN_MS; f <= FIELD_CI_HIGH_MS; f++)
        for (size_t i = 0; i < z->q->n_names; i++) {
            if (!z->used[i] && !z->mapped[f] && !z->constant[f] && !z->barred[f] && like &&
                is_bare((enum field)f, z->q->names[i]))
                take_as(z, (enum field)f, i, like);
        }
}

/* Costs with the kind of price behind their names: those of the first kind that is there. */
void by_name_prices(struct resolving *z, struct mapping *m)
{
    static const char *const kinds[] = {"on_demand", "reserved",     "reserved_1yr",
                                        "spot",      "reserved_3yr", "on_prem"};
    static const enum field costs[] = {FIELD_COST_INFRA, FIELD_COST_PER_MILLION, FIELD_COST_TOTAL,
                                       FIELD_COST_PER_HOUR};
    const char *kind = nullptr;
    for (size_t k = 0; k < COUNT_OF(kinds) && !kind; k++)
        for (size_t c = 0; c < COUNT_OF(costs); c++) {
            const enum field f = costs[c];
            for (size_t i = 0; i < z->q->n_names && !z->mapped[f] && !z->barred[f]; i++) {
                char plain[FIELD_LONGEST];
                field_plain_name(z->q->names[i], plain);
                const size_t n = strlen(plain), tail = strlen(kinds[k]);
                if (z->used[i] || n < tail + 2 || strcmp(plain + n - tail, kinds[k]) != 0)
                    continue;
                plain[n - tail - 1] = '\0';
                if (!field_matches(f, plain))
                    continue;
                take_as(z, f, i, nullptr);
                kind = kinds[k];
            }
        }
    if (!kind || z->mapped[FIELD_PRICING] || z->constant[FIELD_PRICING] || z->barred[FIELD_PRICING])
        return;
    record_set_text(&m->template, FIELD_PRICING, kind);
    m->consts[m->n_consts++] = (struct mapping_const){FIELD_PRICING, kind};
    z->constant[FIELD_PRICING] = true;
}

/* ---- names with dots: keys of objects inside objects, or a table made of such */

static bool is_of_compiler(enum field f)
{
    return f >= FIELD_COMPILED && f <= FIELD_COMPILE_GRAPHS;
}

/* Objects that tell of something beside the measurement: of those only what a sensor said. */
static bool is_of_something_else(const char *column, enum field f)
{
    static const char *const words[] = {"metadata", "compile",  "warm",        "baseline",
                                        "hardware", "env",      "expected",    "reference",
                                        "counters", "evidence", "capabilities"};
    static const char *const sensors[] = {"resource", "telemetry", "monitor", "system"};
    const bool sensed = (f >= FIELD_POWER_W && f <= FIELD_POWER_MAX_W) ||
                        f == FIELD_TEMPERATURE_C || f == FIELD_CLOCK_MHZ;
    if (f >= FIELD_IDLE_POWER_W && f <= FIELD_POWER_MAX_W && strcasestr(column, "idle"))
        return false; /* baseline.idle_watts_mean */
    for (size_t i = 0; i < COUNT_OF(words) && !is_of_compiler(f); i++)
        if (strcasestr(column, words[i]))
            return true;
    for (size_t i = 0; !sensed && i < COUNT_OF(sensors); i++)
        if (strcasestr(column, sensors[i]))
            return true;
    return false;
}

/* What stands behind the last dot, or behind the one before: "compile.enabled". */
static unsigned last_keys_fit(enum field f, const char *column)
{
    const char *const dot = strrchr(column, '.');
    unsigned fit = dot ? field_matches(f, dot + 1) : 0;
    for (const char *at = dot; at && at > column && !fit; at--)
        if (at[-1] == '.') {
            fit = field_matches(f, at);
            break;
        }
    return fit;
}

/* The one unused column whose last key is the field's; its name as a whole is no field's. */
void by_name_last_key(struct resolving *z, enum field f)
{
    const struct mapping_request *const q = z->q;
    unsigned best = 0;
    size_t column = 0, n = 0;
    if (z->mapped[f] || z->constant[f] || z->barred[f] || z->labelled[f])
        return;
    for (size_t i = 0; i < q->n_names; i++) {
        const unsigned fit = z->used[i] ? 0 : last_keys_fit(f, q->names[i]);
        if (fit == 0 || is_of_something_else(q->names[i], f))
            continue;
        n = fit == best ? n + 1 : best == 0 || fit < best ? 1 : n;
        column = best == 0 || fit < best ? i : column;
        best = best == 0 || fit < best ? fit : best;
    }
    if (n != 1)
        return;
    z->by_field[f] = (struct mapping_column){.field = f,
                                             .why = MAPPING_SYNONYM,
                                             .column = column,
                                             .name = q->names[column],
                                             .times = 1,
                                             .guessed = field_may_be_another(f),
                                             .truth = f == FIELD_STATUS || f == FIELD_PHASE};
    z->mapped[f] = z->used[column] = true;
}
