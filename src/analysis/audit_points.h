/* audit_points.h - the points of a law by model size: one cell per model. */
#pragma once

#include "analysis/audit.h"

constexpr size_t AUDIT_POINTS_MOST = 256;

struct audit_points {
    double x[AUDIT_POINTS_MOST], y[AUDIT_POINTS_MOST];
    const char *model[AUDIT_POINTS_MOST];
    const struct audit_cell *cell[AUDIT_POINTS_MOST];
    size_t n;
    bool rate; /* y is tokens per second; else ms */
};

/* Parameters of the cell's model; NOT_MEASURED: nobody says. */
[[nodiscard]] double audit_points_size(const struct audit_cell *c);
/* How many models of known size there are. */
[[nodiscard]] size_t audit_points_models(const struct audit_whole *w);
/* The figures of configuration a in the scenario (a source's rate, else the latency); divided by
 * those of b where there is one. */
void audit_points_collect(const struct audit_whole *w, const char *scenario,
                          const struct folder_key *a, const struct folder_key *b,
                          struct audit_points *ret);
