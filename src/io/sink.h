/* sink.h - a large file that is written from its beginning to its end, without being held in
 * memory.
 *
 * Written without a name (where the file system can, else beside its place) and renamed into its
 * place by sink_close(); until then, and after any failure, the old file stands and nothing is left
 * over, even of a program that was killed. A failed write is kept and reported by the next call
 * that can.
 */
#pragma once

#include "base/defs.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct sink {
    int fd; /* -1: not open; may be read from */
    bool nameless;
    bool derived; /* set after sink_open(): it can be made again, so that nobody waits for the disk
                   */
    bool unread;  /* set after sink_open(): nobody reads it next, so that it need not stay in memory
                   */
    int sys;
    uint64_t at;          /* bytes written so far */
    uint64_t put, let_go; /* of them in the file; when it was last asked out of memory */
    nsec_t waited;        /* for that, in all */
    size_t n;             /* of them still in buffer */
    unsigned char *buffer;
    char *path, *beside;
};

/* The struct must be {.fd = -1} before, and sink_done() must run whatever happens. */
[[nodiscard]] enum err_code sink_open(struct sink *s, const char *path, struct err *e);
[[nodiscard]] enum err_code sink_write(struct sink *s, const void *bytes, size_t n, struct err *e);
/* Zeros up to the next multiple of step, a power of two. */
[[nodiscard]] enum err_code sink_align(struct sink *s, size_t step, struct err *e);
/* Everything written so far is in the file. */
[[nodiscard]] enum err_code sink_flush(struct sink *s, struct err *e);
/* Everything is on the disk and in its place. */
[[nodiscard]] enum err_code sink_close(struct sink *s, struct err *e);
void sink_done(struct sink *s); /* for CLEANUP(): gives up what was not closed */
