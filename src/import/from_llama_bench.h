/* from_llama_bench.h - what llama-bench writes with -o json, jsonl or csv.
 *
 * A test (pp512, tg128, pp512+tg128, with @d4096 where the cache held as much before) is a
 * scenario; its samples_ns are samples. Files of older versions, and -o csv, have only their
 * average: a row of a cell. What else differs between the entries (threads, batches, types of the
 * cache) is put behind the backend's name, so that no two settings are one cell.
 */
#pragma once

#include "base/err.h"

struct session;

[[nodiscard]] enum err_code from_llama_bench_read(struct session *s, struct err *e);
