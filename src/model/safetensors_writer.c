#include "model/safetensors_writer.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/jsonw.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdckdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct safetensors_writer {
    char *path, *beside;
    int fd;
    int64_t left; /* announced bytes that have not come yet */
};

static enum err_code write_all(struct safetensors_writer *w, const void *bytes, size_t n,
                               struct err *e)
{
    const char *from = bytes;
    while (n > 0) {
        const ssize_t done = write(w->fd, from, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_sys(e, "cannot write '%s'", w->path);
        from += done;
        n -= (size_t)done;
    }
    return ERR_OK;
}

static enum err_code make_header(const struct safetensors_tensor *t, size_t n, struct str *out,
                                 int64_t *ret_data, struct err *e)
{
    struct jsonw w = {.out = out};
    int64_t at = 0;
    jsonw_object(&w);
    jsonw_kobject(&w, "__metadata__"); /* transformers refuses a file that does not say so */
    jsonw_kstr(&w, "format", "pt");
    jsonw_end_object(&w);
    for (size_t i = 0; i < n; i++) {
        int64_t bytes = (int64_t)safetensors_dtype_bytes(t[i].dtype), end;
        jsonw_kobject(&w, t[i].name);
        jsonw_kstr(&w, "dtype", safetensors_dtype_name(t[i].dtype));
        jsonw_karray(&w, "shape");
        for (uint32_t k = 0; k < t[i].n_dims; k++) {
            jsonw_i64(&w, t[i].shape[k]);
            if (t[i].shape[k] < 0 || ckd_mul(&bytes, bytes, t[i].shape[k]))
                return err_set(e, ERR_LIMIT, "tensor '%s' is impossibly large", t[i].name);
        }
        jsonw_end_array(&w);
        if (ckd_add(&end, at, bytes))
            return err_set(e, ERR_LIMIT, "tensor '%s' is impossibly large", t[i].name);
        jsonw_karray(&w, "data_offsets");
        jsonw_i64(&w, at);
        jsonw_i64(&w, end);
        jsonw_end_array(&w);
        jsonw_end_object(&w);
        at = end;
    }
    jsonw_end_object(&w);
    while (out->n % 8) /* so that the data begins where a float may */
        str_putc(out, ' ');
    *ret_data = at;
    return ERR_OK;
}

enum err_code safetensors_writer_open(const char *path, const struct safetensors_tensor *tensors,
                                      size_t n, struct arena *a, struct safetensors_writer **ret,
                                      struct err *e)
{
    CLEANUP(safetensors_writer_freep)
    struct safetensors_writer *w = ARENA_ARRAY(a, struct safetensors_writer, 1);
    CLEANUP(str_done) struct str header = {};
    w->fd = -1;
    w->path = arena_strdup(a, path);
    w->beside = arena_printf(a, "%s.XXXXXX", path);
    if (make_header(tensors, n, &header, &w->left, e))
        return e->code;
    w->fd = mkostemp(w->beside, O_CLOEXEC);
    if (w->fd < 0)
        return err_sys(e, "cannot write '%s'", path);
    const uint64_t length = header.n;
    if (write_all(w, &length, sizeof length, e) || write_all(w, header.text, header.n, e))
        return e->code;
    *ret = w;
    w = nullptr;
    return ERR_OK;
}

enum err_code safetensors_writer_add(struct safetensors_writer *w, const void *bytes, size_t n,
                                     struct err *e)
{
    if (n > (uint64_t)w->left)
        return err_set(e, ERR_USAGE, "'%s': %" PRId64 " bytes more than were announced", w->path,
                       (int64_t)n - w->left);
    w->left -= (int64_t)n;
    return write_all(w, bytes, n, e);
}

enum err_code safetensors_writer_commit(struct safetensors_writer *w, struct err *e)
{
    if (w->left)
        return err_set(e, ERR_USAGE, "'%s': %" PRId64 " announced bytes did not come", w->path,
                       w->left);
    const mode_t mask = umask(0);
    (void)umask(mask);
    if (fchmod(w->fd, 0666 & ~mask) != 0 || fsync(w->fd) != 0)
        return err_sys(e, "cannot write '%s'", w->path);
    const int fd = w->fd;
    w->fd = -1;
    if (close(fd) != 0 || rename(w->beside, w->path) != 0) {
        const enum err_code code = err_sys(e, "cannot write '%s'", w->path);
        (void)unlink(w->beside);
        return code;
    }
    return ERR_OK;
}

void safetensors_writer_freep(struct safetensors_writer **w)
{
    if (*w && (*w)->fd >= 0) {
        (void)close((*w)->fd);
        (void)unlink((*w)->beside);
    }
    *w = nullptr;
}
