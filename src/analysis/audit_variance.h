/* audit_variance.h - the F of an analysis of variance that a source states, and what the n, means
 * and deviations of its rows give. */
#pragma once

#include "analysis/audit.h"

#include <stddef.h>

/* Adds findings of stated-statistics. The number of Fs that could be held against figures. */
[[nodiscard]] size_t audit_variance_look(const struct audit_whole *w, double tolerance,
                                         struct audit *out);
