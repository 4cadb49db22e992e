/* audit_time.h - not-steady, drift: levels and trends within a run. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_time_checks[];
