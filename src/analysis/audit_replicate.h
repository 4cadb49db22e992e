/* audit_replicate.h - replicate-disagreement, missing-cells: runs that rank differently, and races
 * that not all ran. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_replicate_checks[];
