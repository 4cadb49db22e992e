/* audit_scale.h - time-unit: a latency, or a rate, that is in another unit than its name says. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_scale_checks[];
