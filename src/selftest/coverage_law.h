/* coverage_law.h - laws of latency with their true figures. */
#pragma once

#include "base/noise.h"

struct coverage_law {
    const char *name;
    struct noise_requests requests;
    struct noise invocation;        /* of a process, where there are several: lognormal, or none */
    double slow_share, slow_factor; /* of processes as a whole, as with two clock states; 0: none */
};

/* Of a latency around 1, over processes too. The law of one process has its invocation none. */
[[nodiscard]] double coverage_law_mean(const struct coverage_law *l);
/* From the distribution function: closed form for the requests, summed over the lognormal of the
 * invocations (trapezoids, which for a normal density lose nothing), inverted by bisection. */
[[nodiscard]] double coverage_law_quantile(const struct coverage_law *l, double p);
