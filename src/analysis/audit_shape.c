#include "analysis/audit_shape.h"

#include "base/defs.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

constexpr size_t MOST_POINTS = 256;

static double first_known(double a, double b)
{
    return isnan(a) ? b : a;
}

struct shape {
    const char *model;
    double layers, width;
};

static struct shape shape_of(const struct audit_cell *c)
{
    struct shape s = {c->key->model, NOT_MEASURED, NOT_MEASURED};
    for (size_t i = 0; i < c->n_evidence; i++) {
        s.layers = first_known(s.layers, c->evidence[i]->n_layers);
        s.width = first_known(s.width, c->evidence[i]->d_model);
    }
    for (size_t i = 0; i < c->n_stated; i++) {
        s.layers = first_known(s.layers, c->stated[i].n_layers);
        s.width = first_known(s.width, c->stated[i].d_model);
    }
    return s;
}

bool audit_shape_of(const struct audit_cell *c, double *ret_layers, double *ret_width)
{
    const struct shape s = shape_of(c);
    *ret_layers = s.layers;
    *ret_width = s.width;
    return s.layers > 0 && s.width > 0;
}

static size_t shapes_of(const struct audit_whole *w, struct shape *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_cells && n < MOST_POINTS; i++) {
        const struct shape s = shape_of(&w->cells[i]);
        bool known = !(s.layers > 0 && s.width > 0);
        for (size_t k = 0; k < n && !known; k++)
            known = strcmp(ret[k].model, s.model) == 0;
        if (!known)
            ret[n++] = s;
    }
    return n;
}

struct confound {
    double r, inflation;
    size_t depth_alone, width_alone; /* pairs of models that differ in nothing else */
    bool both_vary;
};

static struct confound confound_of(const struct shape *s, size_t n)
{
    struct confound c = {};
    double mu = 0, mv = 0, suu = 0, svv = 0, suv = 0;
    for (size_t i = 0; i < n; i++) {
        mu += log(s[i].layers) / (double)n;
        mv += log(s[i].width) / (double)n;
        for (size_t k = 0; k < i; k++) {
            c.depth_alone += s[i].layers != s[k].layers && s[i].width == s[k].width;
            c.width_alone += s[i].layers == s[k].layers && s[i].width != s[k].width;
        }
    }
    for (size_t i = 0; i < n; i++) {
        const double u = log(s[i].layers) - mu, v = log(s[i].width) - mv;
        suu += u * u;
        svv += v * v;
        suv += u * v;
    }
    c.both_vary = suu > 1e-12 && svv > 1e-12;
    c.r = suv / sqrt(suu * svv);
    c.inflation = 1 / (1 - c.r * c.r);
    return c;
}

void audit_shape_look(const struct audit_whole *w, double inflation, size_t least_models,
                      struct audit *out)
{
    struct shape s[MOST_POINTS];
    const size_t n = shapes_of(w, s);
    if (n < least_models)
        return;
    const struct confound c = confound_of(s, n);
    if (!c.both_vary || (c.inflation < inflation && c.depth_alone && c.width_alone))
        return;
    const struct audit_subject subject = {.replicate = -1, .invocation = -1};
    const struct audit_fact facts[] = {
        audit_number("models", (double)n), audit_number("correlation_of_depth_and_width", c.r),
        audit_number("variance_inflation", c.inflation),
        audit_number("pairs_that_differ_in_depth_alone", (double)c.depth_alone),
        audit_number("pairs_that_differ_in_width_alone", (double)c.width_alone)};
    audit_add(out, &(struct audit_finding){
                       .check = "mixture",
                       .severity = AUDIT_WARN,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "the %zu models vary depth and width together "
                                             "(correlation %.2f; %zu pairs differ in depth alone, "
                                             "%zu in width alone): no law of either, or of size, "
                                             "can be told apart",
                                             n, c.r, c.depth_alone, c.width_alone),
                       .advice = "measure models that differ in one parameter at a time (chimera "
                                 "model synth makes them)",
                       .blocks = AUDIT_FIT});
}
