#include "analysis/joint.h"

#include "base/arena.h"
#include "io/jsonw.h"

#include <math.h>
#include <string.h>

static enum joint_guard length_of(const struct pair *p)
{
    return isnan(p->tokens_a) || isnan(p->tokens_b) ? JOINT_UNKNOWN
           : p->unequal_work                        ? JOINT_FAIL
                                                    : JOINT_PASS;
}

/* "cannot tell" and "no gate" are no pass: nobody has shown that the outputs are as good. */
static enum joint_guard quality_of(const struct cell_stats *c)
{
    if (!c->quality)
        return JOINT_UNKNOWN;
    return strcmp(c->quality->status, "pass") == 0   ? JOINT_PASS
           : strcmp(c->quality->status, "fail") == 0 ? JOINT_FAIL
                                                     : JOINT_UNKNOWN;
}

static const char *quality_reason(const struct cell_stats *c, struct arena *a)
{
    const struct cell_quality *const q = c->quality;
    return arena_printf(a, "quality of %s %s: %s%s%s", c->cell->key.backend, c->cell->key.precision,
                        q ? q->status : "not looked at", q && *q->reason ? ": " : "",
                        q ? q->reason : "");
}

struct joint joint_of(const struct pair *p, struct arena *a)
{
    struct joint j = {.verdict = verdict_name(p->verdict.kind),
                      .length = length_of(p),
                      .quality_a = quality_of(p->a),
                      .quality_b = quality_of(p->b)};
    if (j.length == JOINT_FAIL || j.quality_a == JOINT_FAIL || j.quality_b == JOINT_FAIL)
        j.verdict = "not comparable";
    if (j.length == JOINT_FAIL)
        j.reason = arena_printf(a, "unequal work: %.4g and %.4g generated tokens per sample",
                                p->tokens_a, p->tokens_b);
    else if (j.length == JOINT_UNKNOWN)
        j.reason = "generated tokens were not counted: nothing shows that the work was the same";
    else if (j.quality_a != JOINT_PASS)
        j.reason = quality_reason(p->a, a);
    else if (j.quality_b != JOINT_PASS)
        j.reason = quality_reason(p->b, a);
    else if (p->verdict.kind == VERDICT_UNDECIDED)
        j.reason = verdict_text(&p->verdict, a);
    j.claimable = !j.reason;
    return j;
}

static void guard(struct jsonw *w, const char *key, enum joint_guard g)
{
    static const char *const words[] = {
        [JOINT_UNKNOWN] = "unknown", [JOINT_PASS] = "pass", [JOINT_FAIL] = "fail"};
    jsonw_kstr(w, key, words[g]);
}

void joint_json(const struct joint *j, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "verdict", j->verdict);
    jsonw_kbool(w, "claimable", j->claimable);
    jsonw_kstr(w, "reason", j->reason);
    guard(w, "length", j->length);
    guard(w, "quality_a", j->quality_a);
    guard(w, "quality_b", j->quality_b);
    jsonw_end_object(w);
}
