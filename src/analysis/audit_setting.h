/* audit_setting.h - environment-mismatch, timing-boundary: what is compared was not measured in the
 * same way, or not on the same machine. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_setting_checks[];
