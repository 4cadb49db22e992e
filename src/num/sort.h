/* sort.h - numbers in ascending order, in time that is linear for many of them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* In place; -0 before 0, NaN at the ends (by its sign). Takes a copy's memory for many, and does
 * without where there is none. */
void sort_ascending(double *x, size_t n);

/* The k-th smallest, k from 0 and below n; x is put in an order in which none before it is more and
 * none behind it less. */
[[nodiscard]] double sort_kth(double *x, size_t n, size_t k);

/* The places of key[0..n) in ascending order of their keys, equal ones as they stand. */
void sort_places(const int64_t *key, size_t n, size_t *ret);

/* The places of x[0..n) in ascending order of its values, equal ones as they stand; NaN as in
 * sort_ascending(), -0 equal to 0. */
void sort_order(const double *x, size_t n, size_t *ret);
