/* export_report.h - what an exporter wrote: counted while writing, never assumed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr size_t EXPORT_REPORT_SHARES = 8;

struct export_report_share {
    const char *dtype;       /* "F32", "F16", "I8", "Q8_0"... */
    int64_t elements, bytes; /* of the weights */
    int64_t products;        /* multiplications by these weights for one token; 0: none */
};

struct export_report {
    const char *path;
    int64_t bytes; /* of all its files */
    double ms;
    struct export_report_share shares[EXPORT_REPORT_SHARES];
    size_t n_shares;
};

struct jsonw;

void export_report_add(struct export_report *r, const char *dtype, int64_t elements, int64_t bytes,
                       int64_t products);
/* The keys weights_elements_by_dtype, weights_bytes_by_dtype and matmul_by_dtype of an open object:
 * shares of 1. */
void export_report_json(const struct export_report *r, struct jsonw *w);
