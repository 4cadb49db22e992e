/* audit_trace.h - readings of a sensor over time: gaps between them, and heat that is not at rest.
 */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_trace_checks[];
