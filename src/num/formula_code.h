/* formula_code.h - what formula.c makes of a text and formula_eval.c computes: a list of steps on a
 * stack of numbers, each with its derivatives. */
#pragma once

#include "num/formula.h"

enum formula_op : uint8_t {
    FORMULA_NUMBER,
    FORMULA_B,
    FORMULA_X,
    FORMULA_Y,
    FORMULA_ADD,
    FORMULA_SUBTRACT,
    FORMULA_MULTIPLY,
    FORMULA_DIVIDE,
    FORMULA_POWER,
    FORMULA_NEGATE,
    FORMULA_EXP,
    FORMULA_LOG,
    FORMULA_SQRT,
    FORMULA_SIN,
    FORMULA_COS,
    FORMULA_TAN,
    FORMULA_ATAN,
    FORMULA_ABS,
};

struct formula_step {
    enum formula_op op;
    unsigned index; /* of b or x, from 0 */
    wide_t number;
};

constexpr size_t FORMULA_STEPS = 512;
constexpr size_t FORMULA_DEPTH = 24;

struct formula_side {
    struct formula_step steps[FORMULA_STEPS];
    size_t n;
};

struct formula {
    struct formula_side left, right;
    size_t parameters, predictors;
};
