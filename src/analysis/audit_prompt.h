/* audit_prompt.h - a check: batches of identical prompts, prompts of one token over and over. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_prompt_checks[]; /* ends in {} */
