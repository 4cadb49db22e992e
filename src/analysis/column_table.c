#include "analysis/column_table.h"

#include "base/arena.h"
#include "base/defs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

double column_table_number(const char *text, bool *ret_missing)
{
    static const char *const words[] = {"", "na", "n/a", "nan", "null", "none", "-", "."};
    *ret_missing = !text;
    if (!text)
        return NOT_MEASURED;
    text += strspn(text, " \t");
    const size_t n = strcspn(text, " \t\r\n");
    for (size_t i = 0; i < COUNT_OF(words); i++)
        *ret_missing =
            *ret_missing || (strlen(words[i]) == n && strncasecmp(words[i], text, n) == 0);
    if (*ret_missing)
        return NOT_MEASURED;
    char *end;
    const double x = strtod(text, &end);
    end += strspn(end, " \t\r\n");
    return *end == '\0' && isfinite(x) ? x : NOT_MEASURED;
}

/* ---- levels: names to numbers from 0, in the order in which they come ---- */

struct levels {
    struct arena *arena;
    const char **names;
    uint32_t *slots; /* level + 1; 0: free */
    size_t n, room;  /* room slots, a power of two; names for half of them */
};

static uint64_t hash_of(const char *text)
{
    uint64_t h = 0xcbf29ce484222325U; /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3U;
    return h;
}

static uint32_t *slot_of(const struct levels *l, const char *text)
{
    size_t i = hash_of(text) & (l->room - 1);
    while (l->slots[i] && strcmp(l->names[l->slots[i] - 1], text) != 0)
        i = (i + 1) & (l->room - 1);
    return &l->slots[i];
}

static void grow(struct levels *l)
{
    const size_t room = l->room ? 2 * l->room : 64;
    const char **const names = ARENA_ARRAY(l->arena, const char *, room / 2);
    if (l->n)
        memcpy((void *)names, (const void *)l->names, l->n * sizeof *names);
    l->names = names;
    l->room = room;
    l->slots = ARENA_ARRAY(l->arena, uint32_t, room);
    for (size_t i = 0; i < l->n; i++)
        *slot_of(l, names[i]) = (uint32_t)i + 1;
}

static uint32_t level_of(struct levels *l, const char *text)
{
    if (l->n >= l->room / 2)
        grow(l);
    uint32_t *const slot = slot_of(l, text);
    if (!*slot) {
        l->names[l->n++] = text;
        *slot = (uint32_t)l->n;
    }
    return *slot - 1;
}

/* ---- rows ---- */

/* "12,5", "1,234,567" */
static bool has_comma(const char *text)
{
    return strspn(text, " +-.,eE0123456789") == strlen(text) && strchr(text, ',') &&
           strpbrk(text, "0123456789");
}

static bool take_value(const struct column_table_source *s, size_t row, double *value,
                       struct column_table *t)
{
    bool missing;
    *value = column_table_number(s->value[row], &missing);
    if (missing)
        t->no_value++;
    else if (isnan(*value) && t->no_number++ == 0) {
        t->not_a_number = s->value[row];
        t->not_a_number_row = row + 1;
    }
    return !isnan(*value);
}

static bool lacks(const char *const *column, size_t row, size_t *count)
{
    if (!column || column[row])
        return false;
    ++*count;
    return true;
}

static bool take_x(const struct column_table_source *s, size_t row, double *x,
                   struct column_table *t)
{
    bool missing;
    if (!s->x)
        return true;
    *x = column_table_number(s->x[row], &missing);
    if (isnan(*x))
        t->no_x++;
    return !isnan(*x);
}

static enum err_code nothing_left(const struct column_table_source *s, const struct column_table *t,
                                  struct err *e)
{
    if (t->n_rows == 0)
        return err_set(e, ERR_PARSE, "there is no row");
    if (t->skipped == t->n_rows)
        return err_set(e, ERR_PARSE, "no row of %zu has everything that --where asks for",
                       t->n_rows);
    if (t->no_number)
        return err_set(e, ERR_PARSE, "column '%s' holds no number: row %zu is '%.60s'%s",
                       s->value_name, t->not_a_number_row, t->not_a_number,
                       s->x ? "" : "; for the share of a word give --success WORD");
    if (t->no_x == t->n_rows)
        return err_set(e, ERR_PARSE, "column '%s' holds no number", s->x_name);
    return err_set(e, ERR_PARSE,
                   "no row is left of %zu: %zu not asked for, %zu without '%s', %zu without a "
                   "group, %zu without a "
                   "pair, %zu without a block",
                   t->n_rows, t->skipped, t->no_value, s->value_name, t->no_group, t->no_pair,
                   t->no_block);
}

enum err_code column_table_make(const struct column_table_source *s, struct arena *a,
                                struct column_table *ret, struct err *e)
{
    static const char *const all[] = {"all"};
    struct column_table t = {.n_rows = s->n, .groups = all, .n_groups = 1};
    double *const value = ARENA_ARRAY(a, double, s->n + 1);
    double *const x = ARENA_ARRAY(a, double, s->n + 1);
    size_t *const row = ARENA_ARRAY(a, size_t, s->n + 1);
    uint32_t *const group = ARENA_ARRAY(a, uint32_t, s->n + 1);
    uint32_t *const pair = ARENA_ARRAY(a, uint32_t, s->n + 1);
    uint32_t *const block = ARENA_ARRAY(a, uint32_t, s->n + 1);
    struct levels groups = {.arena = a}, pairs = groups, blocks = groups;
    for (size_t i = 0; i < s->n; i++) {
        if (s->skip && s->skip[i]) {
            t.skipped++;
            continue;
        }
        if (!take_value(s, i, &value[t.n], &t) || !take_x(s, i, &x[t.n], &t) ||
            lacks(s->group, i, &t.no_group) || lacks(s->pair, i, &t.no_pair) ||
            lacks(s->block, i, &t.no_block))
            continue;
        if (s->group)
            group[t.n] = level_of(&groups, s->group[i]);
        if (s->pair)
            pair[t.n] = level_of(&pairs, s->pair[i]);
        if (s->block)
            block[t.n] = level_of(&blocks, s->block[i]);
        row[t.n++] = i + 1;
    }
    if (t.no_number && has_comma(t.not_a_number)) /* left out, they would be a choice of rows */
        return err_set(e, ERR_PARSE,
                       "column '%s', row %zu: '%.60s': a number has a decimal point, and no comma",
                       s->value_name, t.not_a_number_row, t.not_a_number);
    if (t.n == 0)
        return nothing_left(s, &t, e);
    t.value = value;
    t.x = s->x ? x : nullptr;
    t.row = row;
    t.group = group;
    t.pair = s->pair ? pair : nullptr;
    t.block = s->block ? block : nullptr;
    if (s->group) {
        t.grouped = true;
        t.groups = groups.names;
        t.n_groups = (uint32_t)groups.n;
    }
    t.pairs = pairs.names;
    t.n_pairs = (uint32_t)pairs.n;
    t.blocks = blocks.names;
    t.n_blocks = (uint32_t)blocks.n;
    *ret = t;
    return ERR_OK;
}
