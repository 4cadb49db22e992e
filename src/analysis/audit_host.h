/* audit_host.h - thermal, steal, client-bound: what was around the measurement. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_host_checks[];
