/* audit_reversal.h - scenarios whose order turns round from model to model, on one backend: equal
 * work in different states of the machine. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_reversal_checks[];
