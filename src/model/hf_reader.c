#include "model/hf_reader.h"

#include "base/arena.h"
#include "io/json.h"

#include <math.h>
#include <string.h>

/* json.h keeps no positions; the first place where the key stands in quotes is the line that a
 * person will look at. */
unsigned hf_reader_line(const struct hf_reader *r, const char *key)
{
    const size_t n = strlen(key);
    unsigned line = 1;
    for (const char *p = r->text; *p; p++) {
        if (*p == '\n')
            line++;
        if (*p == '"' && strncmp(p + 1, key, n) == 0 && p[n + 1] == '"')
            return line;
    }
    return 0;
}

const struct json *hf_reader_find(const struct hf_reader *r, const char *const *names,
                                  const char **ret_key)
{
    for (; *names; names++) {
        const struct json *const v = json_get(r->root, *names);
        if (v && !json_is_null(v)) {
            *ret_key = *names;
            return v;
        }
    }
    return nullptr;
}

enum err_code hf_reader_count(const struct hf_reader *r, const char *const *names,
                              int64_t otherwise, uint32_t *ret, struct err *e)
{
    const char *key = names[0];
    const struct json *const v = hf_reader_find(r, names, &key);
    const int64_t x = v ? json_i64(v, -1) : otherwise;
    if ((v && x < 1) || x > INT32_MAX)
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be a whole number from 1 to %d", r->path,
                       hf_reader_line(r, key), key, INT32_MAX);
    *ret = (uint32_t)x;
    return ERR_OK;
}

enum err_code hf_reader_bool(const struct hf_reader *r, const char *key, bool otherwise, bool *ret,
                             struct err *e)
{
    const struct json *const v = json_get(r->root, key);
    *ret = json_bool(v, otherwise);
    if (v && !json_is_null(v) && json_bool(v, true) != json_bool(v, false))
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be true or false", r->path,
                       hf_reader_line(r, key), key);
    return ERR_OK;
}

enum err_code hf_reader_number(const struct hf_reader *r, const char *const *names, double least,
                               double otherwise, double *ret, struct err *e)
{
    const char *key = names[0];
    const struct json *const v = hf_reader_find(r, names, &key);
    *ret = v ? json_f64(v, NAN) : otherwise;
    if (v && !(*ret >= least && isfinite(*ret)))
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be a number of at least %g", r->path,
                       hf_reader_line(r, key), key, least);
    return ERR_OK;
}

enum err_code hf_reader_token(const struct hf_reader *r, const char *key, int64_t otherwise,
                              int64_t *ret, struct err *e)
{
    const struct json *v = json_get(r->root, key);
    if (json_is_array(v)) /* several ends: the first is the one that everybody stops at */
        v = json_at(v, 0);
    *ret = !v ? otherwise : json_is_null(v) ? -1 : json_i64(v, -2);
    if (*ret < -1 || *ret > INT32_MAX)
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be a token id", r->path,
                       hf_reader_line(r, key), key);
    return ERR_OK;
}

enum err_code hf_reader_name(const struct hf_reader *r, const char *const *names,
                             const char *otherwise, struct arena *a, const char **ret,
                             struct err *e)
{
    const char *key = names[0];
    const struct json *const v = hf_reader_find(r, names, &key);
    if (v && !json_is_str(v))
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be a name", r->path, hf_reader_line(r, key),
                       key);
    const char *const name = v ? json_str(v, "") : otherwise;
    *ret = name ? arena_strdup(a, name) : nullptr;
    return ERR_OK;
}
