/* plan_pilot.h - chimera plan --pilot: what a pilot's results say a measurement will take. */
#pragma once

#include "base/err.h"

struct cli;

struct plan_pilot_options {
    const char *dir;
    double target;      /* percent */
    const char *budget; /* "10m"; nullptr: none */
};

[[nodiscard]] enum err_code plan_pilot(struct cli *cli, const struct plan_pilot_options *o,
                                       struct err *e);
