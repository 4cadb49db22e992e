/* evidence.h - what one invocation proved of itself (docs/WORKER.md: the reply to `load`), as
 * run_<n>.json keeps it: engine, artefact, shares of data types, compilation.
 *
 * Nothing here judges. nullptr and NOT_MEASURED: not recorded.
 */
#pragma once

#include "base/err.h"
#include "store/evidence_machine.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct json;

struct evidence_share { /* of one word: a data type's share of the weights, a provider's nodes */
    const char *name;
    double value;
};

struct evidence_shares {
    const struct evidence_share *items;
    size_t n; /* 0: not recorded */
};

enum evidence_answer : uint8_t { EVIDENCE_UNKNOWN, EVIDENCE_NO, EVIDENCE_YES };

struct evidence_compile {
    enum evidence_answer requested, happened;
    double graphs, breaks, recompiles;
    const char *fallback, *reason;
};

struct evidence_origin {        /* what an artefact was made from; nullptr: not recorded */
    const char *source;         /* path */
    const char *sha256, *now;   /* digests of the source: when it was made, and at the load */
    const char *differs;        /* files of the source that are not as they were: "a, b" */
    const char *source_at, *at; /* when source and artefact were last modified: ISO 8601 in UTC, to
                                   the microsecond, so that text compares as time does */
};

struct evidence {
    int32_t replicate, invocation;
    const char *engine, *engine_version, *device;
    double threads;
    const char *artefact_path, *artefact_sha256;
    double artefact_bytes;
    struct evidence_origin origin;
    const char *built_with; /* version of the engine that the artefact says it was built with */
    double n_params, n_layers, d_model; /* of the model, counted in its file */
    struct evidence_shares weights;     /* of the weights' elements, else of their bytes */
    struct evidence_shares matmul;      /* of the multiply-adds by weights */
    struct evidence_shares providers;   /* nodes of the graph */
    struct evidence_compile compile;
    enum evidence_answer label_ok;
    const char *label_reason;
    const char *started_at;
    double block, order_in_block, order_in_invocation; /* its place in the plan, from 0 */
    double batch_size, max_tokens, temperature;
    double prompts_distinct, prompts_constant; /* of one request, by token ids: fewest, most */
    const char *environment_sha256;
    const char *timed_region;  /* what the latency holds, in words */
    const char *imported_from; /* nullptr: this laboratory made it */
    double power_interval_s;   /* between two readings of power */
    double sample_interval_s;  /* between two readings of CPU and memory */
    /* What the harness took per sample, before the next one: from the answer to its line; from
     * sending to `submitted` and from the last stamp to the answer. */
    double record_us, transit_us;
    struct evidence_machine machine;
};

struct evidence_fact {
    const char *key, *value; /* "host.kernel", ... */
};

struct evidence_host { /* the machine and its software, from env.json; n 0: none was captured */
    const struct evidence_fact *facts;
    size_t n;
    /* When it was captured, before the run; NOT_MEASURED unknown. */
    double steal_percent, temperature_celsius;
    const char *damaged; /* why env.json cannot be read: one line; nullptr: it can, or is none */
};

/* As facts, what does not change from minute to minute: loads, free memory and clocks are left out.
 */
[[nodiscard]] struct evidence_host evidence_host_of(const struct json *environment,
                                                    struct arena *a);
/* Of env.json in each of paths[0..n); one that is not there, or is damaged, gives no fact. */
[[nodiscard]] const struct evidence_host *evidence_hosts_read(const char *const *paths, size_t n,
                                                              struct arena *a);
/* nullptr: not known. */
[[nodiscard]] const char *evidence_host_fact(const struct evidence_host *h, const char *key);

/* Of a parsed run_<n>.json; texts are borrowed from it. */
[[nodiscard]] struct evidence *evidence_of(const struct json *record, uint32_t replicate,
                                           struct arena *a);
/* The share of name; NOT_MEASURED where nothing was recorded, 0 where others were. */
[[nodiscard]] double evidence_share(const struct evidence_shares *s, const char *name);
