/* root.h - where an increasing function is zero. Pure. */
#pragma once

/* Between lo and hi, where f(ctx, lo) <= 0 <= f(ctx, hi), to the last bits of x, by the method of
 * Chandrupatla (1997): inverse quadratic interpolation where it is safe, bisection elsewhere.
 * A bracket that holds no root gives the end that is nearer to one. */
[[nodiscard]] double root_between(double (*f)(const void *ctx, double x), const void *ctx,
                                  double lo, double hi);

/* The same, with a bracket found by doubling steps from start. */
[[nodiscard]] double root_from(double (*f)(const void *ctx, double x), const void *ctx,
                               double start, double step);
