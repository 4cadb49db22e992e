/* audit_law.h - fit-not-actionable, leverage, mixture (of laws and of models): what a law of a
 * model's size rests on. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_law_checks[];
