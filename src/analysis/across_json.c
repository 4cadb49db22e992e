#include "analysis/across_json.h"

#include "io/jsonw.h"

static const char *label(const struct results *r, const struct folder_key *k, struct arena *a)
{
    return cell_label(r, &(const struct results_cell){.key = *k}, a);
}

static void parts(struct jsonw *w, const struct across *c)
{
    jsonw_karray(w, "scenarios");
    for (size_t i = 0; i < c->n; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "scenario", c->parts[i].scenario);
        jsonw_kf64(w, "ratio", c->parts[i].ratio);
        jsonw_kf64(w, "ratio_ci_95_lower", c->parts[i].lo);
        jsonw_kf64(w, "ratio_ci_95_upper", c->parts[i].hi);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

void across_json(const struct across *c, size_t n, const struct results *r, struct arena *a,
                 struct jsonw *w)
{
    jsonw_array(w);
    for (size_t i = 0; i < n; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "model", c[i].a->model);
        jsonw_kstr(w, "group_a", label(r, c[i].a, a));
        jsonw_kstr(w, "group_b", label(r, c[i].b, a));
        jsonw_ki64(w, "n_scenarios", (int64_t)c[i].n);
        jsonw_ki64(w, "left_out", (int64_t)c[i].left_out);
        jsonw_ki64(w, "b_faster_in", (int64_t)c[i].b_faster);
        jsonw_ki64(w, "b_slower_in", (int64_t)c[i].b_slower);
        jsonw_kstr(w, "verdict", verdict_name(c[i].verdict.kind));
        jsonw_key(w, "evidence");
        verdict_json(&c[i].verdict, a, w);
        jsonw_kobject(w, "heterogeneity");
        jsonw_kf64(w, "q", c[i].q);
        jsonw_kf64(w, "df", c[i].q_df);
        jsonw_kf64(w, "p_value", c[i].q_p);
        jsonw_end_object(w);
        if (c[i].q_p < VERDICT_ALPHA)
            jsonw_kstr(w, "caution",
                       "the ratio is not the same in every scenario: read them one by one");
        parts(w, &c[i]);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}
