/* audit_reading.h - the readings of the power that a cell has, for the checks of power and energy.
 */
#pragma once

#include "analysis/audit.h"

struct arena;

/* Scenario or backend "idle". */
[[nodiscard]] bool audit_reading_idle(const struct audit_cell *c);
/* In watts, in the order of time: of the samples that count; of a cell without any, all of its
 * trace. Room for one even where *ret_n is 0. */
[[nodiscard]] double *audit_reading_powers(const struct audit_cell *c, struct arena *a,
                                           size_t *ret_n);
/* A finding of such a check: it blocks energy and cost. */
void audit_reading_report(const struct audit_cell *c, const char *check,
                          enum audit_severity severity, const struct audit_fact *facts, size_t n,
                          const char *message, const char *advice, struct audit *out);
