#include "selftest/nist_file.h"

#include "base/arena.h"
#include "base/defs.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

constexpr size_t MOST_VALUES = 2'000'000;
constexpr size_t MOST_COLUMNS = 64;

struct line {
    const char *at, *end;
};

static bool next_line(const char **text, struct line *ret)
{
    if (!**text)
        return false;
    const size_t n = strcspn(*text, "\n");
    *ret = (struct line){*text, *text + n};
    *text += n + ((*text)[n] == '\n');
    return true;
}

static const char *skip(const char *at, const char *end)
{
    while (at < end && isspace((unsigned char)*at))
        at++;
    return at;
}

/* Where words stand in the line, blanks between them being as many as they like; behind them. */
static const char *after(const struct line *l, const char *words)
{
    for (const char *from = l->at; from < l->end; from++) {
        const char *at = from, *w = words;
        while (*w && at < l->end && (*w == ' ' ? isspace((unsigned char)*at) != 0 : *w == *at)) {
            at = *w == ' ' ? skip(at, l->end) : at + 1;
            w++;
        }
        if (!*w)
            return at;
    }
    return nullptr;
}

/* The numbers at the start of [at, end), at most max; *ret_rest is where they stop. Infinity is
 * one. */
static size_t numbers(const char *at, const char *end, wide_t *ret, size_t max,
                      const char **ret_rest)
{
    size_t n = 0;
    while (n < max) {
        at = skip(at, end);
        char *stop;
        if (at == end || (isalpha((unsigned char)*at) && strncmp(at, "Infinity", 8) != 0))
            break;
        const wide_t v = wide_of_text(at, &stop);
        if (stop == at || stop > end ||
            (stop < end && !isspace((unsigned char)*stop) && *stop != ','))
            break;
        ret[n++] = v;
        at = stop;
    }
    *ret_rest = skip(at, end);
    return n;
}

/* A line that holds nothing but numbers: how many. */
static size_t row_of(const struct line *l, wide_t *ret, size_t max)
{
    const char *rest;
    const size_t n = numbers(l->at, l->end, ret, max, &rest);
    return rest == l->end ? n : 0;
}

/* The number behind words, anywhere in the text; NaN where there is none. */
static double value_after(const char *text, const char *words)
{
    struct line l;
    while (next_line(&text, &l)) {
        const char *const at = after(&l, words), *rest;
        wide_t v;
        if (at && numbers(at, l.end, &v, 1, &rest) == 1)
            return (double)v;
    }
    return NOT_MEASURED;
}

static bool has(const char *text, const char *words)
{
    struct line l;
    while (next_line(&text, &l))
        if (after(&l, words))
            return true;
    return false;
}

/* ---- data ---- */

/* Behind the last line that begins with "Data:". *ret_bare: nothing else is in it, which tells the
 * table with a column for each treatment, whose numbers follow, from a list. */
static const char *data_of(const char *text, bool *ret_bare)
{
    const char *found = nullptr;
    struct line l;
    while (next_line(&text, &l))
        if (l.end - l.at >= 5 && memcmp(l.at, "Data:", 5) == 0) {
            found = text;
            *ret_bare = skip(l.at + 5, l.end) == l.end;
        }
    return found;
}

struct rows {
    wide_t *v;
    size_t n, columns; /* values; of each row, 0 where rows differ */
    size_t lines;
    bool numbered; /* the first row was 1 2 3 ...: the columns' numbers */
};

static bool counts_up(const wide_t *row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (row[i] != (wide_t)(i + 1))
            return false;
    return n >= 2;
}

static enum err_code read_rows(const char *name, const char *text, bool bare, struct arena *a,
                               struct rows *ret, struct err *e)
{
    const size_t most = strlen(text) / 2 + 1;
    wide_t row[MOST_COLUMNS];
    struct line l;
    struct rows r = {};
    r.v = most <= MOST_VALUES ? arena_try_alloc(a, most, sizeof *r.v) : nullptr;
    if (!r.v)
        return err_set(e, ERR_LIMIT, "%s: more data than a reference set has", name);
    while (next_line(&text, &l)) {
        const size_t n = row_of(&l, row, MOST_COLUMNS);
        if (n == 0) {
            if (r.lines > 0 && skip(l.at, l.end) < l.end)
                return err_set(e, ERR_PARSE, "%s: '%.*s' stands among the data", name,
                               (int)(l.end - l.at > 40 ? 40 : l.end - l.at), l.at);
            continue;
        }
        if (bare && r.lines == 0 && !r.numbered && counts_up(row, n)) {
            r.numbered = true;
            continue;
        }
        r.columns = r.lines == 0 || r.columns == n ? n : 0;
        for (size_t i = 0; i < n; i++)
            r.v[r.n++] = row[i];
        r.lines++;
    }
    if (r.n == 0)
        return err_set(e, ERR_PARSE, "%s: no data", name);
    *ret = r;
    return ERR_OK;
}

/* ---- the four families ---- */

