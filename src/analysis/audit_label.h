/* audit_label.h - label-mismatch, precision-mismatch: what ran is not what the label says. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_label_checks[];
