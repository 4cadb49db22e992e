/* audit_damaged.h - checks of the results folder itself: files in it that could not be read. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_damaged_checks[];
