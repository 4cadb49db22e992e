/* audit_interval.h - impossible-interval: intervals and figures that no data could have. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_interval_checks[];
