/* audit_energy.h - idle power and net energy: idle-mixture, negative-energy. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_energy_checks[];
