/* audit_cost.h - checks: cost that was counted twice, or with another throughput or price. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_cost_checks[]; /* ends in {} */
