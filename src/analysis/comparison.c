#include "analysis/comparison.h"

#include "analysis/pair.h"
#include "base/arena.h"
#include "base/defs.h"
#include "io/jsonw.h"

#include <math.h>

static const struct cell_stats *find(const struct cell_stats *cells, size_t n,
                                     const struct folder_key *key)
{
    for (size_t i = 0; i < n; i++)
        if (folder_key_same(&cells[i].cell->key, key))
            return &cells[i];
    return nullptr;
}

static bool usable(const struct cell_stats *c)
{
    return c && c->n > 0;
}

static const char *why_not(const struct cell_stats *c, const char *which, struct arena *a)
{
    if (!c)
        return arena_printf(a, "%s does not have it", which);
    if (c->cell->status != STATUS_OK)
        return arena_printf(a, "%s in %s: %s", status_name(c->cell->status), which,
                            c->cell->reason ? c->cell->reason : "no reason given");
    return arena_printf(a, "%s in %s", c->n_rows ? "a row without samples" : "no sample", which);
}

static struct comparison compare_one(const struct cell_stats *base, const struct cell_stats *new,
                                     double margin, struct arena *a)
{
    struct comparison c = {.key = base ? &base->cell->key : &new->cell->key,
                           .base = base,
                           .new = new,
                           .difference_ms = NOT_MEASURED,
                           .tokens_base = base ? pair_tokens(base) : NOT_MEASURED,
                           .tokens_new = new ? pair_tokens(new) : NOT_MEASURED,
                           .verdict =
                               verdict_estimate(NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, margin),
                           .word = COMPARISON_CANNOT_TELL};
    c.lost = usable(base) && !usable(new);
    if (!usable(base) || !usable(new)) {
        c.reason = usable(base) ? why_not(new, "NEW", a) : why_not(base, "BASE", a);
        return c;
    }
    c.difference_ms = new->median - base->median;
    if (pair_work_differs(c.tokens_base, c.tokens_new)) {
        c.reason = arena_printf(a,
                                "unequal work: %.4g generated tokens per sample in BASE, %.4g "
                                "in NEW",
                                c.tokens_base, c.tokens_new);
        return c;
    }
    c.verdict = verdict_compare(&base->level, &new->level, margin);
    return c;
}

static void settle(struct comparison *c, struct arena *a)
{
    static const enum comparison_word words[] = {[VERDICT_UNDECIDED] = COMPARISON_CANNOT_TELL,
                                                 [VERDICT_FASTER] = COMPARISON_FASTER,
                                                 [VERDICT_SLOWER] = COMPARISON_SLOWER,
                                                 [VERDICT_EQUIVALENT] = COMPARISON_SAME};
    if (c->reason)
        return;
    c->word = words[c->verdict.kind];
    if (c->word == COMPARISON_CANNOT_TELL)
        c->reason = c->verdict.more ? verdict_text(&c->verdict, a) : c->verdict.reason;
    else if (c->verdict.unit != LEVEL_INVOCATIONS)
        c->reason = "one invocation: what differs between invocations is not in the interval";
}

void comparison_compute(const struct cell_stats *base, size_t n_base, const struct cell_stats *new,
                        size_t n_new, double margin, struct arena *a, struct comparison *ret,
                        size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < n_base; i++)
        ret[n++] = compare_one(&base[i], find(new, n_new, &base[i].cell->key), margin, a);
    for (size_t i = 0; i < n_new; i++)
        if (!find(base, n_base, &new[i].cell->key))
            ret[n++] = compare_one(nullptr, &new[i], margin, a);
    struct verdict *const v = ARENA_ARRAY(a, struct verdict, n);
    for (size_t i = 0; i < n; i++)
        v[i] = ret[i].verdict;
    verdict_family(v, n, a);
    for (size_t i = 0; i < n; i++) {
        ret[i].verdict = v[i];
        settle(&ret[i], a);
    }
    *ret_n = n;
}

const char *comparison_word_name(enum comparison_word word)
{
    static const char *const names[] = {[COMPARISON_SAME] = "same",
                                        [COMPARISON_FASTER] = "faster",
                                        [COMPARISON_SLOWER] = "slower",
                                        [COMPARISON_CANNOT_TELL] = "cannot tell"};
    return names[word];
}

static void side(struct jsonw *w, const char *key, const struct cell_stats *c)
{
    jsonw_key(w, key);
    if (!c) {
        jsonw_null(w);
        return;
    }
    jsonw_object(w);
    jsonw_kstr(w, "status", status_name(c->cell->status));
    jsonw_ki64(w, "n", (int64_t)c->n);
    jsonw_ki64(w, "n_invocations", (int64_t)c->n_units);
    jsonw_kf64(w, "median_ms", c->median);
    jsonw_kf64(w, "mean_ms", c->mean);
    jsonw_end_object(w);
}

void comparison_json(const struct comparison *c, size_t n, struct arena *a, struct jsonw *w)
{
    size_t words[COMPARISON_CANNOT_TELL + 1] = {}, lost = 0;
    jsonw_karray(w, "cells");
    for (size_t i = 0; i < n; i++) {
        words[c[i].word]++;
        lost += c[i].lost;
        jsonw_object(w);
        jsonw_kstr(w, "scenario", c[i].key->scenario);
        jsonw_kstr(w, "backend", c[i].key->backend);
        jsonw_kstr(w, "precision", c[i].key->precision);
        jsonw_kstr(w, "model", c[i].key->model);
        jsonw_kstr(w, "verdict", comparison_word_name(c[i].word));
        jsonw_kstr(w, "reason", c[i].reason);
        jsonw_kbool(w, "lost", c[i].lost);
        side(w, "base", c[i].base);
        side(w, "new", c[i].new);
        jsonw_kf64(w, "median_difference_ms", c[i].difference_ms);
        jsonw_kf64(w, "tokens_per_sample_base", c[i].tokens_base);
        jsonw_kf64(w, "tokens_per_sample_new", c[i].tokens_new);
        jsonw_key(w, "evidence");
        verdict_json(&c[i].verdict, a, w);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_kobject(w, "counts");
    for (unsigned k = 0; k < COUNT_OF(words); k++)
        jsonw_ki64(w, comparison_word_name((enum comparison_word)k), (int64_t)words[k]);
    jsonw_ki64(w, "lost", (int64_t)lost);
    jsonw_end_object(w);
}
