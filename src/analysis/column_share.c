#include "analysis/column_share.h"

#include "analysis/column_rows.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "io/jsonw.h"
#include "num/adjust.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- words ---- */

static const struct {
    const char *yes, *no;
} known[] = {{"true", "false"}, {"yes", "no"}, {"pass", "fail"}, {"t", "f"}, {"y", "n"}};

static bool is(const char *text, const char *word, bool any_case)
{
    const size_t n = strlen(word);
    text += strspn(text, " \t");
    return (any_case ? strncasecmp(text, word, n) : strncmp(text, word, n)) == 0 &&
           text[n + strspn(text + n, " \t\r\n")] == '\0';
}

static bool missing(const char *text)
{
    bool is_missing;
    (void)column_table_number(text, &is_missing);
    return is_missing;
}

/* The pair of words that all rows are of; COUNT_OF(known): none. */
static size_t known_pair(const char *const *text, size_t n)
{
    for (size_t k = 0; k < COUNT_OF(known); k++) {
        size_t hits = 0, misses = 0;
        for (size_t i = 0; i < n && misses == 0; i++)
            if (!missing(text[i])) {
                hits++;
                misses += !is(text[i], known[k].yes, true) && !is(text[i], known[k].no, true);
            }
        if (hits && !misses)
            return k;
    }
    return COUNT_OF(known);
}

static enum err_code no_such_word(const char *const *text, size_t n, const char *word,
                                  struct err *e)
{
    constexpr size_t MOST = 64;
    const char *seen[MOST] = {};
    size_t n_seen = 0;
    for (size_t i = 0; i < n && n_seen < MOST; i++) {
        bool old = missing(text[i]);
        for (size_t k = 0; k < n_seen && !old; k++)
            old = strcmp(seen[k], text[i]) == 0;
        if (!old)
            seen[n_seen++] = text[i];
    }
    const char *const near = nearest_word(word, seen, n_seen);
    return n_seen == 0 ? err_set(e, ERR_USAGE, "--success: the column holds nothing")
                       : err_set(e, ERR_USAGE, "--success: no row says '%s'; %s '%.60s'%s", word,
                                 near ? "did you mean" : "the first says", near ? near : seen[0],
                                 near ? "?" : "");
}

enum err_code column_share_read(const char *const *text, size_t n, const char *success,
                                struct arena *a, struct column_share_words *ret, struct err *e)
{
    struct column_share_words r = {.text = text, .yes = success};
    if (!success) {
        const size_t k = known_pair(text, n);
        *ret = r;
        if (k == COUNT_OF(known))
            return ERR_OK;
        r.yes = known[k].yes;
    }
    const char **const out = ARENA_ARRAY(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (missing(text[i]))
            continue;
        const bool yes = is(text[i], r.yes, !success);
        out[i] = yes ? "1" : "0";
        r.others += !yes;
    }
    for (size_t i = 0; success && i < n; i++)
        if (out[i] && *out[i] == '1')
            success = nullptr;
    if (success)
        return no_such_word(text, n, success, e);
    r.text = out;
    *ret = r;
    return ERR_OK;
}

/* ---- shares ---- */

/* Numbers that are all 1 may be anything. */
static bool is_binary(const struct column_table *t, bool words)
{
    size_t ones = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->value[i] != 0 && t->value[i] != 1)
            return false;
        ones += t->value[i] == 1;
    }
    return words || (ones > 0 && ones < t->n);
}

static void groups(const struct column_stats *s, struct column_share *c, struct arena *a)
{
    c->groups = ARENA_ARRAY(a, struct column_share_group, s->n_groups + 1);
    for (size_t i = 0; i < s->n_groups; i++) {
        struct column_share_group *const g = &c->groups[i];
        const size_t n = s->groups[i].m.n;
        for (size_t k = 0; k < n; k++)
            g->k += s->groups[i].x[k] == 1;
        g->wilson = proportion_wilson(g->k, n, s->asked.conf);
        g->exact = proportion_clopper_pearson(g->k, n, s->asked.conf);
    }
}

