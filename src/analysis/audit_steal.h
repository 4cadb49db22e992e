/* audit_steal.h - steal: time that other guests and other processes took from what was measured. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_steal_checks[];
