/* audit_kept.h - the few figures of a cell's columns that the checks of groups need. */
#pragma once

#include "analysis/audit.h"

/* c->stats, samples and rows are there. Belongs to a. */
[[nodiscard]] const struct audit_kept *audit_kept_of(const struct audit_cell *c, struct arena *a);
