/* audit_artefact.h - stale-artifact: what an engine loaded is not the same file everywhere. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_artefact_checks[];
