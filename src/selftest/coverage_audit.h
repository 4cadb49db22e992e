/* coverage_audit.h - what the audit says of a simulated cell. */
#pragma once

struct cell_stats;
struct arena;

/* The claims (enum audit_claim, or-ed) that a warning or a failure of a check of samples blocks:
 * small-sample, autocorrelation, bimodal, clock-states, outlier-driven. All of one prompt, in the
 * order in which they stand. */
[[nodiscard]] unsigned coverage_audit(const struct cell_stats *t, struct arena *scratch);
