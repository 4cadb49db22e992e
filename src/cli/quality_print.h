/* quality_print.h - what `chimera quality` found, as a table and as JSON. */
#pragma once

#include "analysis/text_resample.h"
#include "cli/quality_input.h"
#include "cli/quality_semantic.h"

struct arena;
struct str;

struct quality_system { /* one --pred */
    struct quality_file file;
    struct text_scores scores;
    struct text_resample_interval *intervals;
    struct text_resample_difference *against; /* the first system; nullptr for it */
};

struct quality_result {
    struct quality_system *systems;
    size_t n_systems;
    const struct quality_file *refs;
    size_t n_refs;
    struct text_resample_plan plan;
    bool by_bootstrap; /* the paired test; else by randomisation */
    bool per_line;
    bool wants_semantic;
    struct quality_semantic semantic;
};

void quality_print_text(const struct quality_result *r, bool verbose, bool colour, struct arena *a,
                        struct str *out);
void quality_print_json(const struct quality_result *r, struct arena *a, struct str *out);
