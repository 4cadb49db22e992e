#include "model/export_report.h"

#include "io/jsonw.h"

#include <stdlib.h>
#include <string.h>

void export_report_add(struct export_report *r, const char *dtype, int64_t elements, int64_t bytes,
                       int64_t products)
{
    size_t i = 0;
    while (i < r->n_shares && strcmp(r->shares[i].dtype, dtype) != 0)
        i++;
    if (i == EXPORT_REPORT_SHARES)
        abort(); /* a bug of ours: no file holds that many kinds */
    if (i == r->n_shares)
        r->shares[r->n_shares++] = (struct export_report_share){.dtype = dtype};
    r->shares[i].elements += elements;
    r->shares[i].bytes += bytes;
    r->shares[i].products += products;
}

static int64_t field(const struct export_report_share *s, int which)
{
    return which == 0 ? s->elements : which == 1 ? s->bytes : s->products;
}

void export_report_json(const struct export_report *r, struct jsonw *w)
{
    static const char *const keys[] = {"weights_elements_by_dtype", "weights_bytes_by_dtype",
                                       "matmul_by_dtype"};
    for (int which = 0; which < 3; which++) {
        int64_t sum = 0;
        for (size_t i = 0; i < r->n_shares; i++)
            sum += field(&r->shares[i], which);
        jsonw_key(w, keys[which]);
        if (sum == 0) { /* not counted */
            jsonw_null(w);
            continue;
        }
        jsonw_object(w);
        for (size_t i = 0; i < r->n_shares; i++)
            if (field(&r->shares[i], which) > 0)
                jsonw_kf64(w, r->shares[i].dtype,
                           (double)field(&r->shares[i], which) / (double)sum);
        jsonw_end_object(w);
    }
}
