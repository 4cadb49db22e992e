/* prepare_plan.h - from an experiment's path to its plan: what `plan` and `run` begin with. */
#pragma once

#include "base/opt.h"
#include "domain/experiment.h"
#include "lab/plan.h"

struct prepare_plan_options { /* the options that both commands have */
    uint32_t repetitions;     /* 0: the file's */
    const char *seed;         /* nullptr: the file's */
    struct opt_list only;
    double target_ci;                          /* percent; 0: the file's */
    uint32_t max_invocations, max_repetitions; /* 0: the file's */
};

/* Their rows, for a table of struct T that has a struct prepare_plan_options `field`. */
#define PREPARE_PLAN_ROWS(T, field)                                                                \
    {OPT_U32,                                                                                      \
     0,                                                                                            \
     "repetitions",                                                                                \
     "N",                                                                                          \
     nullptr,                                                                                      \
     "repetitions instead of the file's",                                                          \
     FIELD_OF(T, field.repetitions, uint32_t),                                                     \
     .min = 1,                                                                                     \
     .max = 1e6},                                                                                  \
        {OPT_STR,                                                                                  \
         0,                                                                                        \
         "seed",                                                                                   \
         "N",                                                                                      \
         nullptr,                                                                                  \
         "seed instead of the file's",                                                             \
         FIELD_OF(T, field.seed, const char *)},                                                   \
        {OPT_F64,                                                                                  \
         0,                                                                                        \
         "target-ci",                                                                              \
         "PERCENT",                                                                                \
         nullptr,                                                                                  \
         "measure until each cell's median is known to +-PERCENT",                                 \
         FIELD_OF(T, field.target_ci, double),                                                     \
         .min = 1e-3,                                                                              \
         .max = 100},                                                                              \
        {OPT_U32,                                                                                  \
         0,                                                                                        \
         "max-invocations",                                                                        \
         "N",                                                                                      \
         nullptr,                                                                                  \
         "with --target-ci: of a cell, at most (default: the file's, or 50)",                      \
         FIELD_OF(T, field.max_invocations, uint32_t),                                             \
         .min = 1,                                                                                 \
         .max = 1e4},                                                                              \
        {OPT_U32,                                                                                  \
         0,                                                                                        \
         "max-repetitions",                                                                        \
         "N",                                                                                      \
         nullptr,                                                                                  \
         "with --target-ci: of an invocation, at most (default: the file's, or 100)",              \
         FIELD_OF(T, field.max_repetitions, uint32_t),                                             \
         .min = 1,                                                                                 \
         .max = 1e6},                                                                              \
    {                                                                                              \
        OPT_LIST, 0, "only", "KEY=GLOB", nullptr,                                                  \
            "only these cells; KEY is scenario, backend, model or precision; may be repeated",     \
            FIELD_OF(T, field.only, struct opt_list)                                               \
    }

struct prepared_plan {
    struct experiment experiment;
    struct plan plan;
    struct model_facts *facts;     /* [experiment.n_models] */
    struct plan_backend *backends; /* [experiment.n_backends] */
};

/* Reads the file, asks each backend whether it can run here and each model what it is (nothing is
 * written: a synthetic model is not made yet), and plans. A broken model is no error: its cells are
 * unavailable, with the reason. *ret must stay where it is, the plan points into it; the rest
 * belongs to a. */
[[nodiscard]] enum err_code prepare_plan(const char *path, const struct prepare_plan_options *o,
                                         struct arena *a, struct prepared_plan *ret, struct err *e);
