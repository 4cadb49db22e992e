#include "analysis/audit_reading.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "store/results.h"

#include <math.h>
#include <strings.h>

bool audit_reading_idle(const struct audit_cell *c)
{
    return strcasecmp(c->key->scenario, "idle") == 0 || strcasecmp(c->key->backend, "idle") == 0;
}

double *audit_reading_powers(const struct audit_cell *c, struct arena *a, size_t *ret_n)
{
    const bool trace = c->stats->n == 0;
    const size_t rows = trace ? c->samples->n : c->stats->n;
    double *const x = ARENA_ARRAY(a, double, rows + 1);
    *ret_n = 0;
    for (size_t i = 0; i < rows; i++) {
        const double w = c->samples->power_w[trace ? i : c->rows[i]];
        if (!isnan(w) && (!trace || c->samples->phase[i] == PHASE_MEASURED))
            x[(*ret_n)++] = w;
    }
    return x;
}

void audit_reading_report(const struct audit_cell *c, const char *check,
                          enum audit_severity severity, const struct audit_fact *facts, size_t n,
                          const char *message, const char *advice, struct audit *out)
{
    audit_add(out, &(struct audit_finding){.check = check,
                                           .severity = severity,
                                           .subject = audit_subject_of(c),
                                           .facts = facts,
                                           .n_facts = n,
                                           .message = message,
                                           .advice = advice,
                                           .blocks = AUDIT_ENERGY | AUDIT_COST});
}
