/* gguf_write.h - a GGUF file (version 3), its tensors streamed. Knows nothing of any architecture.
 *
 * Order of calls: the keys, then all the tensors' names and shapes, then gguf_write_begin(), then
 * the bytes of each tensor in that order, in pieces of any size, then gguf_write_end(). Written
 * beside its place and renamed; until gguf_write_end() nothing is there.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct gguf_write;

enum gguf_write_type : uint8_t { GGUF_WRITE_F32 = 0, GGUF_WRITE_F16 = 1, GGUF_WRITE_BF16 = 30 };

[[nodiscard]] struct gguf_write *gguf_write_new(struct arena *a);
void gguf_write_freep(
    struct gguf_write **w); /* for CLEANUP(), before a dies; gives up an unfinished file */

void gguf_write_str(struct gguf_write *w, const char *name, const char *text);
void gguf_write_u32(struct gguf_write *w, const char *name, uint32_t x);
void gguf_write_f32(struct gguf_write *w, const char *name, float x);
void gguf_write_bool(struct gguf_write *w, const char *name, bool x);
void gguf_write_strs(struct gguf_write *w, const char *name, const char *const *texts, size_t n);
void gguf_write_i32s(struct gguf_write *w, const char *name, const int32_t *x, size_t n);
void gguf_write_f32s(struct gguf_write *w, const char *name, const float *x, size_t n);

/* columns is the length of a row, which is contiguous; rows is 0 for a vector. */
void gguf_write_tensor(struct gguf_write *w, const char *name, enum gguf_write_type t,
                       int64_t columns, int64_t rows);
[[nodiscard]] enum err_code gguf_write_begin(struct gguf_write *w, const char *path, struct err *e);
/* ERR_USAGE when more bytes come than were announced, or, at the end, fewer. */
[[nodiscard]] enum err_code gguf_write_data(struct gguf_write *w, const void *bytes, size_t n,
                                            struct err *e);
[[nodiscard]] enum err_code gguf_write_end(struct gguf_write *w, int64_t *ret_bytes, struct err *e);
