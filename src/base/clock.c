#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

constexpr nsec_t NSEC_PER_SEC = 1'000'000'000;

static nsec_t read_clock(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t); /* cannot fail for a clock that the kernel has */
    return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

nsec_t clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

nsec_t clock_cpu(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

nsec_t clock_resolution(void)
{
    struct timespec t;
    (void)clock_getres(CLOCK_MONOTONIC, &t);
    return (nsec_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const nsec_t x = *(const nsec_t *)a, y = *(const nsec_t *)b;
    return (x > y) - (x < y);
}

/* Batches of reads, because one read costs less than the clock's own grain; the median of the
 * batches, because the system may take the processor away in one of them.
 */
nsec_t clock_read_cost(void)
{
    constexpr int reads = 1000;
    nsec_t cost[15];
    for (size_t i = 0; i < COUNT_OF(cost); i++) {
        const nsec_t start = clock_now();
        for (int k = 0; k < reads; k++)
            (void)clock_now();
        cost[i] = (clock_now() - start) / (reads + 1);
    }
    qsort(cost, COUNT_OF(cost), sizeof cost[0], ascending);
    return cost[COUNT_OF(cost) / 2];
}

void clock_utc(nsec_t since_1970, unsigned decimals, char text[static 32])
{
    nsec_t rest = since_1970 % NSEC_PER_SEC;
    const bool before = rest < 0;
    const time_t seconds = (time_t)(since_1970 / NSEC_PER_SEC - before);
    rest += before ? NSEC_PER_SEC : 0;
    struct tm utc;
    (void)gmtime_r(&seconds, &utc);
    const size_t n = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    for (unsigned d = decimals; d < 9; d++)
        rest /= 10;
    (void)snprintf(text + n, 32 - n, ".%0*uZ", (int)decimals, (unsigned)rest);
}

void clock_wall(char text[static 32])
{
    clock_utc(read_clock(CLOCK_REALTIME), 3, text);
}

void clock_sleep(nsec_t how_long)
{
    struct timespec t = {.tv_sec = (time_t)(how_long / NSEC_PER_SEC),
                         .tv_nsec = (long)(how_long % NSEC_PER_SEC)};
    while (how_long > 0 && clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
        ;
}
