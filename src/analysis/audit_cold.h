/* audit_cold.h - cold-start: first samples that are slow beside the rest. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_cold_checks[];
