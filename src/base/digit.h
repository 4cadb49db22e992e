/* digit.h - whole numbers as decimal digits, without printf. */
#pragma once

#include <stdint.h>

constexpr unsigned DIGIT_MOST = 20; /* of a uint64_t; a sign is one more */

/* Each gives where the digits end; no NUL follows. */
[[nodiscard]] char *digit_put_u64(char *to, uint64_t x);
[[nodiscard]] char *digit_put_i64(char *to, int64_t x);
[[nodiscard]] char *digit_put_six(char *to, uint32_t x); /* of x < 10^6, zeros before it */
