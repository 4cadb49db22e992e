/* audit_crossover.h - mixture: the size at which two backends are alike differs by scenario. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_crossover_checks[];
