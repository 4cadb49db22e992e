/* audit_rate.h - padding-counted, ratio-mean, double-counting: rates and tokens that were added up
 * in a way that changes the answer. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_rate_checks[];
