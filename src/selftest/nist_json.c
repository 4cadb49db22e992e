#include "selftest/nist_json.h"

#include "io/jsonw.h"

static void quantity(const struct nist_quantity *q, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "quantity", q->what);
    if (q->worst)
        jsonw_kstr(w, "worst", q->worst);
    jsonw_kf64(w, "digits", q->reached);
    jsonw_kf64(w, "ceiling", q->ceiling);
    jsonw_kbool(w, "follows_from_data", q->genuine);
    jsonw_kbool(w, "pass", q->pass);
    jsonw_end_object(w);
}

void nist_json(const struct nist *all, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_ki64(w, "passed", (int64_t)all->passed);
    jsonw_ki64(w, "failed", (int64_t)all->failed);
    jsonw_karray(w, "sets");
    for (size_t i = 0; i < all->n; i++) {
        const struct nist_result *const r = &all->results[i];
        jsonw_object(w);
        jsonw_kstr(w, "set", r->set);
        jsonw_kstr(w, "family", r->family);
        jsonw_ki64(w, "rows", (int64_t)r->rows);
        if (r->error)
            jsonw_kstr(w, "error", r->error);
        jsonw_karray(w, "quantities");
        for (size_t k = 0; k < r->n; k++)
            quantity(&r->quantities[k], w);
        jsonw_end_array(w);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
}
