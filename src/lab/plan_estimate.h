/* plan_estimate.h - what a plan will take: estimated, never measured, and said so.
 *
 * One generated token needs every weight once, so its time is taken as weight bytes over the memory
 * bandwidth of one thread: more threads may be faster; arithmetic, attention and prefill come on
 * top. Starting a worker and compiling are assumed. What stands on nothing known (a server's model,
 * another device's bandwidth) is NOT_MEASURED, with the reason.
 */
#pragma once

#include <stdint.h>

struct plan;

struct plan_machine { /* what the estimate stands on */
    double bandwidth; /* bytes per second of memory; NOT_MEASURED: unknown */
};

/* Assumed, and printed as such. */
constexpr double PLAN_ESTIMATE_START_S = 0.5;      /* a worker in C */
constexpr double PLAN_ESTIMATE_START_PYTHON_S = 8; /* a worker that imports torch */
constexpr double PLAN_ESTIMATE_COMPILE_S = 40;     /* torch.compile, per worker */
constexpr double PLAN_ESTIMATE_WORKER_MB = 100;    /* beside weights and cache */
constexpr double PLAN_ESTIMATE_WORKER_PYTHON_MB = 600;
constexpr double PLAN_ESTIMATE_BYTES_PER_PROMPT_TOKEN = 4; /* of English text */
constexpr double PLAN_ESTIMATE_WINDOW_FLOPS = 2e10; /* a second, in forwards of many tokens */

struct plan_work { /* the wanted scenarios that can run, summed for one invocation of any
                      configuration */
    uint64_t cold, warmup, measured; /* requests; dual's are two at once and count twice */
    uint64_t scenarios;
    uint32_t duals;      /* scenarios; each has two workers of its own, the others share one */
    bool stress;         /* its measured requests are not known beforehand, and not counted */
    double steps;        /* decoding steps */
    double fixed_s;      /* stress */
    double cache_tokens; /* positions that the largest request keeps */
};

struct plan_quality { /* the windows that a configuration scores; all 0 where there is no text */
    double windows, window;
};

struct plan_estimate {
    double seconds;   /* all invocations of the configuration and its part of the quality pass;
                       * NOT_MEASURED: unknown */
    double memory_mb; /* all of its workers at once; NOT_MEASURED: unknown */
    double disk_mb;   /* of what it loads, made in the cache; NOT_MEASURED: unknown */
    const char *why_unknown; /* nullptr where all three are known */
};

struct plan_total {
    uint64_t configurations, workers, cold, warmup, measured; /* of what can run here */
    double seconds;   /* one configuration after the other */
    double memory_mb; /* the largest */
    double disk_mb;   /* each artefact once, and the samples */
    uint64_t unknown; /* configurations that run and have no estimate of time: not in the sum */
};

void plan_estimate_work(const struct plan *p, struct plan_work *ret);
void plan_estimate_quality(const struct plan *p, uint32_t model, struct plan_quality *ret);
void plan_estimate_configuration(const struct plan *p, const struct plan_work *w,
                                 const struct plan_machine *m, uint32_t configuration,
                                 struct plan_estimate *ret);
void plan_estimate_total(const struct plan *p, const struct plan_work *w,
                         const struct plan_machine *m, struct plan_total *ret);
