/* audit_confound.h - what differs beside what is compared: models and systems that go with the
 * backend, and columns of a source that tell apart what was pooled. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_confound_checks[];
