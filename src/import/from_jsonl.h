/* from_jsonl.h - an object a line, or one array of objects. Keys inside objects are named with
 * dots: usage.output_tokens. What keys there are is seen in the first thousand objects.
 */
#pragma once

#include "base/err.h"

struct session;

[[nodiscard]] enum err_code from_jsonl_read(struct session *s, struct err *e);
