/* audit_label.h - label-mismatch, precision-mismatch: what ran is not what the label says. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_label_checks[];

/* Does the backend's name say that it is on a GPU? */
[[nodiscard]] bool audit_label_wants_gpu(const struct audit_cell *c);
