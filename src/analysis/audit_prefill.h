/* audit_prefill.h - cache-hit of sources that have prefill and decode as scenarios of their own. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_prefill_checks[];
