/* audit_few.h - small-sample, autocorrelation: too few effective samples for the figure that is
 * claimed. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_few_checks[];
