/* synth_tokenizer.h - the tokenizer of a synth model: the first merges of data/tokenizer/, in the
 * shape of the family's own tokenizer.json. */
#pragma once

#include "model/synth_spec.h"

struct arena;

constexpr uint32_t SYNTH_LEAST_VOCABULARY = 257;   /* gpt2: 256 bytes and <|endoftext|> */
constexpr uint32_t SYNTH_MOST_VOCABULARY = 50'257; /* with all the merges */

/* The smallest vocabulary of a family: its special tokens, 256 bytes, and what spaces become. */
uint32_t synth_tokenizer_least(enum synth_family family);

/* The ids of the tokens that begin and end a text, as config.json says them. A vocabulary larger
 * than the merges make has rows in the model that no token names. */
uint32_t synth_tokenizer_begin(const struct synth_spec *s);
uint32_t synth_tokenizer_end(const struct synth_spec *s);

/* Writes tokenizer.json and tokenizer_config.json. gpt2, llama (Llama 3's), qwen2 and qwen3: 256
 * bytes in GPT-2's order, merges in the order learned, special tokens. mistral, gemma3: special
 * tokens, 256 byte tokens, ASCII, and those merges that join characters, as SentencePiece has them.
 */
[[nodiscard]] enum err_code synth_tokenizer_write(const struct synth_spec *s, const char *folder,
                                                  struct arena *a, struct err *e);
