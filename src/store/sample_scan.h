/* sample_scan.h - a samples.jsonl from its beginning to its end, piece by piece, once: the lines,
 * what is wrong with which, and the digest of its bytes.
 */
#pragma once

#include "base/err.h"
#include "io/digest.h"
#include "store/sample_line.h"

struct sample_scan_tally {
    int64_t bytes;
    uint64_t good; /* lines */
    char sha256[DIGEST_HEX];
    uint64_t left_out[SAMPLE_LINE_FAULTS]; /* lines, by fault */
    uint64_t first[SAMPLE_LINE_FAULTS]; /* the first such line, from 1; 0: none, or all together */
};

constexpr size_t SAMPLE_SCAN_MOST_LINE = (size_t)64 << 20;

struct sample_scan {
    /* Takes a good line; what else is wrong with it is counted. */
    enum sample_line_fault (*line)(void *context, const struct sample_line *l);
    /* Called once, before the first line, with the size of the file and the length of the lines at
     * its beginning; may be nullptr. */
    void (*begin)(void *context, size_t bytes, size_t line_length);
    void *context;
    enum sample_line_way way;
    bool only_first; /* stop after the first good line; no tally */
};

/* Blank lines are nothing. What is added to the file meanwhile is not read. The last line counts
 * without its newline where it is whole. */
[[nodiscard]] enum err_code sample_scan(const char *path, const struct sample_scan *s,
                                        struct sample_scan_tally *ret, struct err *e);