static struct proportion_interval difference(const struct column_share *c, size_t i, double conf)
{
    const struct column_stats *const s = c->s;
    const struct column_stats_pair *const p = &s->pairs[i];
    const struct column_share_pair *const r = &c->pairs[i];
    return s->basis == COLUMN_STATS_BY_PAIRS
               ? proportion_paired_difference(r->only_a, r->only_b, r->n_paired, conf)
               : proportion_difference(c->groups[p->a].k, s->groups[p->a].m.n, c->groups[p->b].k,
                                       s->groups[p->b].m.n, conf);
}

static void compare(struct column_share *c, size_t i, const struct column_rows *rows,
                    struct arena *a)
{
    const struct column_stats *const s = c->s;
    const struct column_stats_pair *const p = &s->pairs[i];
    struct column_share_pair *const r = &c->pairs[i];
    r->two = proportion_two_of(c->groups[p->a].k, s->groups[p->a].m.n, c->groups[p->b].k,
                               s->groups[p->b].m.n);
    r->p = r->two.p_exact;
    if (rows) {
        const struct column_rows_differences d = column_rows_pairs(rows, p->a, p->b, false, a);
        r->n_paired = d.n;
        for (size_t k = 0; k < d.n; k++) {
            r->only_a += d.d[k] > 0;
            r->only_b += d.d[k] < 0;
        }
        r->mcnemar = proportion_mcnemar_of(r->only_a, r->only_b);
        r->p = d.n ? r->mcnemar.p_exact : NOT_MEASURED;
    }
    r->difference = difference(c, i, s->asked.conf);
}

/* Equivalent: the interval of twice the level, shared by the family, lies within the margin. */
static enum column_stats_verdict verdict_of(const struct column_share *c, size_t i, size_t members)
{
    const struct column_stats_asked *const asked = &c->s->asked;
    const struct column_share_pair *const r = &c->pairs[i];
    const double alpha = 1 - asked->conf;
    if (isnan(r->p))
        return COLUMN_STATS_UNKNOWN;
    const struct proportion_interval d = difference(c, i, 1 - 2 * alpha / (double)members);
    const bool inside = d.lo > -asked->margin && d.hi < asked->margin; /* false without one */
    if (r->p_holm < alpha)
        return inside                       ? COLUMN_STATS_NEGLIGIBLE
               : r->difference.estimate > 0 ? COLUMN_STATS_HIGHER
                                            : COLUMN_STATS_LOWER;
    return inside ? COLUMN_STATS_EQUIVALENT : COLUMN_STATS_UNDECIDED;
}

static enum err_code pairs(const struct column_stats *s, struct column_share *c, struct arena *a,
                           struct err *e)
{
    struct column_rows *rows = nullptr;
    double *const p = ARENA_ARRAY(a, double, s->n_pairs + 1);
    size_t members = 0;
    if (s->table->pair && column_rows_of(s, a, &rows, e))
        return e->code;
    c->pairs = ARENA_ARRAY(a, struct column_share_pair, s->n_pairs + 1);
    for (size_t i = 0; i < s->n_pairs; i++) {
        compare(c, i, rows, a);
        p[i] = c->pairs[i].p;
        members += (size_t)!isnan(p[i]);
    }
    adjust_holm(p, s->n_pairs, a, p);
    for (size_t i = 0; i < s->n_pairs; i++) {
        c->pairs[i].p_holm = p[i];
        c->pairs[i].verdict = verdict_of(c, i, members ? members : 1);
    }
    return ERR_OK;
}

enum err_code column_share_of(const struct column_stats *s, const struct column_share_words *words,
                              struct arena *a, struct column_share **ret, struct err *e)
{
    *ret = nullptr;
    if (!is_binary(s->table, words->yes != nullptr))
        return ERR_OK;
    struct column_share *const c = ARENA_ARRAY(a, struct column_share, 1);
    c->s = s;
    groups(s, c, a);
    if (s->basis != COLUMN_STATS_BY_BLOCKS && pairs(s, c, a, e))
        return e->code;
    *ret = c;
    return ERR_OK;
}

