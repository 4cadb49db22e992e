#include "io/json.h"

#include "base/arena.h"
#include "io/file.h"

#include <string.h>
#include <yyjson.h>

static yyjson_val *in(const struct json *v)
{
    return (
        yyjson_val *)(uintptr_t)v; /* yyjson takes non-const pointers to what it does not change */
}

static const struct json *out(yyjson_val *v)
{
    return (const struct json *)v;
}

static void *json_malloc(void *ctx, size_t size)
{
    return arena_try_alloc(ctx, size, 1);
}

static void *json_realloc(void *ctx, void *old, size_t old_size, size_t size)
{
    if (size <= old_size)
        return old;
    void *const p = arena_try_alloc(ctx, size, 1);
    if (p)
        memcpy(p, old, old_size);
    return p;
}

static void json_free(void *, void *) {}

static enum err_code parse(const char *text, size_t n, const char *name, yyjson_read_flag flags,
                           struct arena *a, const struct json **ret, struct err *e)
{
    const yyjson_alc alc = {json_malloc, json_realloc, json_free, a};
    yyjson_read_err why;
    /* without YYJSON_READ_INSITU the text is not written to */
    yyjson_doc *const doc = yyjson_read_opts((char *)(uintptr_t)text, n, flags, &alc, &why);
    if (!doc) {
        size_t line = 0, column = 0, chars = 0;
        if (!yyjson_locate_pos(text, n, why.pos, &line, &column, &chars))
            line = column = 0;
        return err_set(e, ERR_PARSE, "%s:%zu:%zu: not JSON: %s", name, line, column, why.msg);
    }
    *ret = out(yyjson_doc_get_root(doc));
    return ERR_OK;
}

enum err_code json_parse(const char *text, size_t n, const char *name, struct arena *a,
                         const struct json **ret, struct err *e)
{
    return parse(text, n, name, 0, a, ret, e);
}

enum err_code json_parse_nan(const char *text, size_t n, const char *name, struct arena *a,
                             const struct json **ret, struct err *e)
{
    return parse(text, n, name, YYJSON_READ_ALLOW_INF_AND_NAN, a, ret, e);
}

enum err_code json_read_file(const char *path, struct arena *a, const struct json **ret,
                             struct err *e)
{
    char *text;
    size_t n;
    if (file_read(path, a, &text, &n, e))
        return e->code;
    return json_parse(text, n, path, a, ret, e);
}

const struct json *json_get(const struct json *object, const char *key)
{
    return out(yyjson_obj_get(in(object), key));
}

const struct json *json_at(const struct json *array, size_t i)
{
    return out(yyjson_arr_get(in(array), i));
}

size_t json_len(const struct json *v)
{
    if (!yyjson_is_ctn(in(v)) && !yyjson_is_str(in(v)))
        return 0;
    return unsafe_yyjson_get_len(in(v));
}

bool json_is_object(const struct json *v)
{
    return yyjson_is_obj(in(v));
}

bool json_is_array(const struct json *v)
{
    return yyjson_is_arr(in(v));
}

bool json_is_str(const struct json *v)
{
    return yyjson_is_str(in(v));
}

bool json_is_num(const struct json *v)
{
    return yyjson_is_num(in(v));
}

bool json_is_null(const struct json *v)
{
    return yyjson_is_null(in(v));
}

const char *json_str(const struct json *v, const char *otherwise)
{
    return yyjson_is_str(in(v)) ? yyjson_get_str(in(v)) : otherwise;
}

double json_f64(const struct json *v, double otherwise)
{
    return yyjson_is_num(in(v)) ? yyjson_get_num(in(v)) : otherwise;
}

int64_t json_i64(const struct json *v, int64_t otherwise)
{
    if (yyjson_is_uint(in(v)) && yyjson_get_uint(in(v)) > INT64_MAX)
        return otherwise;
    if (yyjson_is_int(in(v)))
        return yyjson_get_sint(in(v));
    if (yyjson_is_real(in(v))) {
        const double x = yyjson_get_real(in(v));
        if (x > -9e18 && x < 9e18 && (double)(int64_t)x == x)
            return (int64_t)x;
    }
    return otherwise;
}

uint64_t json_u64(const struct json *v, uint64_t otherwise)
{
    if (yyjson_is_uint(in(v)))
        return yyjson_get_uint(in(v));
    const int64_t x = json_i64(v, -1);
    return x >= 0 ? (uint64_t)x : otherwise;
}

bool json_bool(const struct json *v, bool otherwise)
{
    return yyjson_is_bool(in(v)) ? yyjson_get_bool(in(v)) : otherwise;
}

struct json_iter json_iter(const struct json *v)
{
    const bool object = yyjson_is_obj(in(v));
    if (!object && !yyjson_is_arr(in(v)))
        return (struct json_iter){};
    return (struct json_iter){
        .next = out(unsafe_yyjson_get_first(in(v))),
        .left = unsafe_yyjson_get_len(in(v)),
        .object = object,
    };
}

const struct json *json_next(struct json_iter *it, const char **ret_key)
{
    if (ret_key)
        *ret_key = nullptr;
    if (it->left == 0)
        return nullptr;
    it->left--;
    yyjson_val *v = in(it->next);
    if (it->object) {
        if (ret_key)
            *ret_key = yyjson_get_str(v);
        it->key_len = yyjson_get_len(v);
        v++;
    }
    it->next = out(unsafe_yyjson_get_next(v));
    return out(v);
}
