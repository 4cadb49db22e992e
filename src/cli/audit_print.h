/* audit_print.h - what an audit found, for people. */
#pragma once

#include "analysis/audit_run.h"

struct str;

struct audit_print {
    bool colour, all; /* all: also findings of severity info */
    size_t n_cells;
};

void audit_print(const struct audit *x, const struct audit_print *how, struct arena *a,
                 struct str *out);
/* "2 fail, 1 warn, 3 info" */
void audit_print_counts(const struct audit *x, struct str *out);
/* --list, as Markdown: docs/AUDIT.md holds the same text. */
void audit_print_checks(struct arena *a, struct str *out);
