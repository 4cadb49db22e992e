/* audit_depth.h - a law by depth and width at once: are both of its exponents there? */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_depth_checks[];
