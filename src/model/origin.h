/* origin.h - what an artefact was made from, and whether that is still what lies there.
 *
 * An export says of itself what it was made from: chimera.json in an ONNX folder, FILE.gguf.json
 * beside a GGUF file, each with `generated_from`: the digest of the source's files as
 * `sha256sum` prints them (sources.h), that text, and the source's path. Nothing here judges.
 */
#pragma once

#include "base/err.h"

struct arena;
struct jsonw;

struct origin {           /* nullptr: unknown */
    const char *modified; /* newest of the artefact's files: ISO 8601, UTC, microseconds */
    const char *source;   /* the folder that it was made from */
    const char *sha256;   /* of the source's files when it was made */
    const char *sha256_now;
    const char *source_modified; /* newest of the source's files now */
    const char *differs;         /* files of the source that are not as they were: "a, b" */
    const char *reason;          /* why sha256 or sha256_now is unknown */
};

/* path: the artefact, a folder or a file. made_from: the source where the caller knows it; nullptr:
 * the one that the artefact names. Never fails: what cannot be read is unknown. */
[[nodiscard]] struct origin origin_find(const char *path, const char *made_from, struct arena *a);

/* Of an artefact that is the model's own files. */
[[nodiscard]] struct origin origin_of_itself(const char *path, struct arena *a);

/* The record beside a GGUF file that was just made from the folder `source`. */
[[nodiscard]] enum err_code origin_write(const char *gguf, const char *source, struct arena *a,
                                         struct err *e);
/* `generated_from` of an open object: sha256, path, files (sources_list()'s text). */
void origin_key_source(const char *source, const char *files, struct jsonw *w);

/* Keys modified and made_from of an open object; made_from is null with made_from_reason where
 * nothing is known. */
void origin_json(const struct origin *o, struct jsonw *w);
