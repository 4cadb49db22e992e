/* audit_thermal.h - thermal: a processor that throttled, was at its limit, or whose clock decided
 * the latency.
 */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_thermal_checks[];
