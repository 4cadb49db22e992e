#include "model/safetensors.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdckdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors files are little-endian");

constexpr int64_t HEADER_LIMIT = 100'000'000; /* the format's own bound */
constexpr uint32_t MOST_FILES = 4096;

static const struct {
    const char *name;
    uint8_t bytes;
} dtypes[SAFETENSORS_DTYPES] = {
    [SAFETENSORS_F64] = {"F64", 8}, [SAFETENSORS_F32] = {"F32", 4},
    [SAFETENSORS_F16] = {"F16", 2}, [SAFETENSORS_BF16] = {"BF16", 2},
    [SAFETENSORS_I64] = {"I64", 8}, [SAFETENSORS_I32] = {"I32", 4},
    [SAFETENSORS_I16] = {"I16", 2}, [SAFETENSORS_I8] = {"I8", 1},
    [SAFETENSORS_U8] = {"U8", 1},   [SAFETENSORS_BOOL] = {"BOOL", 1},
};

const char *safetensors_dtype_name(enum safetensors_dtype t)
{
    return dtypes[t].name;
}

size_t safetensors_dtype_bytes(enum safetensors_dtype t)
{
    return dtypes[t].bytes;
}

static enum err_code read_at(int fd, const char *path, int64_t offset, size_t n, void *ret,
                             struct err *e)
{
    char *to = ret;
    while (n > 0) {
        const ssize_t got = pread(fd, to, n, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(e, "'%s'", path);
        if (got == 0)
            return err_set(e, ERR_PARSE, "'%s' became shorter while being read", path);
        to += got;
        n -= (size_t)got;
        offset += got;
    }
    return ERR_OK;
}

/* What one file says of one tensor; offsets are still relative to the end of the header. */
static enum err_code parse_tensor(const char *path, const char *name, const struct json *v,
                                  struct safetensors_tensor *t, struct err *e)
{
    const char *const dtype = json_str(json_get(v, "dtype"), nullptr);
    const struct json *const shape = json_get(v, "shape"), *const at = json_get(v, "data_offsets");
    if (!dtype || !json_is_array(shape) || !json_is_array(at) || json_len(at) != 2)
        return err_set(e, ERR_PARSE,
                       "'%s': tensor '%.200s' needs dtype, shape and two data_offsets", path, name);

    t->name = name;
    t->dtype = SAFETENSORS_DTYPES;
    for (unsigned i = 0; i < SAFETENSORS_DTYPES; i++)
        if (strcmp(dtypes[i].name, dtype) == 0)
            t->dtype = (enum safetensors_dtype)i;
    if (t->dtype == SAFETENSORS_DTYPES)
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s': tensor '%.200s' has the data type '%.40s', which "
                       "is not supported",
                       path, name, dtype);
    if (json_len(shape) > SAFETENSORS_MOST_DIMS)
        return err_set(e, ERR_LIMIT, "'%s': tensor '%.200s' has %zu dimensions, more than %u", path,
                       name, json_len(shape), SAFETENSORS_MOST_DIMS);

    t->n_elements = 1;
    const struct json *x;
    for (struct json_iter it = json_iter(shape); (x = json_next(&it, nullptr));) {
        const int64_t dim = json_i64(x, -1);
        if (dim < 0 || ckd_mul(&t->n_elements, t->n_elements, dim))
            return err_set(e, ERR_PARSE, "'%s': tensor '%.200s' has an impossible shape", path,
                           name);
        t->shape[t->n_dims++] = dim;
    }
    const int64_t begin = json_i64(json_at(at, 0), -1), end = json_i64(json_at(at, 1), -1);
    int64_t want;
    if (begin < 0 || end < begin ||
        ckd_mul(&want, t->n_elements, (int64_t)dtypes[t->dtype].bytes) || end - begin != want)
        return err_set(e, ERR_PARSE,
                       "'%s': tensor '%.200s' has data_offsets that do not fit its "
                       "shape and data type",
                       path, name);
    t->offset = begin;
    t->n_bytes = want;
    return ERR_OK;
}

static int by_offset(const void *a, const void *b)
{
    const struct safetensors_tensor *const x = a, *const y = b;
    const int begin = (x->offset > y->offset) - (x->offset < y->offset);
    return begin ? begin : (x->n_bytes > y->n_bytes) - (x->n_bytes < y->n_bytes);
}

