/* audit_structure.h - pseudo-replication, mixture (of prompts), multiplicity: what is no replicate,
 * and what is tested too often. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_structure_checks[];
