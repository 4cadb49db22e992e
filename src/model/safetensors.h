/* safetensors.h - weights of a checkpoint: one .safetensors file, or shards behind an index.
 *
 * The header is validated whole before anything is believed: every tensor lies inside the file,
 * none overlaps another, there are no gaps, and shape x element size is exactly its bytes. Data is
 * read with pread into the caller's memory and never mapped, so that a file cut short meanwhile is
 * an error and not a SIGBUS. Reading is thread-safe; memory is the header's, whatever the model's
 * size.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

enum safetensors_dtype : uint8_t {
    SAFETENSORS_F64,
    SAFETENSORS_F32,
    SAFETENSORS_F16,
    SAFETENSORS_BF16,
    SAFETENSORS_I64,
    SAFETENSORS_I32,
    SAFETENSORS_I16,
    SAFETENSORS_I8,
    SAFETENSORS_U8,
    SAFETENSORS_BOOL,
    SAFETENSORS_DTYPES,
};

constexpr uint32_t SAFETENSORS_MOST_DIMS = 8;

struct safetensors_tensor {
    const char *name;
    enum safetensors_dtype dtype;
    uint32_t n_dims; /* 0: a scalar, one element */
    int64_t shape[SAFETENSORS_MOST_DIMS];
    int64_t n_elements, n_bytes;
    int64_t offset; /* of its first byte in its file */
    uint32_t file;  /* which shard */
};

struct safetensors {
    const char *path;                         /* what was opened */
    const struct safetensors_tensor *tensors; /* sorted by name */
    size_t n_tensors;
    const char *const *files; /* the shards' paths; one for a single file */
    uint32_t n_files;
    int64_t n_bytes; /* of all the tensors */
    const int *fds;
};

/* path: a .safetensors file, a *.index.json, or a folder with model.safetensors or its index.
 * Everything belongs to a but the open files: safetensors_closep() them before a dies.
 * ERR_PARSE says what is wrong where; a truncated file says how many bytes are missing. */
[[nodiscard]] enum err_code safetensors_open(const char *path, struct arena *a,
                                             struct safetensors **ret, struct err *e);
void safetensors_closep(struct safetensors **f); /* for CLEANUP() */

/* nullptr: no such tensor. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *f, const char *name);

/* Elements [first, first + n) in row-major order, converted to float32. ERR_PARSE if the file
 * became shorter, ERR_USAGE beyond the tensor's end. */
[[nodiscard]] enum err_code safetensors_read(const struct safetensors *f,
                                             const struct safetensors_tensor *t, int64_t first,
                                             size_t n, float *ret, struct err *e);

/* Bytes [first, first + n) of the tensor as they are stored (little-endian). */
[[nodiscard]] enum err_code safetensors_read_bytes(const struct safetensors *f,
                                                   const struct safetensors_tensor *t,
                                                   int64_t first, size_t n, void *ret,
                                                   struct err *e);

const char *safetensors_dtype_name(enum safetensors_dtype t); /* "BF16" */
size_t safetensors_dtype_bytes(enum safetensors_dtype t);
