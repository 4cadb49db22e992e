/* measured.h - a results folder (or several replicate ones), read and made into figures: what the
 * commands that look at results begin with. */
#pragma once

#include "analysis/audit_run.h"
#include "analysis/cell.h"
#include "analysis/quality.h"

struct measured {
    struct results results;
    struct quality quality;
    struct cell_stats *cells; /* of results.cells, with quality and gates applied */
    struct audit_run *looking;
    struct audit *audit; /* nullptr: was not asked for */
};

/* *ret is to be done with after a failure too; what it points to belongs to a. checks:
 * those of the audit that look; nullptr: no audit. also: who else looks at the cells; nullptr:
 * nobody. */
[[nodiscard]] enum err_code measured_read(const char *const *folders, size_t n,
                                          const struct audit_choice *checks,
                                          const struct cell_visitor *also, struct arena *a,
                                          struct measured *ret, struct err *e);
/* A run that did not come to its end, and lines that could not be used, to stderr. */
void measured_tell_problems(const struct measured *m);
void measured_done(struct measured *m); /* for CLEANUP() too */
