/* nist_json.h - the digits reached, as a part of 'chimera selftest --json'. */
#pragma once

#include "selftest/nist.h"

struct jsonw;

/* An object. */
void nist_json(const struct nist *all, struct jsonw *w);
