#include "io/json_copy.h"

#include "io/json.h"
#include "io/jsonw.h"

#include <stdint.h>

static void copy_number(const struct json *v, struct jsonw *w)
{
    const int64_t whole = json_i64(v, INT64_MIN);
    if (whole != INT64_MIN)
        jsonw_i64(w, whole);
    else
        jsonw_f64(w, json_f64(v, 0));
}

void json_copy(const struct json *v, struct jsonw *w)
{
    if (!v || json_is_null(v)) {
        jsonw_null(w);
    } else if (json_is_str(v)) {
        jsonw_strn(w, json_str(v, ""), json_len(v));
    } else if (json_is_num(v)) {
        copy_number(v, w);
    } else if (json_is_array(v) || json_is_object(v)) {
        const bool object = json_is_object(v);
        object ? jsonw_object(w) : jsonw_array(w);
        struct json_iter it = json_iter(v);
        const char *key;
        for (const struct json *x; (x = json_next(&it, &key));) {
            if (object)
                jsonw_key(w, key);
            json_copy(x, w);
        }
        object ? jsonw_end_object(w) : jsonw_end_array(w);
    } else {
        jsonw_bool(w, json_bool(v, false));
    }
}
