/* run_progress.h - what a person sees of a run, on stderr: one live line on a terminal, a line per
 * cell elsewhere, nothing with -q.
 */
#pragma once

#include "lab/run.h"

struct run_progress {
    bool quiet, verbose, live;
    bool show_model; /* there is more than one */
    nsec_t last;     /* when the live line was drawn */
    bool drawn;      /* it stands there */
    uint64_t samples;
    uint32_t cell_samples;
    nsec_t began;
};

void run_progress_init(struct run_progress *p, bool quiet, bool verbose, bool show_model);
struct run_listener run_progress_listener(struct run_progress *p);
/* Take the live line away, so that words can stand there. */
void run_progress_clear(struct run_progress *p);
/* The counts at the end. */
void run_progress_summary(struct run_progress *p, const struct run_summary *s, const char *dir);
