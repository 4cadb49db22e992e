/* results_store.h - which files hold a cell's samples, and what reading them found. Only results*.c
 * and outputs.c use this.
 */
#pragma once

#include "store/results.h"
#include "store/sample_scan.h"

struct results_file {
    struct folder_input *input; /* gets its digest when the file is read */
    struct folder_key key;      /* of its first line; scenario nullptr: no line is a sample */
    bool read;
    uint64_t twice; /* lines that stand twice */
    struct sample_scan_tally tally;
};

struct results_store {
    struct results_file *files; /* samples.jsonl, in the order of the cells, then as found */
    size_t n_files;
    size_t *first; /* of each cell's files, and the end of the last */
    size_t n_cells;
    struct outputs_cell **outputs; /* of each cell; nullptr: nobody kept them */
};

/* The cell that each samples.jsonl among inputs[0..n) is of: that of its first line. */
[[nodiscard]] enum err_code results_store_open(struct folder_input *inputs, size_t n,
                                               struct arena *a, struct results_store *ret,
                                               struct err *e);
void results_store_done(struct results_store *s);
/* cell[i]: index of the cell of files[i]; SIZE_MAX: none. */
void results_store_assign(struct results_store *s, const size_t *cell, size_t n_cells,
                          struct arena *a);
/* Read what nobody read, and tell what was left out, and what the records count and nobody finds.
 */
[[nodiscard]] enum err_code results_store_finish(const struct results *r, struct arena *a,
                                                 struct results_problem **ret, size_t *ret_n,
                                                 struct err *e);

/* results_load() that keeps what the engines answered, too. */
[[nodiscard]] enum err_code results_store_load(const struct results *r, size_t cell,
                                               bool with_outputs, struct arena *a,
                                               struct results_samples *ret, struct err *e);
