/* audit_size.h - model-size: a model's size that its name, its shape or another row contradicts. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_size_checks[];
