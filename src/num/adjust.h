/* adjust.h - p-values adjusted for the number of tests in a family. Pure but for the scratch.
 *
 * A family is what one claim rests on: one metric in one scenario, say. NOT_MEASURED entries are no
 * members and stay NOT_MEASURED. Ties get the same value; the order of p does not matter. ret may
 * be p itself. n log n.
 */
#pragma once

#include <stddef.h>

struct arena;

/* Step-down of Holm (1979): the chance of one false claim in the family stays at the level,
 * whatever the dependence. For claims. */
void adjust_holm(const double *p, size_t n, struct arena *scratch, double *ret);

/* Step-up of Hochberg (1988): never above Holm's, but only for independent or positively dependent
 * tests. */
void adjust_hochberg(const double *p, size_t n, struct arena *scratch, double *ret);

/* Benjamini & Hochberg (1995): the expected share of false claims among the claims. For screening.
 */
void adjust_bh(const double *p, size_t n, struct arena *scratch, double *ret);
