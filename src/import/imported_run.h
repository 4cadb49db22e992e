/* imported_run.h - run_<n>.json of an invocation that another tool ran. */
#pragma once

#include "domain/status.h"

#include <stdint.h>

struct folder_key;
struct str;
struct target_source;

struct imported_run {
    uint32_t number;
    uint64_t counts[PHASE_COUNT][STATUS_COUNT];
    const char *timed_region; /* in the source's words; nullptr: not said */
    const char *reason;       /* of its first sample that is not ok; nullptr: all are */
};

void imported_run_json(const struct folder_key *key, const struct imported_run *i,
                       const struct target_source *source, struct str *out);
