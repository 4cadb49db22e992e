/* results_folder.h - where things lie in a results folder (docs: contract, section 5), and the few
 * files in it that are not samples: error.txt, telemetry, copies.
 *
 *   experiment.yaml plan.json env.json manifest.json
 *   runs/<scenario>/<backend>/<precision>/<model>/{samples.jsonl,run_<n>.json,error.txt}
 *   telemetry/<backend>_<precision>_<model>_<invocation>_<segment>.jsonl
 */
#pragma once

#include "base/err.h"
#include "domain/status.h"

struct arena;

/* name as a part of a path: '/' and ':' become '_', and so does a leading '.'. */
[[nodiscard]] char *results_folder_part(struct arena *a, const char *name);

/* DIR/runs/<scenario>/<backend>/<precision>/<model>; not created. */
[[nodiscard]] char *results_folder_cell(struct arena *a, const char *dir, const char *scenario,
                                        const char *backend, const char *precision,
                                        const char *model);
[[nodiscard]] char *results_folder_run_file(struct arena *a, const char *cell, uint32_t invocation);
/* DIR/telemetry/...jsonl; not created. */
[[nodiscard]] char *results_folder_telemetry(struct arena *a, const char *dir, const char *backend,
                                             const char *precision, const char *model,
                                             uint32_t invocation, uint32_t segment);

/* Is anything in dir? A folder that is not there is empty, and so is one in which a kill left
 * nothing but the beginning of a manifest. */
[[nodiscard]] enum err_code results_folder_is_empty(const char *dir, bool *ret, struct err *e);

struct results_folder_error {
    enum status status;
    const char *reason; /* one line */
    const char *stage;  /* "plan", "prepare", "load", "run" */
    int64_t invocation; /* -1: none was begun */
    uint32_t segment;
    const char *tail; /* what the worker printed last; nullptr or "": nothing */
};

/* Write DIR/runs/.../error.txt, the folder too. Lines "key: value" (status, reason, stage,
 * invocation, segment), then, after a line "--- last output", the tail. A second failure of the
 * cell is put below the first, after a line "===". */
[[nodiscard]] enum err_code
results_folder_write_error(const char *cell, const struct results_folder_error *f, struct err *e);
