/* audit_family.h - multiplicity: comparisons that are significant alone and not as a family. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_family_checks[];
