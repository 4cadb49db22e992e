/* target.h - the results folder that an import makes: written beside its place in one pass and in
 * bounded memory, and renamed into it when everything is there.
 *
 * Samples go to runs/<scenario>/<backend>/<precision>/<model>/samples.jsonl, in the order of the
 * source, with the keys that are known; each invocation gets a run_<n>.json that says where it
 * comes from; cells without samples, and what is known of models, go to cells.jsonl.
 */
#pragma once

#include "base/err.h"
#include "import/record.h"
#include "io/digest.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct str;
struct target;

constexpr size_t TARGET_MOST_CELLS = 100'000;
constexpr size_t TARGET_MOST_INVOCATIONS = 200'000; /* of all cells: each is a file */

/* dir nullptr: everything is checked and counted, and nothing is written. ERR_USAGE where dir holds
 * something, unless force and an import made it. Everything is written to a folder beside dir until
 * target_commit(). */
[[nodiscard]] enum err_code target_open(const char *dir, bool force, struct arena *a,
                                        struct target **ret, struct err *e);
void target_discardp(struct target **p); /* for CLEANUP(): what was not committed is removed */

enum target_result : uint8_t {
    TARGET_TAKEN,
    TARGET_BAD,    /* the row contradicts others: `why` says how; it is not in the folder */
    TARGET_FAILED, /* e says why */
};
[[nodiscard]] enum target_result target_sample(struct target *t, const struct record *r,
                                               struct str *why, struct err *e);
[[nodiscard]] enum target_result target_row(struct target *t, const struct record *r,
                                            struct str *why, struct err *e);

struct target_counts {
    uint64_t samples, rows;
    uint64_t not_ok;          /* samples of another status than ok */
    uint64_t without_latency; /* samples that are error because they have no latency */
    uint64_t repeated,
        first_repeated; /* samples with the key of an earlier one; place of the first */
    uint64_t looked_at; /* samples that were looked at for that */
    size_t cells, invocations;
    uint64_t defaulted;    /* bit f: some row lacked field f and has its default */
    size_t names_numbered; /* bit f: words of field f were numbered */
};
[[nodiscard]] struct target_counts target_counts(const struct target *t);

struct target_source {                /* for run_<n>.json */
    const char *file, *format, *tool; /* tool: of the format, with its version; nullptr */
    char sha256[DIGEST_HEX];
};
/* Everything but the manifest, then manifest (whose "files" and end are added here), then env.json
 * where there is one, and the rename. manifest is an object's text without its closing brace.
 * Nothing waits for the disk: an import can be made again. */
[[nodiscard]] enum err_code target_commit(struct target *t, const struct target_source *source,
                                          const struct str *manifest, const char *environment,
                                          struct err *e);