/* ---- JSON ---- */

static void bounds(struct jsonw *w, const char *key, const struct proportion_interval *x)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "lower", x->lo);
    jsonw_kf64(w, "upper", x->hi);
    jsonw_end_object(w);
}

static void pair(const struct column_share *c, size_t i, struct jsonw *w)
{
    const struct column_stats *const s = c->s;
    const struct column_share_pair *const r = &c->pairs[i];
    jsonw_object(w);
    jsonw_kstr(w, "a", s->groups[s->pairs[i].a].name);
    jsonw_kstr(w, "b", s->groups[s->pairs[i].b].name);
    jsonw_kf64(w, "difference", r->difference.estimate);
    bounds(w, s->table->pair ? "agresti_min" : "newcombe", &r->difference);
    if (s->table->pair) {
        jsonw_ki64(w, "pairs", (int64_t)r->n_paired);
        jsonw_ki64(w, "only_a", (int64_t)r->only_a);
        jsonw_ki64(w, "only_b", (int64_t)r->only_b);
        jsonw_kf64(w, "mcnemar_exact_p", r->mcnemar.p_exact);
        jsonw_kf64(w, "mcnemar_chi2", r->mcnemar.chi2_corrected);
        jsonw_kf64(w, "mcnemar_p", r->mcnemar.p_corrected);
    } else {
        jsonw_kf64(w, "fisher_p", r->two.p_exact);
        jsonw_kf64(w, "chi2", r->two.chi2);
        jsonw_kf64(w, "chi2_p", r->two.p);
        jsonw_kf64(w, "yates_chi2", r->two.chi2_corrected);
        jsonw_kf64(w, "yates_p", r->two.p_corrected);
    }
    jsonw_kf64(w, "p_holm", r->p_holm);
    jsonw_kstr(w, "verdict", column_stats_verdict_name(r->verdict));
    jsonw_end_object(w);
}

static void all_pairs(const struct column_share *c, struct jsonw *w)
{
    jsonw_kstr(w, "rests_on", c->s->table->pair ? "McNemar's exact test" : "Fisher's exact test");
    jsonw_kobject(w, "null_because");
    jsonw_kstr(w, "mcnemar", "no pair differs, or there is none");
    jsonw_kstr(w, "chi2", "both shares are 0, or both are 1");
    jsonw_end_object(w);
    jsonw_karray(w, "pairs");
    for (size_t i = 0; i < c->s->n_pairs; i++)
        pair(c, i, w);
    jsonw_end_array(w);
}

void column_share_json(const struct column_share *c, const struct column_share_words *words,
                       struct jsonw *w)
{
    jsonw_kobject(w, "shares");
    jsonw_kstr(w, "of", words->yes ? words->yes : "1");
    jsonw_karray(w, "groups");
    for (size_t i = 0; i < c->s->n_groups; i++) {
        const struct column_share_group *const g = &c->groups[i];
        jsonw_object(w);
        jsonw_kstr(w, "group", c->s->groups[i].name);
        jsonw_ki64(w, "k", (int64_t)g->k);
        jsonw_ki64(w, "n", (int64_t)c->s->groups[i].m.n);
        jsonw_kf64(w, "share", g->wilson.estimate);
        bounds(w, "wilson", &g->wilson);
        bounds(w, "clopper_pearson", &g->exact);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    if (c->pairs && c->s->n_pairs)
        all_pairs(c, w);
    else {
        jsonw_key(w, "pairs");
        jsonw_null(w);
        jsonw_kstr(w, "pairs_reason",
                   c->s->n_pairs ? "with blocks the comparison is that of `pairs` of the document"
                                 : "there is one group");
    }
    jsonw_end_object(w);
}
