/* status.h - the words of the contract for what became of a sample or a cell, and for its phase. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum status : uint8_t {
    STATUS_OK,
    STATUS_FAIL_ACCURACY, /* ran, but its output is not good enough */
    STATUS_DEGRADED,      /* ran, but what ran is not what its label says */
    STATUS_ERROR,
    STATUS_TIMEOUT,
    STATUS_CRASHED,
    STATUS_OOM,
    STATUS_UNAVAILABLE,  /* not on this machine */
    STATUS_INCOMPATIBLE, /* this engine cannot take this model or precision */
    STATUS_SKIPPED,      /* was not asked for, or not reached */
    STATUS_COUNT,
};

enum phase : uint8_t {
    PHASE_COLD, /* the first request of an invocation and scenario */
    PHASE_WARMUP,
    PHASE_MEASURED,
    PHASE_COUNT,
};

const char *status_name(enum status s);
const char *status_phase_name(enum phase p);
[[nodiscard]] bool status_parse(const char *word, enum status *ret);
[[nodiscard]] bool status_phase_parse(const char *word, enum phase *ret);
