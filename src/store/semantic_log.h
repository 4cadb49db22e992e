/* semantic_log.h - quality/semantic.jsonl of a results folder: cosines of embeddings of the outputs
 * and of the baseline's.
 *
 * Append-only, one JSON object a line, `kind` first: a `header` when a pass begins, a `pair` for
 * each two texts that were compared, an `end` with the status. A pair is known by the digests of
 * its texts, so that a reader finds what was compared and nothing else. Appended with sample_log.h,
 * whose rules hold (a torn last line is cut off).
 */
#pragma once

#include "base/err.h"
#include "domain/status.h"
#include "io/digest.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct str;

struct semantic_log_header { /* text is borrowed; nullptr: not known */
    const char *model;       /* path or URL, as the experiment names it */
    const char *name;        /* of a server's model */
    const char *sha256;      /* of a model's file */
    const char *about;       /* all of it, for people */
    const char *engine, *engine_version, *architecture, *pooling;
    int64_t dimension, longest_tokens; /* 0: unknown */
    const char *started_at;
};

struct semantic_log_pair {
    char text[DIGEST_HEX], baseline[DIGEST_HEX]; /* SHA-256 of both texts */
    double cosine;                               /* -1 to 1 */
};

struct semantic_log_end {
    enum status status;
    const char *reason; /* nullptr where ok */
    int64_t texts, cut; /* embedded in this pass; of which the end was left out */
    const char *ended_at;
};

void semantic_log_format_header(const struct semantic_log_header *h, struct str *out);
void semantic_log_format_pair(const struct semantic_log_pair *p, struct str *out);
void semantic_log_format_end(const struct semantic_log_end *x, struct str *out);

struct semantic_log {
    struct semantic_log_header header; /* the last */
    bool begun;
    struct semantic_log_pair *pairs; /* sorted; each once */
    size_t n;
    bool ended;                  /* the last pass came to an end: */
    struct semantic_log_end end; /* texts and cut are those of all passes */
};

/* DIR/quality/semantic.jsonl; not created. */
[[nodiscard]] char *semantic_log_path(struct arena *a, const char *dir);

/* No file: {}. All belongs to a. ERR_PARSE names the line; passes of two models are one too. */
[[nodiscard]] enum err_code semantic_log_read(const char *path, struct arena *a,
                                              struct semantic_log *ret, struct err *e);
/* The cosine of two texts; NOT_MEASURED: they were not compared. */
[[nodiscard]] double semantic_log_find(const struct semantic_log *log, const char *text,
                                       const char *baseline);
/* Are both the same model? A file by its digest, else by its name. */
[[nodiscard]] bool semantic_log_same(const struct semantic_log_header *x,
                                     const struct semantic_log_header *y);
