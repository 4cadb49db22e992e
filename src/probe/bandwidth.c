#include "probe/bandwidth.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

constexpr size_t BYTES = 64U << 20;
constexpr size_t WORDS = BYTES / sizeof(uint64_t);
constexpr unsigned PASSES = 3;

double bandwidth_read(void)
{
    uint64_t *const words = malloc(BYTES);
    if (!words)
        return NOT_MEASURED;
    memset(words, 1, BYTES); /* a page that was never written is one shared page of zeros */
    double best = 0;
    uint64_t all = 0; /* is asked for below, so that no pass can be left out */
    for (unsigned pass = 0; pass < PASSES; pass++) {
        const nsec_t from = clock_now();
        uint64_t sums[4] = {};
        for (size_t i = 0; i < WORDS; i += 4)
            for (size_t k = 0; k < 4; k++)
                sums[k] += words[i + k];
        all += sums[0] + sums[1] + sums[2] + sums[3];
        const nsec_t took = clock_now() - from;
        const double rate = took > 0 ? (double)BYTES / ((double)took / 1e9) : 0;
        if (rate > best)
            best = rate;
    }
    free(words);
    return best > 0 && all != 0 ? best : NOT_MEASURED;
}
