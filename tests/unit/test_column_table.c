/* want: by hand. */
#include "analysis/column_table.h"
#include "base/arena.h"
#include "base/defs.h"
#include "test.h"

#include <math.h>
#include <string.h>

static void numbers(void)
{
    const struct {
        const char *text;
        double want; /* NOT_MEASURED: none */
        bool missing;
    } rows[] = {
        {"1.5", 1.5, false},
        {" -2e3 ", -2000, false},
        {"0x10", 16, false},
        {"", NOT_MEASURED, true},
        {"NA", NOT_MEASURED, true},
        {"nan", NOT_MEASURED, true},
        {"None", NOT_MEASURED, true},
        {nullptr, NOT_MEASURED, true},
        {"-", NOT_MEASURED, true},
        {"1,5", NOT_MEASURED, false},
        {"5 ms", NOT_MEASURED, false},
        {"inf", NOT_MEASURED, false},
        {"1e999", NOT_MEASURED, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool missing;
        const double got = column_table_number(rows[i].text, &missing);
        CHECK(rows[i].text ? rows[i].text : "nothing",
              missing == rows[i].missing &&
                  (isnan(rows[i].want) ? isnan(got) : got == rows[i].want),
              "%g, missing %d", got, missing);
    }
}

static void levels(struct arena *a)
{
    enum { N = 1000 };
    const char *value[N], *group[N];
    struct column_table t;
    struct err e = {};
    for (size_t i = 0; i < N; i++) {
        value[i] = arena_printf(a, "%zu", i);
        group[i] = i == 7 ? nullptr : arena_printf(a, "group %zu", i % 300);
    }
    const struct column_table_source s = {
        .value = value, .group = group, .value_name = "v", .n = N};
    CHECK("made", column_table_make(&s, a, &t, &e) == ERR_OK, "%s", e.msg);
    bool right = t.n == N - 1 && t.n_groups == 300 && t.no_group == 1;
    for (size_t i = 0; right && i < t.n; i++)
        right =
            strcmp(t.groups[t.group[i]], arena_printf(a, "group %g", fmod(t.value[i], 300))) == 0;
    CHECK("each row has its group's level", right, "%zu rows, %u groups", t.n, t.n_groups);
    CHECK("levels are in the order of the rows",
          strcmp(t.groups[0], "group 0") == 0 && strcmp(t.groups[1], "group 1") == 0 &&
              t.group[0] == 0,
          "%s", t.groups[1]);
    const struct column_table_source none = {.value = value, .value_name = "v", .n = 2};
    CHECK("no groups: all",
          column_table_make(&none, a, &t, &e) == ERR_OK && t.n_groups == 1 && !t.grouped &&
              strcmp(t.groups[0], "all") == 0,
          "%s", e.msg);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    numbers();
    levels(a);
    return test_done();
}
