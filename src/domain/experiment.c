#include "domain/experiment.h"

static const char *const modes[MODE_COUNT] = {
    [MODE_SINGLE] = "single", [MODE_BATCH] = "batch", [MODE_DUAL] = "dual",
    [MODE_STRESS] = "stress", [MODE_LOAD] = "load",
};

const char *experiment_mode_name(enum scenario_mode m)
{
    return modes[m];
}
