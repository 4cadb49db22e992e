/* run_folder.h - a results folder while chimera runs in it: opened, held against a second chimera,
 * found to be of the same experiment, closed with a manifest.
 */
#pragma once

#include "base/defs.h"
#include "base/err.h"

struct arena;
struct experiment;

struct run_folder {
    struct arena *arena;
    const char *dir;
    int lock_fd; /* -1: not open */
    bool resumed;
    const char *experiment_sha256, *plan_sha256, *environment_sha256; /* nullptr: unknown */
    const char *experiment_json;
    const char *started_at; /* of the first run in it */
};

struct run_folder_texts {    /* what is kept beside the samples */
    const char *plan_json;   /* plan.json */
    const char *environment; /* env.json; nullptr: not captured */
};

/* Make the folder or take it up again, and write experiment.yaml, plan.json, env.json and a
 * manifest that says "running". resume false: ERR_USAGE unless it is empty. resume true: ERR_USAGE
 * where it holds another experiment, naming the first key that differs; an empty folder is begun.
 * All text belongs to a. */
[[nodiscard]] enum err_code run_folder_open(struct run_folder *f, const char *dir, bool resume,
                                            const struct experiment *x,
                                            const struct run_folder_texts *texts, struct arena *a,
                                            struct err *e);

/* The manifest, with the hash of every file that was recorded. state: "complete", "interrupted",
 * "failed". */
[[nodiscard]] enum err_code run_folder_finish(const struct run_folder *f, const char *state,
                                              nsec_t own_cpu, nsec_t wall, struct err *e);
void run_folder_done(struct run_folder *f); /* for CLEANUP() too */
