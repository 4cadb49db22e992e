#include "domain/model_facts.h"

#include "domain/precision.h"

#include <ctype.h>
#include <string.h>

bool model_facts_holds(const struct model_facts *m, const char *precision)
{
    const struct precision *p;
    for (size_t i = 0; (p = precision_at(i)); i++)
        if (strcmp(p->name, precision) == 0)
            return m->holds >> i & 1;
    return false;
}

/* int8 is q8_0 in a GGUF file: two names of one recipe. */
static bool same_recipe(const char *a, const char *b)
{
    const struct precision *const x = precision_find(a), *const y = precision_find(b);
    return x && y && x->file_type == y->file_type;
}

/* A word of the name, as people write them: model-Q8_0.gguf, model.f16.gguf. */
static bool in_name(const char *path, const char *word)
{
    const char *const slash = strrchr(path, '/');
    const char *const name = slash ? slash + 1 : path;
    const size_t n = strlen(word);
    for (const char *at = name; *at; at++) {
        size_t same = 0;
        while (same < n && tolower((unsigned char)at[same]) == word[same])
            same++;
        const bool begins = at == name || strchr("-.", at[-1]);
        if (same == n && begins && (at[n] == '\0' || strchr("-.", at[n])))
            return true;
    }
    return false;
}

bool model_facts_claims(const struct model_facts *m, const char *precision)
{
    if (m->claims && (strcmp(m->claims, precision) == 0 ||
                      (m->kind == MODEL_GGUF && same_recipe(m->claims, precision))))
        return true;
    if (m->kind != MODEL_GGUF || !m->path)
        return false;
    const bool fp = strcmp(precision, "fp32") == 0 || strcmp(precision, "fp16") == 0;
    if (fp && in_name(m->path, precision[2] == '3' ? "f32" : "f16"))
        return true;
    const struct precision *p;
    for (size_t i = 0; (p = precision_at(i)); i++)
        if (same_recipe(p->name, precision) && in_name(m->path, p->name))
            return true;
    return false;
}
