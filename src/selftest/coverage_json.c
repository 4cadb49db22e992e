#include "selftest/coverage_json.h"

#include "base/defs.h"
#include "io/jsonw.h"

static double share(size_t part, size_t n)
{
    return n ? (double)part / (double)n : NOT_MEASURED;
}

static void audited(const struct coverage_audited *x, const char *unmarked, struct jsonw *w)
{
    jsonw_ki64(w, "audited", (int64_t)x->n);
    jsonw_kf64(w, "audit_marks", share(x->marked, x->n));
    jsonw_kf64(w, unmarked, share(x->clear_held, x->n - x->marked));
}

static void figure(const struct coverage_cell *f, enum coverage_figure which, struct jsonw *w)
{
    jsonw_kobject(w, coverage_figure_name(which));
    jsonw_kf64(w, "truth", f->truth);
    jsonw_ki64(w, "intervals", (int64_t)f->n);
    jsonw_kf64(w, "coverage", share(f->held, f->n));
    jsonw_kf64(w, "truth_below", share(f->below, f->n));
    jsonw_kf64(w, "truth_above", share(f->above, f->n));
    jsonw_kf64(w, "open_end", share(f->open, f->n));
    jsonw_kf64(w, "mean_width_relative",
               f->n > f->open ? f->width / (double)(f->n - f->open) : NOT_MEASURED);
    audited(&f->audit, "coverage_unmarked", w);
    jsonw_kstr(w, "status", coverage_status_name(f->status));
    jsonw_end_object(w);
}

static void row(const struct coverage *c, const struct coverage_row *r, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "law", r->law);
    jsonw_ki64(w, "invocations", (int64_t)r->invocations);
    jsonw_ki64(w, "samples", (int64_t)r->samples);
    for (size_t f = 0; f < COVERAGE_FIGURES; f++)
        figure(&r->figure[f], (enum coverage_figure)f, w);
    jsonw_kf64(w, "identical_called_different", share(r->different, r->alike));
    jsonw_kobject(w, "identical_audit");
    audited(&r->audit, "different_unmarked", w);
    jsonw_end_object(w);
    jsonw_kstr(w, "identical_status", coverage_status_name(coverage_pairs(c, r)));
    jsonw_kf64(w, "family_error_holm", share(r->wrong, r->families));
    jsonw_kstr(w, "family_status", coverage_status_name(coverage_families(c, r)));
    jsonw_end_object(w);
}

static void stop(const struct coverage_stop *s, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "law", s->law);
    jsonw_kf64(w, "target_ci_percent", 100 * s->target);
    jsonw_kf64(w, "truth", s->truth);
    jsonw_kf64(w, "coverage", share(s->held, s->n));
    jsonw_kf64(w, "reached", share(s->reached, s->n));
    jsonw_kf64(w, "mean_invocations", share(s->invocations, s->n));
    jsonw_kf64(w, "mean_looks", share(s->looks, s->n));
    audited(&s->audit, "coverage_unmarked", w);
    jsonw_kstr(w, "status", coverage_status_name(s->status));
    jsonw_end_object(w);
}

void coverage_json(const struct coverage *c, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_ki64(w, "simulations", (int64_t)c->simulations);
    jsonw_kf64(w, "lowest", c->low);
    jsonw_kf64(w, "highest", c->high);
    jsonw_ki64(w, "missed", (int64_t)c->missed);
    jsonw_ki64(w, "wide", (int64_t)c->wide);
    jsonw_kf64(w, "seconds", c->seconds);
    jsonw_karray(w, "rows");
    for (size_t i = 0; i < c->n; i++)
        row(c, &c->rows[i], w);
    jsonw_end_array(w);
    jsonw_karray(w, "stopped");
    for (size_t i = 0; i < c->n_stops; i++)
        stop(&c->stops[i], w);
    jsonw_end_array(w);
    jsonw_end_object(w);
}
