/* from_guidellm.h - the JSON report of GuideLLM (its versions 0.2 to 0.8).
 *
 * A benchmark of the report is a scenario, named by its strategy (synchronous, concurrent-8,
 * constant-5); its requests are samples, the errored and the incomplete ones too. A report without
 * requests gives a row per benchmark.
 */
#pragma once

#include "base/err.h"

struct session;

[[nodiscard]] enum err_code from_guidellm_read(struct session *s, struct err *e);
