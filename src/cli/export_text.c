#include "cli/export_text.h"

#include "model/export_report.h"

#include <inttypes.h>
#include <stdio.h>

void export_text_print(const struct export_report *r)
{
    int64_t bytes = 0, products = 0;
    for (size_t i = 0; i < r->n_shares; i++) {
        bytes += r->shares[i].bytes;
        products += r->shares[i].products;
    }
    printf("%s\n%.1f MB in %.2f s\n", r->path, (double)r->bytes / 1e6, r->ms / 1e3);
    printf("%-7s %14s %10s %8s %8s\n", "type", "weights", "MB", "bytes", "matmul");
    for (size_t i = 0; i < r->n_shares; i++) {
        const struct export_report_share *const s = &r->shares[i];
        printf("%-7s %14" PRId64 " %10.1f %7.2f%% %7.2f%%\n", s->dtype, s->elements,
               (double)s->bytes / 1e6, 100 * (double)s->bytes / (double)bytes,
               products ? 100 * (double)s->products / (double)products : 0.0);
    }
}
