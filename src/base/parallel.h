/* parallel.h - a loop over chunks of work, by several threads: fork, work, join. No state outlives
 * a call.
 *
 * Which thread takes which chunk, and when, is chance. A result is the same for any number of
 * threads where a chunk writes to its own place only, draws from a stream of its own
 * (rng_derive(seed, chunk)), and what the chunks left is put together in their order afterwards.
 */
#pragma once

#include <stddef.h>

/* A chunk of the work. `worker` is below what parallel_width() said, and no two chunks have the
 * same one at the same time: scratch per thread is indexed by it. */
typedef void parallel_work(void *context, size_t chunk, size_t worker);

/* CPUs that this thread may run on; at least 1. */
[[nodiscard]] size_t parallel_cpus(void);

/* How many workers parallel_run() uses at most: min(chunks, most), most 0 standing for
 * parallel_cpus(); at least 1. */
[[nodiscard]] size_t parallel_width(size_t chunks, size_t most);

/* work(context, i, worker) for each i in [0, chunks), once. The calling thread is worker 0; where
 * the system refuses further threads, fewer do it. Signals stay with the threads that were there
 * before. Returns when all is done. A call inside a chunk should say most = 1. */
void parallel_run(size_t chunks, size_t most, parallel_work *work, void *context);
