#include "cli/compare_table.h"

#include "base/arena.h"
#include "base/str.h"
#include "report/number.h"
#include "report/table.h"

#include <math.h>
#include <string.h>

enum { CELL, BASE, NEW, RATIO, INTERVAL, VERDICT, N_COLUMNS };

static const struct table_column columns[N_COLUMNS] = {
    [CELL] = {"cell", false},     [BASE] = {"base ms", true},  [NEW] = {"new ms", true},
    [RATIO] = {"new/base", true}, [INTERVAL] = {"95 %", true}, [VERDICT] = {"verdict", false},
};

static const enum table_tone tones[] = {[COMPARISON_SAME] = TABLE_PLAIN,
                                        [COMPARISON_FASTER] = TABLE_GOOD,
                                        [COMPARISON_SLOWER] = TABLE_BAD,
                                        [COMPARISON_CANNOT_TELL] = TABLE_WARN};

static bool same_group(const struct folder_key *x, const struct folder_key *y)
{
    return strcmp(x->scenario, y->scenario) == 0 && strcmp(x->model, y->model) == 0;
}

static const char *ratio(double x, struct arena *a)
{
    return isnan(x) ? nullptr : arena_printf(a, "%.3f", x);
}

static const char *median(const struct cell_stats *c, struct arena *a)
{
    return c ? number_short(a, c->median) : nullptr;
}

void compare_table(const struct comparison *c, size_t n, bool colour, struct arena *a,
                   struct str *out)
{
    struct table t;
    table_init(&t, a, columns, N_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        const struct verdict *const v = &c[i].verdict;
        if (i == 0 || !same_group(c[i].key, c[i - 1].key))
            table_heading(&t, arena_printf(a, "%s · %s", c[i].key->scenario, c[i].key->model));
        const bool compared = c[i].base && c[i].new;
        const struct table_cell row[N_COLUMNS] = {
            [CELL] = {arena_printf(a, "%s %s", c[i].key->backend, c[i].key->precision)},
            [BASE] = {median(c[i].base, a)},
            [NEW] = {median(c[i].new, a)},
            [RATIO] = {compared ? ratio(v->ratio, a) : nullptr},
            [INTERVAL] = {isnan(v->lo) ? nullptr : arena_printf(a, "%.3f to %.3f", v->lo, v->hi)},
            [VERDICT] = {comparison_word_name(c[i].word), tones[c[i].word]},
        };
        table_add(&t, row);
    }
    table_print(&t, colour, out);
    str_putc(out, '\n');
    for (size_t i = 0; i < n; i++)
        if (c[i].reason)
            str_printf(out, "%s: %s %s (%s)\n    %s\n",
                       c[i].lost ? "lost" : comparison_word_name(c[i].word), c[i].key->backend,
                       c[i].key->precision, c[i].key->scenario, c[i].reason);
}

enum { H_CELL, H_RUNS, H_SCATTER, H_DETECTABLE, H_CHANGE, H_RATIO, H_INTERVAL, H_COLUMNS };

static const struct table_column history_columns[H_COLUMNS] = {
    [H_CELL] = {"cell", false},         [H_RUNS] = {"runs", true},
    [H_SCATTER] = {"run to run", true}, [H_DETECTABLE] = {"seen from", true},
    [H_CHANGE] = {"changed at", false}, [H_RATIO] = {"new/old", true},
    [H_INTERVAL] = {"95 %", true},
};

/* k: which change; the first line of a cell names it. */
static void add_change(struct table *t, const struct history *h, size_t k,
                       const char *const *folders, struct arena *a)
{
    const struct history_change *const c = k < h->n_changes ? &h->changes[k] : nullptr;
    struct table_cell row[H_COLUMNS] = {
        [H_CELL] = {""}, [H_RUNS] = {""}, [H_SCATTER] = {""}, [H_DETECTABLE] = {""}};
    if (k == 0) {
        row[H_CELL].text = arena_printf(a, "%s %s", h->key->backend, h->key->precision);
        row[H_RUNS].text = arena_printf(a, "%zu", h->n_known);
        row[H_SCATTER].text =
            isnan(h->scatter) ? nullptr : arena_printf(a, "%.2f %%", 100 * h->scatter);
        row[H_DETECTABLE].text =
            isnan(h->detectable) ? nullptr : arena_printf(a, "%.3g %%", 100 * h->detectable);
    }
    if (c) {
        row[H_CHANGE] = (struct table_cell){folders[c->at], c->ratio > 1 ? TABLE_BAD : TABLE_GOOD};
        row[H_RATIO].text = ratio(c->ratio, a);
        row[H_INTERVAL].text = arena_printf(a, "%.3f to %.3f", c->lo, c->hi);
    } else {
        row[H_CHANGE] = (struct table_cell){h->reason ? h->reason : "no change", TABLE_FAINT};
    }
    table_add(t, row);
}

void compare_table_history(const struct history *h, size_t n, const char *const *folders,
                           bool colour, struct arena *a, struct str *out)
{
    struct table t;
    table_init(&t, a, history_columns, H_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !same_group(h[i].key, h[i - 1].key))
            table_heading(&t, arena_printf(a, "%s · %s", h[i].key->scenario, h[i].key->model));
        for (size_t k = 0; k < h[i].n_changes || k == 0; k++)
            add_change(&t, &h[i], k, folders, a);
    }
    table_print(&t, colour, out);
    str_puts(out, "seen from: a change of that size in the next run would be seen\n");
}