static enum err_code univariate(const char *text, const struct rows *r, struct nist_set *s)
{
    s->mean = value_after(text, "ybar:");
    if (isnan(s->mean)) /* a copy without the symbols */
        s->mean = value_after(text, "Sample Mean:");
    s->sd = value_after(text, " s:");
    if (isnan(s->sd))
        s->sd = value_after(text, "(denom. = n-1):");
    s->lag1 = value_after(text, "r(1):");
    s->data = r->v;
    s->rows = r->n;
    s->columns = 1;
    return ERR_OK;
}

/* Source, degrees of freedom, sum of squares, mean square, F. */
static void table_line(const char *text, const char *source, double *ret_df, double *ret_ss,
                       double *ret_f)
{
    struct line l;
    while (next_line(&text, &l)) {
        const char *const begin = skip(l.at, l.end);
        const size_t n = strlen(source);
        if ((size_t)(l.end - begin) < n || memcmp(begin, source, n) != 0)
            continue;
        const char *at = begin + n, *rest;
        while (at < l.end && !isdigit((unsigned char)*at))
            at++;
        wide_t v[4];
        const size_t found = numbers(at, l.end, v, 4, &rest);
        if (found >= 3) {
            *ret_df = (double)v[0];
            *ret_ss = (double)v[1];
            *ret_f = found == 4 ? (double)v[3] : NOT_MEASURED;
            return;
        }
    }
}

static enum err_code group_table(const struct rows *r, struct arena *a, struct nist_set *s)
{
    wide_t *const v = ARENA_ARRAY(a, wide_t, r->n);
    size_t *const n = ARENA_ARRAY(a, size_t, r->columns);
    for (size_t g = 0, at = 0; g < r->columns; g++) {
        n[g] = r->lines;
        for (size_t i = 0; i < r->lines; i++)
            v[at++] = r->v[i * r->columns + g];
    }
    s->groups = r->columns;
    s->group_n = n;
    s->data = v;
    s->rows = r->n;
    return ERR_OK;
}

/* Treatment, response; the treatments of NIST's files stand together. */
static enum err_code group_list(const struct rows *r, struct arena *a, struct nist_set *s,
                                struct err *e)
{
    wide_t *const v = ARENA_ARRAY(a, wide_t, r->lines);
    size_t *const n = ARENA_ARRAY(a, size_t, r->lines + 1), k = 0;
    for (size_t i = 0; i < r->lines; i++) {
        if (i == 0 || r->v[2 * i] != r->v[2 * i - 2])
            k++;
        n[k - 1]++;
        v[i] = r->v[2 * i + 1];
    }
    for (size_t i = 0, g = 0, left = n[0]; i < r->lines; i++, left--) {
        if (left == 0)
            left = n[++g];
        for (size_t b = 0, at = 0; b < g; at += n[b++])
            if (r->v[2 * at] == r->v[2 * i])
                return err_set(e, ERR_PARSE, "%s: treatment %g is in two places", s->name,
                               (double)r->v[2 * i]);
    }
    s->groups = k;
    s->group_n = n;
    s->data = v;
    s->rows = r->lines;
    return ERR_OK;
}

static enum err_code anova(const char *text, const struct rows *r, struct arena *a,
                           struct nist_set *s, struct err *e)
{
    double df = NOT_MEASURED, f;
    table_line(text, "Within", &df, &s->ss_within, &f);
    table_line(text, "Between", &df, &s->ss_between, &s->f);
    s->columns = 1;
    if (r->numbered && r->columns > 1)
        return group_table(r, a, s);
    if (r->columns == 2)
        return group_list(r, a, s, e);
    return err_set(e, ERR_PARSE,
                   "%s: the data are neither treatment and response nor a column per treatment",
                   s->name);
}

/* "B0  estimate  sd", or "b1 = start start estimate sd": the numbers behind each. */
static size_t coefficient(const struct line *l, const char *letters, unsigned *ret_index,
                          wide_t *ret, size_t max)
{
    const char *at = skip(l->at, l->end), *rest;
    if (at + 1 >= l->end || !strchr(letters, *at) || !isdigit((unsigned char)at[1]))
        return 0;
    char *stop;
    *ret_index = (unsigned)strtoul(at + 1, &stop, 10);
    at = skip(stop, l->end);
    if (at < l->end && *at == '=')
        at++;
    const size_t n = numbers(at, l->end, ret, max, &rest);
    return rest == l->end ? n : 0;
}

