/* nist.h - the digits that chimera's statistics reach on NIST's reference data sets.
 *
 * Digits are the log relative error of McCullough (1998): -log10 |got - certified| / |certified|,
 * at most 16, which stands for equal. Beside what num/ reached stands the ceiling: the digits of
 * the same quantity computed in 113 bits on the data rounded to doubles, which is the most that a
 * program whose data are doubles can reach. A quantity passes within one digit of its ceiling.
 * (Nonlinear fits take their data in 113 bits, and may pass the ceiling: Lanczos1.)
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct arena;

constexpr size_t NIST_QUANTITIES = 12;

struct nist_quantity {
    const char *what;  /* "mean", "coefficients" */
    const char *worst; /* the name of the one with the fewest digits, of several; or nullptr */
    double reached, ceiling;
    bool genuine; /* 113 bits on the file's decimals give the certified value */
    bool pass;
};

struct nist_result {
    const char *set, *family;
    size_t rows;
    double genuine_digits; /* that 113 bits on the decimals must reach */
    const char *error;     /* why it could not be read or computed; nullptr */
    struct nist_quantity quantities[NIST_QUANTITIES];
    size_t n;
};

struct nist {
    struct nist_result *results; /* in the order of their names within a family */
    size_t n, passed, failed;    /* results; quantities. A set with an error counts as failed */
};

/* The sets that are part of chimera. */
[[nodiscard]] struct nist nist_builtin(struct arena *a);

/* Every .dat file in folder and below. ERR_IO, or ERR_USAGE where there is none. */
[[nodiscard]] enum err_code nist_folder(const char *folder, struct arena *a, struct nist *ret,
                                        struct err *e);
