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

/* ---- on results that are read ----
 *
 *   CLEANUP(audit_run_endp) struct audit_run *run = audit_run_begin(&choice, &r, a);
 *   cell_compute(&r, &(struct cell_visitor){audit_run_visit, run}, a, stats, e);
 *   const struct audit *found = audit_run_rest_of(run, a);
 */
struct audit_run;
struct cell_view;

/* choice and r outlive it. */
[[nodiscard]] struct audit_run *audit_run_begin(const struct audit_choice *choice,
                                                const struct results *r, struct arena *a);
/* For struct cell_visitor; context is the struct audit_run. */
void audit_run_visit(void *context, const struct cell_view *v);
/* After the visits: groups, the whole; all of it, sorted. Belongs to a. */
[[nodiscard]] struct audit *audit_run_rest_of(struct audit_run *run, struct arena *a);
void audit_run_endp(struct audit_run **run); /* for CLEANUP() */
