/* audit_work.h - unequal-work, early-stop: what is compared did not do the same. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_work_checks[];
