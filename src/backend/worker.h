/* worker.h - the loop of `chimera worker`: docs/WORKER.md from the engine's side.
 *
 * Reads requests from one descriptor, answers on another, until the end of input. Returns the exit
 * status: 0 at the end of input or `quit`, 1 after a failed load, 2 where it cannot answer at all.
 */
#pragma once

int worker_run(int in, int out);
