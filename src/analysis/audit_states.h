/* audit_states.h - bimodal, clock-states: two regimes inside one cell. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_states_checks[];
