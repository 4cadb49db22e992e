/* audit_law_gate.h - laws that a source states, held against the gate that it should hold them to:
 * with the points that they rest on or without. */
#pragma once

#include "analysis/audit.h"

#include <stddef.h>

/* A finding of fit-not-actionable for each stated law with R2 below least_r2, or whose interval
 * holds 0; rows that repeat the law before are one. The number of rows that state one. */
[[nodiscard]] size_t audit_law_gate_all(const struct audit_whole *w, double least_r2,
                                        struct audit *out);
