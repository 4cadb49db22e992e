/* audit_outlier.h - outlier-driven: a mean, or a ranking by means, that a few samples decide. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_outlier_checks[];