static enum err_code coefficients(const char *text, struct nist_set *s, struct err *e)
{
    const bool nonlinear = s->kind == NIST_NONLINEAR;
    const size_t want = nonlinear ? 4 : 2;
    unsigned first = 0, index;
    struct line l;
    while (next_line(&text, &l)) {
        wide_t v[4];
        if (coefficient(&l, nonlinear ? "bB" : "B", &index, v, 4) != want)
            continue;
        const size_t i = s->coefficients;
        if (i == 0)
            first = index;
        if (i == NIST_COEFFICIENTS || index != first + i)
            return err_set(e, ERR_PARSE, "%s: coefficient %u where %zu was expected", s->name,
                           index, first + i);
        s->start[0][i] = nonlinear ? (double)v[0] : 0;
        s->start[1][i] = nonlinear ? (double)v[1] : 0;
        s->coef[i] = (double)v[want - 2];
        s->coef_sd[i] = (double)v[want - 1];
        s->coefficients++;
    }
    s->no_intercept = first > 0;
    return s->coefficients > 0 ? ERR_OK
                               : err_set(e, ERR_PARSE, "%s: no certified coefficients", s->name);
}

static enum err_code linear(const char *text, const struct rows *r, struct nist_set *s,
                            struct err *e)
{
    const enum err_code code = coefficients(text, s, e);
    if (code != ERR_OK)
        return code;
    double df = NOT_MEASURED, f;
    table_line(text, "Residual", &df, &s->ss_within, &f);
    table_line(text, "Regression", &df, &s->ss_between, &s->f);
    const size_t slopes = s->coefficients - (s->no_intercept ? 0 : 1);
    s->degree = r->columns == 2 && slopes > 1 ? (unsigned)slopes : 0;
    if (r->columns < 2 || (s->degree == 0 && slopes != r->columns - 1))
        return err_set(e, ERR_PARSE, "%s: %zu columns of data for %zu coefficients", s->name,
                       r->columns, s->coefficients);
    return ERR_OK;
}

/* From the first line with '=' below "Model:" to the empty line behind it. */
static const char *model_text(const char *text, struct arena *a)
{
    struct line l;
    bool in = false;
    const char *begin = nullptr, *end = nullptr;
    while (next_line(&text, &l)) {
        const bool empty = skip(l.at, l.end) == l.end;
        in = in || after(&(struct line){l.at, l.end}, "Model:") == l.at + strlen("Model:");
        if (begin && (empty || after(&l, "Starting")))
            break;
        if (!begin && in && memchr(l.at, '=', (size_t)(l.end - l.at)))
            begin = l.at;
        end = l.end;
    }
    return begin ? arena_strndup(a, begin, (size_t)(end - begin)) : nullptr;
}

static enum err_code nonlinear(const char *text, struct arena *a, struct nist_set *s, struct err *e)
{
    s->model = model_text(text, a);
    s->rss = value_after(text, "Residual Sum of Squares:");
    s->residual_sd = value_after(text, "Residual Standard Deviation:");
    if (!s->model)
        return err_set(e, ERR_PARSE, "%s: no model (y = ...)", s->name);
    return coefficients(text, s, e);
}

static enum err_code kind_of(const char *name, const char *text, enum nist_kind *ret, struct err *e)
{
    if (has(text, "Sample Mean"))
        *ret = NIST_UNIVARIATE;
    else if (has(text, "Start 1"))
        *ret = NIST_NONLINEAR;
    else if (has(text, "Certified Regression Statistics"))
        *ret = NIST_LINEAR;
    else if (has(text, "Between ") && has(text, "Within "))
        *ret = NIST_ANOVA;
    else
        return err_set(e, ERR_PARSE,
                       "%s: none of NIST's families: no 'Sample Mean', 'Between', 'Certified "
                       "Regression Statistics' or 'Start 1'",
                       name);
    return ERR_OK;
}

enum err_code nist_file_parse(const char *name, const char *text, struct arena *a,
                              struct nist_set *ret, struct err *e)
{
    struct nist_set s = {.name = name,
                         .mean = NOT_MEASURED,
                         .sd = NOT_MEASURED,
                         .lag1 = NOT_MEASURED,
                         .ss_between = NOT_MEASURED,
                         .ss_within = NOT_MEASURED,
                         .f = NOT_MEASURED,
                         .rss = NOT_MEASURED};
    s.r2 = value_after(text, "R-Squared");
    s.residual_sd = value_after(text, "Standard Deviation ");
    bool bare = false;
    const char *const data = data_of(text, &bare);
    struct rows r = {};
    enum err_code code = kind_of(name, text, &s.kind, e);
    if (code == ERR_OK && !data)
        code = err_set(e, ERR_PARSE, "%s: no line 'Data:'", name);
    if (code == ERR_OK)
        code = read_rows(name, data, bare, a, &r, e);
    if (code == ERR_OK && s.kind != NIST_UNIVARIATE && r.columns == 0)
        code = err_set(e, ERR_PARSE, "%s: rows of data with different numbers of columns", name);
    if (code != ERR_OK)
        return code;
    s.data = r.v;
    s.rows = r.lines;
    s.columns = r.columns;
    code = s.kind == NIST_UNIVARIATE ? univariate(text, &r, &s)
           : s.kind == NIST_ANOVA    ? anova(text, &r, a, &s, e)
           : s.kind == NIST_LINEAR   ? linear(text, &r, &s, e)
                                     : nonlinear(text, a, &s, e);
    if (code == ERR_OK)
        *ret = s;
    return code;
}
