#include "analysis/column_bound.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/jsonw.h"

#include <math.h>
#include <stdlib.h>

static bool read_one(const char **text, struct column_bound *ret)
{
    char *end;
    const char *at = *text + (**text == 'p' || **text == 'P');
    const double percent = strtod(at, &end);
    if (end == at || *end != ':' || !(percent > 0 && percent < 100))
        return false;
    at = end + 1;
    *ret = (struct column_bound){percent / 100, strtod(at, &end)};
    *text = end;
    return end != at && (*end == '\0' || *end == ',') && isfinite(ret->limit);
}

enum err_code column_bound_read(const char *text, struct column_bound *ret, size_t *ret_n,
                                struct err *e)
{
    const char *at = text;
    *ret_n = 0;
    for (bool more = true; more; at += more) {
        if (*ret_n == COLUMN_BOUND_MOST)
            return err_set(e, ERR_USAGE, "--bound: more than %zu", COLUMN_BOUND_MOST);
        if (!read_one(&at, &ret[(*ret_n)++]))
            return err_set(e, ERR_USAGE,
                           "--bound: '%s': want a percentile and its bound, like p99:200, several "
                           "with commas",
                           text);
        more = *at == ',';
    }
    return ERR_OK;
}

static struct tail_verdict_rule rule_of(const struct column_bound *b, double confidence)
{
    return (struct tail_verdict_rule){.p = b->p, .confidence = confidence};
}

struct column_bound_result column_bound_of(const struct column_stats_group *g,
                                           const struct column_bound *b, double confidence)
{
    const struct tail_verdict_rule rule = rule_of(b, confidence);
    return (struct column_bound_result){tail_verdict_of(&rule, g->x, g->m.n, b->limit),
                                        tail_verdict_estimate(&rule, g->sorted, g->m.n)};
}

const char *column_bound_text(const struct column_bound_result *r, const struct column_bound *b,
                              struct arena *a)
{
    const size_t under = r->r.queries - r->r.over;
    const double percent = 100 * b->p;
    switch (r->r.verdict) {
    case TAIL_VERDICT_PASS:
        return arena_printf(a, "p%.6g below %.6g is shown", percent, b->limit);
    case TAIL_VERDICT_FAIL:
        return arena_printf(a, "p%.6g is above %.6g", percent, b->limit);
    case TAIL_VERDICT_UNDECIDED:
        return arena_printf(a, "p%.6g below %.6g is not shown; %zu more that are would show it",
                            percent, b->limit, r->r.needed - under);
    case TAIL_VERDICT_UNKNOWN:
        return "no test: there is no value";
    }
    unreachable();
}

static void one(const struct column_stats_group *g, const struct column_bound *b, double confidence,
                struct arena *a, struct jsonw *w)
{
    static const char *const verdicts[] = {[TAIL_VERDICT_UNKNOWN] = "unknown",
                                           [TAIL_VERDICT_PASS] = "shown",
                                           [TAIL_VERDICT_UNDECIDED] = "not shown",
                                           [TAIL_VERDICT_FAIL] = "above"};
    const struct column_bound_result r = column_bound_of(g, b, confidence);
    jsonw_object(w);
    jsonw_kstr(w, "group", g->name);
    jsonw_kf64(w, "percentile", b->p);
    jsonw_kf64(w, "bound", b->limit);
    jsonw_ki64(w, "n", (int64_t)r.r.queries);
    jsonw_ki64(w, "above", (int64_t)r.r.over);
    jsonw_ki64(w, "needed_below", (int64_t)r.r.needed);
    jsonw_kstr(w, "verdict", verdicts[r.r.verdict]);
    jsonw_kstr(w, "text", column_bound_text(&r, b, a));
    jsonw_kf64(w, "vouched_for", r.vouched);
    if (isnan(r.vouched))
        jsonw_kstr(w, "vouched_for_reason", "too few values for this percentile");
    jsonw_end_object(w);
}

void column_bound_json(const struct column_stats *s, const struct column_bound *b, size_t n,
                       struct arena *a, struct jsonw *w)
{
    jsonw_kobject(w, "bounds");
    jsonw_kf64(w, "confidence", s->asked.conf);
    jsonw_kstr(w, "rule", "MLPerf Inference's early stopping: exact binomial, each way");
    jsonw_karray(w, "groups");
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < s->n_groups; i++)
            one(&s->groups[i], &b[k], s->asked.conf, a, w);
    jsonw_end_array(w);
    jsonw_end_object(w);
}
