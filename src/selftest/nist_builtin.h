/* nist_builtin.h - the data sets that are part of the program (data/nist; README.md there). */
#pragma once

#include <stddef.h>

[[nodiscard]] size_t nist_builtin_count(void);
[[nodiscard]] const char *nist_builtin_name(size_t i);
[[nodiscard]] const char *nist_builtin_text(size_t i);
