/* from_aiperf.h - what AIPerf exports: profile_export.jsonl, whose records are samples, or one of
 * profile_export_aiperf.json and .csv, which are a row of a cell. Its own words for the phases are
 * taken: warmup, profiling.
 */
#pragma once

#include "base/err.h"

struct session;

[[nodiscard]] enum err_code from_aiperf_read(struct session *s, struct err *e);
