#include "analysis/rank_json.h"

#include "io/jsonw.h"

void rank_json_tests(struct jsonw *w, const char *p_key, const struct rank_u *u, double u_holm,
                     const struct rank_ks *ks)
{
    jsonw_kobject(w, "mann_whitney");
    jsonw_kf64(w, "u", u->u);
    jsonw_kf64(w, p_key, u->p);
    jsonw_kf64(w, "p_holm", u_holm);
    jsonw_kbool(w, "exact", u->exact);
    jsonw_end_object(w);
    jsonw_kobject(w, "kolmogorov_smirnov");
    jsonw_kf64(w, "d", ks->d);
    jsonw_kf64(w, p_key, ks->p);
    jsonw_kbool(w, "exact", ks->exact);
    jsonw_end_object(w);
}