static int by_name(const void *a, const void *b)
{
    const struct safetensors_tensor *const x = a, *const y = b;
    return strcmp(x->name, y->name);
}

/* The tensors must tile the data: no overlap, no gap, nothing missing and nothing left over. */
static enum err_code check_layout(const char *path, struct safetensors_tensor *t, size_t n,
                                  int64_t data, int64_t data_bytes, struct err *e)
{
    qsort(t, n, sizeof *t, by_offset);
    int64_t end = 0;
    for (size_t i = 0; i < n; i++) {
        if (t[i].offset != end)
            return err_set(e, ERR_PARSE, "'%s': tensor '%.200s' %s", path, t[i].name,
                           t[i].offset < end ? "overlaps another" : "has a gap before it");
        end += t[i].n_bytes; /* cannot overflow: it is the end offset that parse_tensor read */
        t[i].offset += data;
    }
    if (end > data_bytes)
        return err_set(e, ERR_PARSE,
                       "'%s' is truncated: %" PRId64 " bytes of tensor data are missing", path,
                       end - data_bytes);
    if (end < data_bytes)
        return err_set(e, ERR_PARSE, "'%s': %" PRId64 " bytes after the last tensor belong to none",
                       path, data_bytes - end);
    return ERR_OK;
}

static enum err_code parse_header(const char *path, const struct json *header, int64_t data,
                                  int64_t data_bytes, struct arena *a,
                                  struct safetensors_tensor **ret, size_t *ret_n, struct err *e)
{
    if (!json_is_object(header))
        return err_set(e, ERR_PARSE, "'%s': the header is not a JSON object", path);
    const size_t most = json_len(header);
    struct safetensors_tensor *const t = arena_try_alloc(a, most + 1, sizeof *t);
    if (!t)
        return err_set(e, ERR_LIMIT, "'%s': too many tensors: %zu", path, most);
    size_t n = 0;
    const char *key;
    const struct json *v;
    for (struct json_iter it = json_iter(header); (v = json_next(&it, &key));) {
        if (strcmp(key, "__metadata__") == 0)
            continue;
        if (parse_tensor(path, key, v, &t[n++], e))
            return e->code;
    }
    if (check_layout(path, t, n, data, data_bytes, e))
        return e->code;
    *ret = t;
    *ret_n = n;
    return ERR_OK;
}

static enum err_code open_file(const char *path, struct arena *a, int *ret_fd,
                               struct safetensors_tensor **ret, size_t *ret_n, struct err *e)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "'%s'", path);
    *ret_fd = fd; /* the caller closes it, on failure too */

    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_sys(e, "'%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_IO, "'%s' is not a regular file", path);
    uint64_t n;
    if (st.st_size < (off_t)sizeof n)
        return err_set(e, ERR_PARSE,
                       "'%s' is truncated: %" PRId64
                       " bytes, shorter than the length of its header",
                       path, (int64_t)st.st_size);
    if (read_at(fd, path, 0, sizeof n, &n, e))
        return e->code;
    if (n > (uint64_t)HEADER_LIMIT)
        return err_set(
            e, ERR_PARSE,
            "'%s': not a safetensors file, or a damaged one: its header would be %" PRIu64
            " bytes long, more than %" PRId64,
            path, n, HEADER_LIMIT);
    const int64_t data = (int64_t)n + (int64_t)sizeof n;
    if (data > st.st_size)
        return err_set(e, ERR_PARSE,
                       "'%s' is truncated: %" PRId64 " bytes of its header are missing", path,
                       data - (int64_t)st.st_size);

    char *const text = arena_try_alloc(a, n + 1, 1);
    if (!text)
        return err_set(e, ERR_LIMIT, "'%s': a header of %" PRIu64 " bytes is too large", path, n);
    if (read_at(fd, path, sizeof n, n, text, e))
        return e->code;
    const struct json *header;
    if (json_parse(text, n, path, a, &header, e))
        return e->code;
    return parse_header(path, header, data, (int64_t)st.st_size - data, a, ret, ret_n, e);
}

static struct safetensors *new_model(const char *path, uint32_t n_files, struct arena *a)
{
    struct safetensors *const f = ARENA_ARRAY(a, struct safetensors, 1);
    int *const fds = ARENA_ARRAY(a, int, n_files);
    for (uint32_t i = 0; i < n_files; i++)
        fds[i] = -1;
    f->path = arena_strdup(a, path);
    f->n_files = n_files;
    f->fds = fds;
    return f;
}

