/* perplexity_log.h - quality/<backend>/<precision>/<model>/perplexity.jsonl of a results folder.
 *
 * Append-only, one JSON object a line, `kind` first: a `header` when a pass begins (again after a
 * kill or a retry), a `window` for each window as soon as it is scored, an `end` with the status. A
 * window is never scored twice: the first line of it counts. Appended with sample_log.h, whose
 * rules hold (a torn last line is cut off). All sums are in nats, over the scored tokens of the
 * window.
 */
#pragma once

#include "base/defs.h"
#include "base/err.h"
#include "domain/status.h"

struct arena;
struct str;

struct perplexity_log_header { /* what is scored, and against what; text is borrowed */
    const char *backend, *precision, *model;
    const char *baseline;        /* backend:precision; nullptr: nothing is compared */
    const char *baseline_reason; /* why not; nullptr where there is one */
    const char *text;            /* the file, as the experiment names it */
    const char *text_sha256, *tokens_sha256;
    const char *engine, *engine_version; /* nullptr: not said */
    const char *baseline_version;        /* nullptr: no baseline, or not said */
    const char *bytes_reason;            /* why windows have no bytes; nullptr: they have */
    int64_t text_bytes;
    int64_t text_tokens; /* of the whole text; `tokens` are those that max_tokens leaves */
    uint32_t tokens, window, stride, windows, clusters, vocab;
    const char *started_at;
};

struct perplexity_log_window {
    uint32_t window;     /* its number */
    uint32_t cluster;    /* of clusters, contiguous */
    uint32_t first;      /* of its scored tokens, an index into the text's tokens */
    uint32_t tokens;     /* scored */
    int64_t bytes;       /* of the text that these tokens are; -1 unknown */
    double nll;          /* sum of -log p */
    double baseline_nll; /* the baseline's; NOT_MEASURED: nothing was compared */
    double kl;           /* sum of KL(baseline || this); NOT_MEASURED as before */
    int64_t same_top;    /* tokens before which both have the same most likely one; -1 as before */
    const double *kl_each; /* [tokens]; nullptr as before. Four digits in the file */
};

struct perplexity_log_end {
    enum status status;
    const char *reason;          /* nullptr where ok */
    const char *baseline_reason; /* why it was compared in part or not at all; nullptr: in full */
    const char *ended_at;
};

void perplexity_log_format_header(const struct perplexity_log_header *h, struct str *out);
void perplexity_log_format_window(const struct perplexity_log_window *x, struct str *out);
void perplexity_log_format_end(const struct perplexity_log_end *x, struct str *out);

struct perplexity_log {
    struct perplexity_log_header header;   /* the first; a later one that differs is an error */
    bool begun;                            /* there is a header */
    struct perplexity_log_window *windows; /* [header.windows], those that are there: tokens > 0 */
    uint32_t n_windows;                    /* that are there */
    bool ended;                            /* the last pass came to an end: */
    struct perplexity_log_end end;
};

/* DIR/quality/<backend>/<precision>/<model>/perplexity.jsonl; not created. */
[[nodiscard]] char *perplexity_log_path(struct arena *a, const char *dir, const char *backend,
                                        const char *precision, const char *model);

/* No file: {}. All belongs to a. ERR_PARSE names the line. A torn last line is passed over. */
[[nodiscard]] enum err_code perplexity_log_read(const char *path, struct arena *a,
                                                struct perplexity_log *ret, struct err *e);

/* Is what h says the same work: text, tokens, windows, baseline? nullptr: yes; else the key that
 * differs. */
[[nodiscard]] const char *perplexity_log_differs(const struct perplexity_log_header *there,
                                                 const struct perplexity_log_header *here);
