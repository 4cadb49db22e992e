/* tokenizer_file.h - reads tokenizer.json, or vocab.json + merges.txt, into a table. */
#pragma once

#include "model/tokenizer_table.h"

[[nodiscard]] enum err_code tokenizer_file_read(const char *folder, struct arena *a,
                                                struct tokenizer_table *ret, struct err *e);
