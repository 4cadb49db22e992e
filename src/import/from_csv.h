/* from_csv.h - tables: one row per sample, or one per cell. */
#pragma once

#include "base/err.h"

struct session;

[[nodiscard]] enum err_code from_csv_read(struct session *s, struct err *e);
