#include "model/tokenizer_part.h"

#include "io/json.h"

#include <string.h>

constexpr size_t MOST_DEPTH = 8; /* Sequences in Sequences */

static enum err_code flatten(const struct json *v, const char *what, const char *inner,
                             size_t depth, struct tokenizer_part_list *ret, struct err *e)
{
    const char *const type = json_str(json_get(v, "type"), nullptr);
    if (!type)
        return err_set(e, ERR_PARSE, "%s: a part has no 'type'", what);
    if (strcmp(type, "Sequence") != 0) {
        if (ret->n == TOKENIZER_PARTS)
            return err_set(e, ERR_LIMIT, "%s has more than %zu parts", what, TOKENIZER_PARTS);
        ret->part[ret->n] = v;
        ret->type[ret->n++] = type;
        return ERR_OK;
    }
    const struct json *const list = json_get(v, inner), *part;
    if (!json_is_array(list))
        return err_set(e, ERR_PARSE, "%s: a Sequence needs the list '%s'", what, inner);
    if (depth == MOST_DEPTH)
        return err_set(e, ERR_LIMIT, "%s has Sequences more than %zu deep", what, MOST_DEPTH);
    for (struct json_iter it = json_iter(list); (part = json_next(&it, nullptr));)
        if (flatten(part, what, inner, depth + 1, ret, e))
            return e->code;
    return ERR_OK;
}

enum err_code tokenizer_part_flatten(const struct json *v, const char *what, const char *inner,
                                     struct tokenizer_part_list *ret, struct err *e)
{
    if (!v || json_is_null(v))
        return ERR_OK;
    return flatten(v, what, inner, 0, ret, e);
}

enum err_code tokenizer_part_bool(const struct json *v, const char *key, const bool *otherwise,
                                  bool *ret, struct err *e)
{
    const struct json *const x = json_get(v, key);
    *ret = json_bool(x, otherwise && *otherwise);
    if (x ? json_bool(x, true) != json_bool(x, false) : !otherwise)
        return err_set(e, ERR_PARSE, "%.60s: '%s' must be true or false",
                       json_str(json_get(v, "type"), "a token"), key);
    return ERR_OK;
}

enum err_code tokenizer_part_text(const struct json *v, const char *key, const char **ret,
                                  size_t *ret_n, struct err *e)
{
    const struct json *const x = json_get(v, key);
    if (!json_is_str(x))
        return err_set(e, ERR_PARSE, "%.60s: '%s' must be text",
                       json_str(json_get(v, "type"), "a token"), key);
    *ret = json_str(x, "");
    *ret_n = json_len(x);
    return ERR_OK;
}

enum err_code tokenizer_part_pattern(const struct json *v, struct arena *a,
                                     struct tokenizer_pattern *ret, struct err *e)
{
    const struct json *const x = json_get(v, "pattern");
    const struct json *const text = json_get(x, "String"), *const regex = json_get(x, "Regex");
    if (!json_is_str(text ? text : regex) || json_len(x) != 1)
        return err_set(e, ERR_PARSE,
                       "%.60s: 'pattern' must be {\"String\": text} or {\"Regex\": text}",
                       json_str(json_get(v, "type"), ""));
    if (regex || json_len(text) == 0) /* an empty text is found as the empty expression is */
        return tokenizer_pattern_regex(json_str(text ? text : regex, ""),
                                       json_len(text ? text : regex), a, ret, e);
    *ret = (struct tokenizer_pattern){.kind = PATTERN_TEXT};
    return tokenizer_part_text(x, "String", &ret->text, &ret->n, e);
}
