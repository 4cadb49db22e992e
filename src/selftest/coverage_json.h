/* coverage_json.h - the figures of coverage.h as a document. */
#pragma once

#include "selftest/coverage.h"

struct jsonw;

/* An object. */
void coverage_json(const struct coverage *c, struct jsonw *w);
