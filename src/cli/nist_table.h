/* nist_table.h - the digits reached, for a person. */
#pragma once

#include "selftest/nist.h"

struct arena;
struct str;

void nist_table(const struct nist *all, bool colour, struct arena *a, struct str *out);
