/* safetensors_writer.h - writes one .safetensors file, streamed: memory does not grow with the
 * model.
 *
 * All the tensors are announced first, then their bytes follow in that order, in pieces of any
 * size. The file is written beside its name and renamed over it at the end: it is there whole or
 * not at all.
 */
#pragma once

#include "model/safetensors.h"

struct safetensors_writer;

/* Of each tensor, name, dtype, n_dims and shape are read; the rest is ignored. */
[[nodiscard]] enum err_code safetensors_writer_open(const char *path,
                                                    const struct safetensors_tensor *tensors,
                                                    size_t n, struct arena *a,
                                                    struct safetensors_writer **ret, struct err *e);
[[nodiscard]] enum err_code safetensors_writer_add(struct safetensors_writer *w, const void *bytes,
                                                   size_t n, struct err *e);
/* ERR_USAGE unless exactly the announced bytes were added. */
[[nodiscard]] enum err_code safetensors_writer_commit(struct safetensors_writer *w, struct err *e);
void safetensors_writer_freep(
    struct safetensors_writer **w); /* for CLEANUP(); uncommitted: leaves nothing */
