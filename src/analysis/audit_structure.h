/* audit_structure.h - pseudo-replication, mixture (of prompts): what is no replicate. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_structure_checks[];
