/* metrics.h - metrics.csv: one row per cell, those that have no figures included. */
#pragma once

#include "analysis/cell.h"

struct str;

/* Header and rows. A figure that there is not is an empty field; the column `reason` says why. */
void metrics_csv(const struct cell_stats *cells, size_t n, struct str *out);

/* The same rows as an array of JSON objects (null for what there is not). */
struct jsonw;
void metrics_json(const struct cell_stats *cells, size_t n, struct jsonw *w);

/* Why a cell, or a figure of it, is not there; "" when nothing is missing. */
void metrics_reason(const struct cell_stats *c, struct str *out);
