/* audit_shape.h - models whose depth and width vary together: no law of either can be told apart.
 */
#pragma once

#include "analysis/audit.h"

#include <stddef.h>

struct audit_cell;

/* False: the depth or the width of its model is not known. */
[[nodiscard]] bool audit_shape_of(const struct audit_cell *c, double *ret_layers,
                                  double *ret_width);

/* A finding of mixture where at least least_models of known shape vary both, and the variance
 * inflation is at least inflation or no two differ in one alone. */
void audit_shape_look(const struct audit_whole *w, double inflation, size_t least_models,
                      struct audit *out);
