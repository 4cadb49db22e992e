/* audit_run.h - the checks, called on what they look at. */
#pragma once

#include "analysis/audit.h"

struct arena;

struct audit_choice { /* of checks, by name */
    const char *const *names;
    size_t n; /* 0: all of them */
};

/* All checks in the order of docs/AUDIT.md; nullptr: past the last. A name may stand in several
 * places, with other scopes. */
[[nodiscard]] const struct audit_check *audit_run_at(size_t i);
/* ERR_USAGE names the nearest right one. */
[[nodiscard]] enum err_code audit_run_choice(const char *const *names, size_t n,
                                             struct audit_choice *ret, struct err *e);

/* c->samples and c->rows are there; c->kept too (audit_kept.h). Thread-safe for different out. */
void audit_run_cell(const struct audit_choice *choice, const struct audit_cell *c,
                    struct audit *out);
/* Groups, then the whole; the columns of the cells are gone. */
void audit_run_rest(const struct audit_choice *choice, const struct audit_whole *w,
                    struct audit *out);

/* All of it on results that were read and computed: stats[i] is of r->cells[i]. Belongs to a. */
[[nodiscard]] enum err_code audit_run_results(const struct audit_choice *choice,
                                              const struct results *r,
                                              const struct cell_stats *stats, struct arena *a,
                                              struct audit **ret, struct err *e);
