/* nist_run.h - one data set through num/, and in 113 bits. */
#pragma once

#include "selftest/nist.h"
#include "selftest/nist_file.h"

/* Computes everything that the file certifies. What goes wrong is ret->error. */
void nist_run(const struct nist_set *s, struct arena *a, struct nist_result *ret);

[[nodiscard]] double nist_run_digits(double got, double certified); /* nist.h */