void safetensors_closep(struct safetensors **f)
{
    if (!*f)
        return;
    for (uint32_t i = 0; i < (*f)->n_files; i++)
        if ((*f)->fds[i] >= 0)
            (void)close((*f)->fds[i]);
    *f = nullptr;
}

static enum err_code open_files(struct safetensors *f, struct arena *a, struct err *e)
{
    struct safetensors_tensor **const parts =
        ARENA_ARRAY(a, struct safetensors_tensor *, f->n_files);
    size_t *const counts = ARENA_ARRAY(a, size_t, f->n_files), n = 0;
    int *const fds = (int *)(uintptr_t)f->fds;
    for (uint32_t i = 0; i < f->n_files; i++) {
        if (open_file(f->files[i], a, &fds[i], &parts[i], &counts[i], e))
            return e->code;
        n += counts[i];
    }
    struct safetensors_tensor *const all = arena_try_alloc(a, n + 1, sizeof *all);
    if (!all)
        return err_set(e, ERR_LIMIT, "'%s': too many tensors: %zu", f->path, n);
    n = 0;
    for (uint32_t i = 0; i < f->n_files; i++)
        for (size_t k = 0; k < counts[i]; k++) {
            all[n] = parts[i][k];
            all[n].file = i;
            f->n_bytes += all[n++].n_bytes;
        }
    qsort(all, n, sizeof *all, by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(all[i - 1].name, all[i].name) == 0)
            return err_set(e, ERR_PARSE, "'%s': tensor '%.200s' is there twice", f->path,
                           all[i].name);
    f->tensors = all;
    f->n_tensors = n;
    return ERR_OK;
}

/* The distinct file names of an index, in the order of their first tensor. */
static enum err_code index_files(const char *path, const struct json *map, struct arena *a,
                                 const char ***ret, uint32_t *ret_n, struct err *e)
{
    const char **const files = ARENA_ARRAY(a, const char *, MOST_FILES);
    char *const folder = file_folder_of(a, path);
    uint32_t n = 0;
    const char *key;
    const struct json *v;
    for (struct json_iter it = json_iter(map); (v = json_next(&it, &key));) {
        const char *const name = json_str(v, nullptr);
        if (!name || !*name || strchr(name, '/'))
            return err_set(e, ERR_PARSE,
                           "'%s': weight_map: tensor '%.200s' needs the name of a file "
                           "beside the index",
                           path, key);
        uint32_t i = 0;
        while (i < n && strcmp(file_name_of(files[i]), name) != 0)
            i++;
        if (i == n && n == MOST_FILES)
            return err_set(e, ERR_LIMIT, "'%s': more than %u files", path, MOST_FILES);
        if (i == n)
            files[n++] = file_join(a, folder, name);
    }
    if (n == 0)
        return err_set(e, ERR_PARSE, "'%s': weight_map is missing or empty", path);
    *ret = files;
    *ret_n = n;
    return ERR_OK;
}

