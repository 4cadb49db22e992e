/* audit_first.h - cold-start over the cells of a configuration: first samples that are a little
 * slow everywhere, which no cell of few samples shows alone.
 */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_first_checks[];
