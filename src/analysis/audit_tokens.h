/* audit_tokens.h - token-count: token counts and times of parts that cannot be what they are
 * called. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_tokens_checks[];