static enum err_code open_index(const char *path, struct arena *a, struct safetensors **ret,
                                struct err *e)
{
    const struct json *index;
    if (json_read_file(path, a, &index, e))
        return e->code;
    const struct json *const map = json_get(index, "weight_map");
    const char **files = nullptr;
    uint32_t n = 0;
    if (index_files(path, map, a, &files, &n, e))
        return e->code;
    CLEANUP(safetensors_closep) struct safetensors *f = new_model(path, n, a);
    f->files = files;
    if (open_files(f, a, e))
        return e->code;
    const char *key;
    const struct json *v;
    for (struct json_iter it = json_iter(map); (v = json_next(&it, &key));) {
        const struct safetensors_tensor *const t = safetensors_find(f, key);
        if (!t || strcmp(file_name_of(f->files[t->file]), json_str(v, "")) != 0)
            return err_set(e, ERR_PARSE, "'%s': tensor '%.200s' is not in '%s' as the index says",
                           path, key, json_str(v, ""));
    }
    *ret = f;
    f = nullptr;
    return ERR_OK;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

enum err_code safetensors_open(const char *path, struct arena *a, struct safetensors **ret,
                               struct err *e)
{
    if (file_is_folder(path)) {
        char *const single = file_join(a, path, "model.safetensors");
        char *const index = file_join(a, path, "model.safetensors.index.json");
        if (!file_exists(single) && !file_exists(index))
            return err_set(e, ERR_PARSE,
                           "'%s' holds neither model.safetensors nor "
                           "model.safetensors.index.json",
                           path);
        path = file_exists(single) ? single : index;
    }
    if (ends_with(path, ".json"))
        return open_index(path, a, ret, e);
    CLEANUP(safetensors_closep) struct safetensors *f = new_model(path, 1, a);
    const char **const files = ARENA_ARRAY(a, const char *, 1);
    files[0] = f->path;
    f->files = files;
    if (open_files(f, a, e))
        return e->code;
    *ret = f;
    f = nullptr;
    return ERR_OK;
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *f, const char *name)
{
    const struct safetensors_tensor key = {.name = name};
    return f->n_tensors ? bsearch(&key, f->tensors, f->n_tensors, sizeof key, by_name) : nullptr;
}

enum err_code safetensors_read_bytes(const struct safetensors *f,
                                     const struct safetensors_tensor *t, int64_t first, size_t n,
                                     void *ret, struct err *e)
{
    if (first < 0 || first > t->n_bytes || n > (uint64_t)(t->n_bytes - first))
        return err_set(e, ERR_USAGE,
                       "'%s': tensor '%.200s': bytes %" PRId64 " + %zu are beyond its end", f->path,
                       t->name, first, n);
    return read_at(f->fds[t->file], f->files[t->file], t->offset + first, n, ret, e);
}

static float from_half(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31,
                   mantissa = h & 1023;
    uint32_t bits;
    if (exponent == 31) {
        bits = sign | 0x7f800000U | mantissa << 13;
    } else if (exponent) {
        bits = sign | (exponent + 112) << 23 | mantissa << 13;
    } else {
        const float tiny = (float)mantissa * 0x1p-24F; /* exact */
        return sign ? -tiny : tiny;
    }
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float from_bf16(uint16_t h)
{
    const uint32_t bits = (uint32_t)h << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#define CONVERT(T, expression)                                                                     \
    for (size_t i = 0; i < n; i++) {                                                               \
        T x;                                                                                       \
        memcpy(&x, raw + i * sizeof x, sizeof x);                                                  \
        ret[i] = (expression);                                                                     \
    }                                                                                              \
    return

static void convert(enum safetensors_dtype dtype, const unsigned char *raw, size_t n, float *ret)
{
    switch (dtype) {
    case SAFETENSORS_F64:
        CONVERT(double, (float)x);
    case SAFETENSORS_F32:
        CONVERT(float, x);
    case SAFETENSORS_F16:
        CONVERT(uint16_t, from_half(x));
    case SAFETENSORS_BF16:
        CONVERT(uint16_t, from_bf16(x));
    case SAFETENSORS_I64:
        CONVERT(int64_t, (float)x);
    case SAFETENSORS_I32:
        CONVERT(int32_t, (float)x);
    case SAFETENSORS_I16:
        CONVERT(int16_t, x);
    case SAFETENSORS_I8:
        CONVERT(int8_t, x);
    case SAFETENSORS_U8:
    case SAFETENSORS_BOOL:
        CONVERT(uint8_t, x);
    case SAFETENSORS_DTYPES:
        break;
    }
    unreachable();
}

enum err_code safetensors_read(const struct safetensors *f, const struct safetensors_tensor *t,
                               int64_t first, size_t n, float *ret, struct err *e)
{
    if (first < 0 || first > t->n_elements || n > (uint64_t)(t->n_elements - first))
        return err_set(e, ERR_USAGE,
                       "'%s': tensor '%.200s': elements %" PRId64 " + %zu are beyond its end",
                       f->path, t->name, first, n);
    const size_t size = dtypes[t->dtype].bytes;
    if (t->dtype == SAFETENSORS_F32)
        return safetensors_read_bytes(f, t, first * (int64_t)size, n * size, ret, e);
    unsigned char raw[16384];
    while (n > 0) {
        const size_t part = n < sizeof raw / size ? n : sizeof raw / size;
        if (safetensors_read_bytes(f, t, first * (int64_t)size, part * size, raw, e))
            return e->code;
        convert(t->dtype, raw, part, ret);
        first += (int64_t)part;
        ret += part;
        n -= part;
    }
    return ERR_OK;
}
