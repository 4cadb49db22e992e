/* gguf_label.h - is a GGUF file what a precision says? Judged by what is multiplied. Pure. */
#pragma once

#include <stddef.h>

struct gguf_read;

/* More than half of the layers' multiply-adds are by types of the recipe, the type that it is named
 * after among them, and more than half with the head counted in; fp16 and bf16: 99 %, fp32: all.
 * false: reason says what the file holds. A file whose tensors have no names that llama.cpp gives
 * to matrices is judged by all its weights. */
[[nodiscard]] bool gguf_label_holds(const struct gguf_read *g, const char *precision, char *reason,
                                    size_t room);
