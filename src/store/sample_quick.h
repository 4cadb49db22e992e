/* sample_quick.h - a line of samples.jsonl as the lab and `chimera import` write nearly all of
 * them, read without building a tree: no blanks between its parts, no escapes in the words that
 * figures need, whole numbers and decimals that a double holds exactly before their point is set.
 * Whatever else a line has in it is for the JSON reader to judge. Only sample_line.c uses this.
 */
#pragma once

#include <stddef.h>

struct sample_line;
struct sample_quick;

[[nodiscard]] struct sample_quick *sample_quick_new(void);
void sample_quick_freep(struct sample_quick **q); /* for CLEANUP() */

/* true: text[0..n) is one JSON object without a known key that stands twice, and *ret holds what
 * the JSON reader would find; without outputs and output_ids. Words are borrowed from q and gone
 * with its next line. false: nobody knows yet, and *ret is as it was.
 */
[[nodiscard]] bool sample_quick_parse(struct sample_quick *q, const char *text, size_t n,
                                      struct sample_line *ret);
