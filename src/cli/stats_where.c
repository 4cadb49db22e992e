#include "cli/stats_where.h"

#include "base/arena.h"
#include "base/nearest.h"

#include <string.h>

enum err_code stats_where_read(const struct opt_list *list, struct arena *a,
                               struct stats_where *ret, struct err *e)
{
    *ret = (struct stats_where){};
    if (list->n > STATS_WHERE_MOST)
        return err_set(e, ERR_USAGE, "--where: more than %zu", STATS_WHERE_MOST);
    for (size_t i = 0; i < list->n; i++) {
        const char *const equals = strchr(list->items[i], '=');
        if (!equals || equals == list->items[i])
            return err_set(e, ERR_USAGE, "--where: '%s': want COLUMN=VALUE, like phase=measured",
                           list->items[i]);
        ret->column[i] = arena_strndup(a, list->items[i], (size_t)(equals - list->items[i]));
        ret->value[i] = equals + 1;
    }
    ret->n = list->n;
    return ERR_OK;
}

static enum err_code in_no_row(const struct stats_where *w, size_t k, const char *const *text,
                               size_t n_rows, struct err *e)
{
    constexpr size_t MOST = 64;
    const char *seen[MOST] = {};
    size_t n = 0;
    for (size_t i = 0; i < n_rows && n < MOST; i++) {
        bool old = !text[i];
        for (size_t j = 0; j < n && !old; j++)
            old = strcmp(seen[j], text[i]) == 0;
        if (!old)
            seen[n++] = text[i];
    }
    const char *const near = nearest_word(w->value[k], seen, n);
    return err_set(e, ERR_USAGE, "--where: no row has '%s' in column '%s'%s%.60s%s", w->value[k],
                   w->column[k],
                   near ? "; did you mean '"
                   : n  ? "; the first has '"
                        : "",
                   near ? near
                   : n  ? seen[0]
                        : "",
                   near ? "'?"
                   : n  ? "'"
                        : "");
}

enum err_code stats_where_rows(const struct stats_where *w, const char *const *const *text,
                               size_t n_rows, struct arena *a, const bool **ret, struct err *e)
{
    *ret = nullptr;
    if (w->n == 0 || n_rows == 0)
        return ERR_OK;
    bool *const out = ARENA_ARRAY(a, bool, n_rows);
    for (size_t k = 0; k < w->n; k++) {
        size_t hits = 0;
        for (size_t i = 0; i < n_rows; i++) {
            const bool holds = strcmp(text[k][i] ? text[k][i] : "", w->value[k]) == 0;
            hits += holds;
            out[i] = out[i] || !holds;
        }
        if (hits == 0)
            return in_no_row(w, k, text[k], n_rows, e);
    }
    *ret = out;
    return ERR_OK;
}
