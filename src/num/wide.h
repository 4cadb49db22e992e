/* wide.h - arithmetic of 113 bits, for what doubles cannot hold; some fifty times slower.
 *
 * wide_t is long double where that is IEEE binary128 already (AArch64, RISC-V, s390x), and
 * _Float128 with the C library's own functions (glibc 2.26 and newer) where long double is the
 * 80-bit type of x87. Constants are written as quotients of whole numbers: a suffix for literals is
 * not common to gcc and clang. Pure: every function is the C library's, thread-safe, with errors of
 * a few units in the 34th digit.
 */
#pragma once

#include <float.h>
#include <math.h>
#include <stdlib.h>

#if LDBL_MANT_DIG >= 113
typedef long double wide_t;
#define WIDE_CALL(name) name##l
#define WIDE_LGAMMA_R   lgammal_r
#define WIDE_STRTO      strtold
#elif defined __HAVE_FLOAT128 && __HAVE_FLOAT128
typedef _Float128 wide_t;
#define WIDE_CALL(name) name##f128
#define WIDE_LGAMMA_R   lgammaf128_r
#define WIDE_STRTO      strtof128
#else
#error "chimera needs 128-bit floating point: quad long double, or glibc's _Float128"
#endif

constexpr int WIDE_DIGITS = 33; /* decimal digits that wide_t holds */

static inline wide_t wide_exp(wide_t x)
{
    return WIDE_CALL(exp)(x);
}
static inline wide_t wide_log(wide_t x)
{
    return WIDE_CALL(log)(x);
}
static inline wide_t wide_sqrt(wide_t x)
{
    return WIDE_CALL(sqrt)(x);
}
static inline wide_t wide_pow(wide_t x, wide_t y)
{
    return WIDE_CALL(pow)(x, y);
}
static inline wide_t wide_sin(wide_t x)
{
    return WIDE_CALL(sin)(x);
}
static inline wide_t wide_cos(wide_t x)
{
    return WIDE_CALL(cos)(x);
}
static inline wide_t wide_tan(wide_t x)
{
    return WIDE_CALL(tan)(x);
}
static inline wide_t wide_atan(wide_t x)
{
    return WIDE_CALL(atan)(x);
}
static inline wide_t wide_abs(wide_t x)
{
    return WIDE_CALL(fabs)(x);
}
static inline wide_t wide_hypot(wide_t x, wide_t y)
{
    return WIDE_CALL(hypot)(x, y);
}
static inline wide_t wide_lgamma(wide_t x) /* x > 0 */
{
    int sign;
    return WIDE_LGAMMA_R(x, &sign);
}
static inline wide_t wide_of_text(const char *text, char **ret_end) /* as strtod() does */
{
    return WIDE_STRTO(text, ret_end);
}
static inline wide_t wide_pi(void)
{
    return 4 * wide_atan(1);
}
static inline bool wide_is_finite(wide_t x)
{
    return x * 0 == 0;
}
