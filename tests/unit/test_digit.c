/* want: of printf, and of the shortest "%.<n>e" that strtod reads back the same. */
#include "base/defs.h"
#include "base/digit.h"
#include "base/rng.h"
#include "io/jsonw.h"
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void whole(struct rng *r)
{
    static const int64_t ends[] = {0, 9, 10, 99, 100, 101, -1, -100, INT64_MAX, INT64_MIN};
    size_t wrong = 0;
    for (size_t i = 0; i < 100'000 + COUNT_OF(ends); i++) {
        const int64_t x = i < COUNT_OF(ends) ? ends[i] : (int64_t)(rng_u64(r) >> i % 64);
        char got[DIGIT_MOST + 2], want[32];
        *digit_put_i64(got, x) = '\0';
        (void)snprintf(want, sizeof want, "%" PRId64, x);
        wrong += strcmp(got, want) != 0;
        *digit_put_u64(got, (uint64_t)x) = '\0';
        (void)snprintf(want, sizeof want, "%" PRIu64, (uint64_t)x);
        wrong += strcmp(got, want) != 0;
    }
    CHECK("whole numbers", wrong == 0, "%zu", wrong);
}

static size_t significant(const char *text)
{
    char digits[JSONW_NUMBER];
    size_t n = 0;
    for (; *text && *text != 'e' && *text != 'E'; text++)
        if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0'))
            digits[n++] = *text;
    while (n > 0 && digits[n - 1] == '0')
        n--;
    return n;
}

static bool is_shortest(double x, const char *text)
{
    char want[40];
    const double back = strtod(text, nullptr);
    if (back < x || back > x || strpbrk(text, ".e") == nullptr)
        return false;
    for (int k = 0; k < 17; k++) {
        (void)snprintf(want, sizeof want, "%.*e", k, x);
        const double read = strtod(want, nullptr);
        if (!(read < x || read > x))
            return significant(text) == significant(want);
    }
    return false;
}

static void real(struct rng *r)
{
    static const double some[] = {1e-3,      0.5, 64,  999999999.999999, 0.001001, 81.230094,
                                  0.1 + 0.2, 1e9, 100, 12.3456789};
    size_t wrong = 0;
    char text[JSONW_NUMBER];
    for (size_t i = 0; i < 100'000 + COUNT_OF(some); i++) {
        const double x = i < COUNT_OF(some) ? some[i]
                         : i % 2            ? (double)(rng_u64(r) >> (i % 48 + 16)) / 1e6
                                            : (double)(rng_u64(r) >> 11) / 1e12;
        const size_t n = jsonw_number(x, text);
        if (n == strlen(text) && is_shortest(x, text))
            continue;
        if (wrong++ == 0)
            printf("# %.17g: %s\n", x, text);
    }
    CHECK("decimals", wrong == 0, "%zu", wrong);
    static const char *const want[] = {"0.001", "0.5", "64.0", "999999999.999999", "0.001001"};
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        (void)jsonw_number(some[i], text);
        CHECK(want[i], strcmp(text, want[i]) == 0, "%s", text);
    }
}

int main(void)
{
    struct rng r;
    rng_init(&r, 7);
    whole(&r);
    real(&r);
    return test_done();
}
