/* experiment.h - an experiment as a person wrote it: what to run, how often, under which limits.
 *
 * Pure: read by lab/experiment_file.c, asked by everybody. All text belongs to the arena that the
 * experiment was read into. A number that the file does not give holds its default, which stands in
 * the key table of experiment_file.c and nowhere else.
 */
#pragma once

#include "base/defs.h"

enum scenario_mode : uint8_t {
    MODE_SINGLE,
    MODE_BATCH,
    MODE_DUAL,
    MODE_STRESS,
    MODE_LOAD,
    MODE_COUNT
};

struct prompt_set {
    const char *name;
    const char *const *prompts;
    uint32_t n_prompts;
};

struct scenario {
    const char *name;
    const char *description; /* nullptr: none */
    uint32_t prompt_set;     /* index into experiment.prompt_sets */
    enum scenario_mode mode;
    bool stream;
    uint32_t batch_size; /* prompts in one forward; 1 unless mode is batch */
    double duration_s;   /* stress: how long one repetition lasts */
    uint32_t max_tokens; /* generated tokens at most, per prompt */
    uint32_t line;       /* where it stands in the file, for messages */
};

struct experiment_model {
    const char *name; /* as written: a folder, a .gguf, a tag, synth:... */
    const char *description;
    double params_millions; /* what the file claims; NOT_MEASURED where it does not. Never used as a
                               fact */
    uint32_t line;
};

struct experiment_gate { /* allowed relative increase of the perplexity at a precision */
    const char *precision;
    double limit;
};

struct experiment_perplexity { /* the quality pass of a run */
    const char *text;          /* as written */
    const char *path;          /* where it lies */
    uint32_t window, stride;   /* 0: 512 or the model's context; half of the window */
    uint32_t max_tokens;       /* 0: all */
    const struct experiment_gate
        *gates; /* of the precisions that have one here: before the usual */
    uint32_t n_gates;
};

struct experiment_semantic { /* the embedding model that outputs are compared by */
    const char *model;       /* as written; nullptr: url */
    const char *path;        /* where it lies */
    const char *url, *name;  /* of a server, and of its model; nullptr: none */
};

struct experiment {
    const char *path;   /* of the file */
    const char *folder; /* relative model paths are tried here, then in the working directory */
    const char *name;
    const char *description; /* nullptr: none */
    const struct prompt_set *prompt_sets;
    const struct scenario *scenarios;
    const struct experiment_model *models;
    const char *const *backends;   /* as written; backend_find() knows them all */
    const char *const *precisions; /* quantization.modes */
    uint32_t n_prompt_sets, n_scenarios, n_models, n_backends, n_precisions;
    uint32_t repetitions, invocations, warmup_runs;
    double target_ci_percent; /* 0: repetitions and invocations as they stand; else they are the
                                 least, and more follow until the median is known this well */
    uint32_t max_invocations, max_repetitions; /* with target_ci_percent */
    uint32_t threads; /* per worker; 0: every core that this process may use */
    uint64_t seed;
    double temperature, top_p; /* temperature 0: greedy */
    uint32_t max_tokens;
    bool stop_on_eos;
    double timeout_s;             /* of one request */
    double load_timeout_s;        /* of loading, compilation included */
    bool shuffle;                 /* order: random (by block, seeded) or fixed */
    const char *baseline_backend; /* nullptr: none */
    double accuracy_threshold;
    bool resource_monitoring;
    double resource_interval_s;
    double memory_limit_mb;                         /* per worker; 0: what the machine has */
    const struct experiment_perplexity *perplexity; /* nullptr: not asked for */
    const struct experiment_semantic *semantic;     /* nullptr: not asked for */
    const char *synthetic; /* law and faults of the synthetic backend, as text; nullptr: default */
    const char *const
        *files; /* every file that was read, this one first: scenarios may have their own */
    const char *const
        *notes; /* what was accepted and is not used, or not as written; one line each */
    uint32_t n_files, n_notes;
};

const char *experiment_mode_name(enum scenario_mode m);
