/* outputs.h - what the engines answered: per cell and prompt, the text and token ids of its first
 * measured ok sample.
 */
#pragma once

#include "store/results.h"

struct sample_line;

struct output {
    int32_t cell, prompt; /* index into r->cells; of the scenario's prompts */
    int64_t n_samples;    /* measured ok samples of this prompt */
    int64_t n_different;  /* different texts among them */
    double mean_tokens;   /* generated per sample; NOT_MEASURED: ids were not recorded */
    const char *text;     /* UTF-8 */
    const int32_t *ids;   /* nullptr: not recorded */
    size_t n_ids;
};

/* In the order of cells, then prompts. Cells that were loaded while r->keep_outputs was set are not
 * read again. The list belongs to a, text and ids to r. */
[[nodiscard]] enum err_code outputs_read(const struct results *r, struct arena *a,
                                         struct output **ret, size_t *ret_n, struct err *e);

/* ---- of one cell, line by line, as it is read ---- */

struct outputs_cell;
[[nodiscard]] struct outputs_cell *outputs_cell_new(void);
void outputs_cell_add(struct outputs_cell *c, const struct sample_line *l, int32_t replicate);
void outputs_cell_freep(struct outputs_cell **c);

/* The cell that the outputs of `cell` are compared with: of backend (onnxruntime is
 * onnxruntime-cpu) at fp32, with the same scenario and model. r->n_cells: there is none. */
[[nodiscard]] size_t outputs_baseline(const struct results *r, size_t cell, const char *backend);
