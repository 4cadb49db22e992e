/* coverage_table.h - coverage by simulation as text. */
#pragma once

#include "selftest/coverage.h"

struct arena;
struct str;

/* A row per law and shape, what the marks mean, and the verdict. */
void coverage_table(const struct coverage *c, bool colour, struct arena *a, struct str *out);
