#include "cli/measured.h"

#include "analysis/quality_gate.h"
#include "base/arena.h"

#include <inttypes.h>
#include <stdio.h>

enum err_code measured_read(const char *const *folders, size_t n, const struct audit_choice *checks,
                            const struct cell_visitor *also, struct arena *a, struct measured *ret,
                            struct err *e)
{
    *ret = (struct measured){};
    struct results *const r = &ret->results;
    if (results_read(folders, n, a, r, e))
        return e->code;
    r->keep_outputs = quality_wants_outputs(folders[0]);
    ret->cells = ARENA_ARRAY(a, struct cell_stats, r->n_cells);
    if (checks)
        ret->looking = audit_run_begin(checks, r, a);
    const struct cell_visitor audit = {
        .visit = audit_run_visit, .context = ret->looking, .next = also};
    if (cell_compute(r, checks ? &audit : also, a, ret->cells, e) || results_finish(r, a, e) ||
        quality_read(r, folders, n, a, &ret->quality, e))
        return e->code;
    quality_gate_apply(r, &ret->quality, a);
    cell_settle(r, ret->cells);
    quality_gate_annotate(r, &ret->quality, a, ret->cells);
    if (checks)
        ret->audit = audit_run_rest_of(ret->looking, a);
    return ERR_OK;
}

void measured_done(struct measured *m)
{
    audit_run_endp(&m->looking);
    results_done(&m->results);
}

void measured_tell_problems(const struct measured *m)
{
    const struct results *const r = &m->results;
    if (r->unfinished)
        fprintf(stderr,
                "chimera: '%s': the run did not come to its end; the figures are of what is there, "
                "'chimera run EXPERIMENT -o %s --resume' goes on\n",
                r->unfinished, r->unfinished);
    if (r->n_without_records)
        fprintf(
            stderr,
            "chimera: %zu cell%s without any run_<n>.json: the samples count as they stand, and "
            "nothing proves what ran\n",
            r->n_without_records, r->n_without_records == 1 ? "" : "s");
    for (size_t i = 0; i < r->n_faults; i++)
        fprintf(stderr, "chimera: %s; %s\n", r->faults[i].why, r->faults[i].lost);
    for (size_t i = 0; i < r->n_problems; i++) {
        const struct results_problem *const p = &r->problems[i];
        char place[64] = "";
        if (p->line)
            (void)snprintf(place, sizeof place, ":%" PRIu64, p->line);
        fprintf(stderr, "chimera: %s%s: left out %" PRIu64 " line%s: %s\n", p->file, place,
                p->count, p->count == 1 ? "" : "s", p->why);
    }
}
