/* synth_tokenizer.h - the tokenizer of a synth model: the first merges of data/tokenizer/. */
#pragma once

#include "model/synth.h"

constexpr uint32_t SYNTH_LEAST_VOCABULARY = 257;   /* 256 bytes and <|endoftext|> */
constexpr uint32_t SYNTH_MOST_VOCABULARY = 50'257; /* with all the merges */

/* The id of <|endoftext|>: the last. A vocabulary larger than the merges make has rows in the model
 * that no token names. */
uint32_t synth_tokenizer_end(const struct synth_spec *s);

/* Writes tokenizer.json and tokenizer_config.json: 256 bytes in GPT-2's order, merges in the order
 * learned, and <|endoftext|>. */
[[nodiscard]] enum err_code synth_tokenizer_write(const struct synth_spec *s, const char *folder,
                                                  struct arena *a, struct err *e);
