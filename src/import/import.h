/* import.h - what another tool measured, as a results folder that analyze, audit and compare read.
 *
 * Nothing is made up: a figure that the source lacks is not there afterwards, and the manifest says
 * what was taken from where, which defaults stand for what was not said, and what was left out.
 */
#pragma once

#include "base/err.h"
#include "import/mapping.h"
#include "import/target.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum import_format : uint8_t {
    IMPORT_CSV,
    IMPORT_JSONL,
    IMPORT_LLAMA_BENCH,
    IMPORT_GUIDELLM,
    IMPORT_VLLM_BENCH,
    IMPORT_AIPERF,
    IMPORT_FORMATS,
};

struct import_request {
    const char *source; /* "-": standard input, where the format is read in one pass (csv) */
    const char *out;
    enum import_format format;
    char delimiter; /* csv; 0: found in the first line */
    char decimal;   /* csv: ',' or '.', the other one may part thousands; 0: a point, and no
                       thousands */
    const char *const *map, *const *constants;
    size_t n_map, n_constants;
    const char *wide; /* csv, jsonl: what the labels of a wide table are; see mapping.h */
    const char *rows; /* jsonl: of one document, the list or object that holds the rows; nullptr:
                         the only one there is */
    bool dry;         /* read all of it, say what would be, and write nothing; out may be nullptr */
    bool skip_bad;    /* leave malformed rows out; else they are an error */
    bool force;       /* replace what an earlier import made in out */
    const volatile sig_atomic_t *stop; /* not 0: give up, ERR_INTERRUPTED; nullptr: never */
};

struct import_report {
    struct target_counts counts;
    enum mapping_form form;
    bool readings;      /* samples that are readings of the power, not requests */
    uint64_t rows, bad; /* rows of the source, and how many of them were left out */
    const char **notes; /* what a person should know, a line each */
    size_t n_notes;
    struct mapping map; /* of csv and jsonl: which column is what */
};

struct jsonw;
/* The keys map, const and columns_not_used, into an object that is open. */
void import_map_json(const struct mapping *m, struct jsonw *w);

/* ERR_USAGE: a field, column or folder that cannot be; ERR_PARSE: the source is malformed. After
 * any failure nothing was written to out. Text of ret belongs to a. */
[[nodiscard]] enum err_code import_run(const struct import_request *q, struct arena *a,
                                       struct import_report *ret, struct err *e);

[[nodiscard]] const char *import_format_name(enum import_format f);
