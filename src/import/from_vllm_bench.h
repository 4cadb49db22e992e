/* from_vllm_bench.h - what `vllm bench serve --save-result` writes; with --save-detailed its
 * requests are samples, else a run is a row of a cell. Several runs may stand in one file, a line
 * each
 * (--append-result). The scenario is the traffic: rate-inf, rate-4-concurrency-16.
 */
#pragma once

#include "base/err.h"

struct session;

[[nodiscard]] enum err_code from_vllm_bench_read(struct session *s, struct err *e);
