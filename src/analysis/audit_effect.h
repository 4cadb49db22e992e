/* audit_effect.h - label-effect: labels that change nothing, where nothing proves what ran. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_effect_checks[];
