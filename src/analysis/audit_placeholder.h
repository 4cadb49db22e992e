/* audit_placeholder.h - placeholder: values that nobody measured: constant, copied, faster than the
 * memory that they need. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_placeholder_checks[];
