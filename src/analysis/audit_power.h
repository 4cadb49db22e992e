/* audit_power.h - power-undersampled, power-unit, power-source: power that cannot carry an
 * energy. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_power_checks[];
