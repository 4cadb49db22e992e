/* clock.h - the one clock. Every stamp of every process is CLOCK_MONOTONIC in nanoseconds, which
 * all processes of a machine share; wall-clock time is read once per invocation, beside it.
 */
#pragma once

#include "base/defs.h"

nsec_t clock_now(void);                /* CLOCK_MONOTONIC */
nsec_t clock_cpu(void);                /* CPU time of this process, all threads */
nsec_t clock_resolution(void);         /* as the system states it */
nsec_t clock_read_cost(void);          /* median cost of one clock_now(), measured */
void clock_wall(char text[static 32]); /* now, ISO 8601 in UTC with ms: 2026-01-31T12:00:00.123Z */
/* ISO 8601 in UTC with 1 to 9 decimals, the rest cut off: 2026-01-31T12:00:00.123456Z. */
void clock_utc(nsec_t since_1970, unsigned decimals, char text[static 32]);
void clock_sleep(nsec_t how_long); /* goes on sleeping after a signal */
static inline double clock_ms(nsec_t ns)
{
    return (double)ns / 1e6;
}
