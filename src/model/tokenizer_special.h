/* tokenizer_special.h - added and special tokens: those of tokenizer.json, those that
 * tokenizer_config.json and the class add as transformers does, and those around every text. */
#pragma once

#include "model/tokenizer_file.h"

struct json;
struct tokenizer_class;

/* added: tokenizer.json's added_tokens, or nullptr. After the model and the normaliser. */
[[nodiscard]] enum err_code tokenizer_special_read(struct tokenizer_file *t,
                                                   const struct json *added,
                                                   const struct tokenizer_class *c, struct arena *a,
                                                   struct err *e);
/* v: the post_processor. TemplateProcessing and ByteLevel, alone or in a Sequence. */
[[nodiscard]] enum err_code tokenizer_special_around(struct tokenizer_file *t, const struct json *v,
                                                     struct arena *a, struct err *e);
