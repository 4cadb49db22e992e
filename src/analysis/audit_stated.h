/* audit_stated.h - statistics that a source states beside the figures that they should come from.
 */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_stated_checks[];
