/* run_semantic.h - the embeddings of a run: after everything that is timed, the cosine of each
 * output's embedding and the baseline's of the same prompt, into quality/semantic.jsonl.
 *
 * Of each cell and prompt the text that an analysis takes (store/outputs.h). Resuming compares what
 * is not there yet. A failure is the log's last line, and no error of the run.
 */
#pragma once

#include "lab/run_cell.h"

struct experiment;

/* Nothing where x asks for none, has no baseline, or does not decode greedily. threads: of the
 * embedding model's engine. */
[[nodiscard]] enum err_code run_semantic(struct run_state *s, const struct experiment *x,
                                         uint32_t threads, struct err *e);
