#include "model/hf_head.h"

#include "base/defs.h"
#include "model/hf_config.h"
#include "model/safetensors.h"

#include <string.h>

static enum err_code compare(const struct safetensors *f, const struct safetensors_tensor *x,
                             const struct safetensors_tensor *y, bool *ret, struct err *e)
{
    unsigned char one[1 << 15], two[1 << 15];
    *ret = x->dtype == y->dtype && x->n_bytes == y->n_bytes;
    for (int64_t at = 0; *ret && at < x->n_bytes; at += (int64_t)sizeof one) {
        const int64_t left = x->n_bytes - at;
        const size_t n = left < (int64_t)sizeof one ? (size_t)left : sizeof one;
        if (safetensors_read_bytes(f, x, at, n, one, e) ||
            safetensors_read_bytes(f, y, at, n, two, e))
            return e->code;
        *ret = memcmp(one, two, n) == 0;
    }
    return ERR_OK;
}

enum err_code hf_head_find(const struct safetensors *f, const struct hf_config *c,
                           struct hf_head *ret, struct err *e)
{
    static const char *const names[] = {"transformer.wte.weight", "wte.weight",
                                        "model.embed_tokens.weight", "embed_tokens.weight"};
    const struct safetensors_tensor *const head = safetensors_find(f, "lm_head.weight");
    struct hf_head h = {.head = head};
    for (size_t i = 0; i < COUNT_OF(names) && !h.tokens; i++)
        h.tokens = safetensors_find(f, names[i]);
    h.tied = c->tie_word_embeddings;
    if (h.tied && h.tokens && head && compare(f, h.tokens, head, &h.tied, e))
        return e->code;
    if (h.tied) {
        h.copy = h.tokens ? head : nullptr;
        h.tokens = h.tokens ? h.tokens : head;
        h.head = nullptr;
    }
    *ret = h;
    return ERR_OK;
}
