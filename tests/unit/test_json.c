#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "test.h"

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 20);
    CLEANUP(str_done) struct str out = {};
    struct err e = {};
    struct jsonw w = {.out = &out};
    jsonw_object(&w);
    jsonw_kf64(&w, "tenth", 0.1);
    jsonw_kf64(&w, "unknown", NOT_MEASURED);
    jsonw_kstr(&w, "text", "a\"\n\x01\xff\xe2\x82\xac");
    jsonw_karray(&w, "list");
    jsonw_i64(&w, INT64_MIN);
    jsonw_u64(&w, UINT64_MAX);
    jsonw_end_array(&w);
    jsonw_kobject(&w, "empty");
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    const char want[] =
        "{\"tenth\":0.1,\"unknown\":null,\"text\":\"a\\\"\\n\\u0001\xef\xbf\xbd\xe2\x82\xac\","
        "\"list\":[-9223372036854775808,18446744073709551615],\"empty\":{}}";
    CHECK("one line of JSON", strcmp(out.text, want) == 0, "%s", out.text);

    const struct json *v = nullptr;
    enum err_code code = json_parse(out.text, out.n, "text", a, &v, &e);
    CHECK("reads back", code == ERR_OK, "%s", e.msg);
    CHECK_NEAR("the same double", json_f64(json_get(v, "tenth"), 0), 0.1, 0);
    CHECK("a chain through nothing gives the default",
          json_i64(json_get(json_get(v, "no"), "such"), 5) == 5, "not 5");
    size_t n = 0;
    const char *key;
    struct json_iter it = json_iter(v);
    while (json_next(&it, &key))
        n += key != nullptr;
    CHECK("five keys", n == 5, "%zu", n);
    code = json_parse("{\n \"a\": }", 9, "f.json", a, &v, &e);
    CHECK("an error names line and column", code == ERR_PARSE && strstr(e.msg, "f.json:2:"), "%s",
          e.msg);
    return test_done();
}
