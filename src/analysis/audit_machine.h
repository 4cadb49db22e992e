/* audit_machine.h - what the machine did during each invocation of a cell, whoever recorded it: the
 * laboratory's own records, or the columns and rows of an import. For the checks of heat and noise.
 */
#pragma once

#include "analysis/audit.h"

struct audit_machine {             /* NOT_MEASURED: nobody recorded it */
    int32_t replicate, invocation; /* invocation -1: a row of several */
    double window_s;               /* that the counters were watched; NOT_MEASURED of an import */
    double steal, steal_most, others, pressure, waited; /* percent: run_record.h */
    double celsius, celsius_limit, throttles;
    double mhz, mhz_first, mhz_last; /* of the fastest CPU */
};

/* *ret in the order of the records, then of the samples' invocations without one, then of rows. */
size_t audit_machine_of(const struct audit_cell *c, struct arena *a,
                        const struct audit_machine **ret);

/* "invocation 2", "invocations 0, 2 and 5", "1:0" for replicate 1; at most eight are named. */
[[nodiscard]] const char *audit_machine_names(const struct audit_machine *const *units, size_t n,
                                              struct audit *out);

/* The median latency of the cell's samples in (in_them) or outside units[0..n); NOT_MEASURED:
 * none. */
[[nodiscard]] double audit_machine_median(const struct audit_cell *c,
                                          const struct audit_machine *const *units, size_t n,
                                          bool in_them);

/* A condition of the machine when its environment was captured, as a finding of the replicate. */
struct audit_machine_before {
    const char *check, *key;
    double value, limit;
    enum audit_severity severity;
    const char *message, *advice;
};
void audit_machine_add_before(const struct audit_whole *w, size_t replicate,
                              const struct audit_machine_before *k, struct audit *out);
