/* audit_json.h - audit.json, and the list of checks. */
#pragma once

#include "analysis/audit_run.h"

struct jsonw;
struct results;
struct str;

/* Append the whole document; x is sorted. Same results, same bytes. */
void audit_json(const struct results *r, const struct audit_choice *choice, const struct audit *x,
                struct str *out);

/* Every check with its rule, evidence, limits and claims: what docs/AUDIT.md is checked against. */
void audit_json_list(struct str *out);

/* {"fail": n, "warn": n, "info": n} */
void audit_json_counts(struct jsonw *w, const struct audit *x);
