#include "domain/status.h"

#include "base/defs.h"

#include <string.h>

static const char *const names[STATUS_COUNT] = {
    [STATUS_OK] = "ok",
    [STATUS_FAIL_ACCURACY] = "fail_accuracy",
    [STATUS_DEGRADED] = "degraded",
    [STATUS_ERROR] = "error",
    [STATUS_TIMEOUT] = "timeout",
    [STATUS_CRASHED] = "crashed",
    [STATUS_OOM] = "oom",
    [STATUS_UNAVAILABLE] = "unavailable",
    [STATUS_INCOMPATIBLE] = "incompatible",
    [STATUS_SKIPPED] = "skipped",
};

static const char *const phases[PHASE_COUNT] = {
    [PHASE_COLD] = "cold",
    [PHASE_WARMUP] = "warmup",
    [PHASE_MEASURED] = "measured",
};

const char *status_name(enum status s)
{
    return names[s];
}

const char *status_phase_name(enum phase p)
{
    return phases[p];
}

bool status_parse(const char *word, enum status *ret)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(word, names[i]) == 0) {
            *ret = (enum status)i;
            return true;
        }
    return false;
}

bool status_phase_parse(const char *word, enum phase *ret)
{
    for (size_t i = 0; i < COUNT_OF(phases); i++)
        if (strcmp(word, phases[i]) == 0) {
            *ret = (enum phase)i;
            return true;
        }
    return false;
}
