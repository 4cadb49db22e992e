#include "cli/nist_table.h"

#include "base/arena.h"
#include "base/str.h"
#include "report/table.h"

#include <string.h>

enum { SET, QUANTITY, REACHED, CEILING, VERDICT, N_COLUMNS };

static const struct table_column columns[N_COLUMNS] = {
    [SET] = {"set", false},        [QUANTITY] = {"quantity", false}, [REACHED] = {"digits", true},
    [CEILING] = {"ceiling", true}, [VERDICT] = {"", false},
};

static const char *digits(double d, struct arena *a)
{
    return d < 16 ? arena_printf(a, "%.1f", d) : "all";
}

static void add(struct table *t, const struct nist_result *r, struct arena *a)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct nist_quantity *const q = &r->quantities[i];
        const struct table_cell row[N_COLUMNS] = {
            [SET] = {i == 0 ? r->set : "", TABLE_STRONG},
            [QUANTITY] = {q->worst ? arena_printf(a, "%s (worst: %s)", q->what, q->worst)
                                   : q->what},
            [REACHED] = {digits(q->reached, a)},
            [CEILING] = {digits(q->ceiling, a), TABLE_FAINT},
            [VERDICT] = {q->pass      ? "pass"
                         : q->genuine ? "FAIL"
                                      : "FAIL: the certified value does not follow from the data",
                         q->pass ? TABLE_GOOD : TABLE_BAD},
        };
        table_add(t, row);
    }
}

void nist_table(const struct nist *all, bool colour, struct arena *a, struct str *out)
{
    str_puts(out, "Digits that agree with NIST's certified values (reference data sets, StRD)\n");
    for (size_t i = 0; i < all->n;) {
        const char *const family = all->results[i].family;
        struct table t;
        size_t rows = 0;
        table_init(&t, a, columns, N_COLUMNS);
        for (; i < all->n && all->results[i].family == family; i++) {
            add(&t, &all->results[i], a);
            rows += all->results[i].n;
        }
        if (rows > 0) {
            str_printf(out, "\n%s\n", family);
            table_print(&t, colour, out);
        }
    }
    for (size_t i = 0; i < all->n; i++)
        if (all->results[i].error)
            str_printf(out, "\nFAIL %s\n", all->results[i].error);
    str_printf(out,
               "\nceiling: the digits of the same quantity in 113 bits on data rounded to doubles; "
               "to pass is to be\nwithin one of it. %zu passed, %zu failed\n",
               all->passed, all->failed);
}
