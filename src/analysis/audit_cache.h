/* audit_cache.h - cache-hit: work that was not done again. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_cache_checks[];
