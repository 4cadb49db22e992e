/* tokenizer.json; behind a NUL tokenizer_config.json, behind another config.json ({} where there is
 * none). What was accepted then encodes a few texts, and decodes them and ids that are none. */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "fuzz.h"
#include "model/tokenizer.h"

#include <string.h>

static const char *const texts[] = {
    "",
    " ",
    "Hello world, it's 12345.67!\n\n\tThe  end ",
    "<|endoftext|><s>[INST] a</s>",
    "caf\u00e9 cafe\u0301 \uac00\u1100\u1161 \ufb01 \u01c5",
    "\u4f60\u597d \U0001f469\u200d\U0001f680 \u2581\u0120 \u00a0\u3000",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

static void decode(struct tokenizer *t, const int32_t *ids, size_t n)
{
    CLEANUP(str_done) struct str out = {};
    struct err e = {};
    if (!tokenizer_decode(t, ids, n, &out, &e))
        FUZZ_CHECK(out.n == strlen(str_text(&out)) || memchr(out.text, 0, out.n));
}

static void use(struct tokenizer *t)
{
    static int32_t ids[4096];
    const size_t n_tokens = tokenizer_n_tokens(t);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct err e = {};
        size_t n = 0;
        if (tokenizer_encode(t, texts[i], strlen(texts[i]), ids, COUNT_OF(ids), &n, &e)) {
            FUZZ_CHECK(*e.msg);
            continue;
        }
        FUZZ_CHECK(n <= COUNT_OF(ids));
        for (size_t k = 0; k < n; k++)
            FUZZ_CHECK(ids[k] >= 0 && (size_t)ids[k] < n_tokens);
        decode(t, ids, n);
    }
    const int32_t odd[] = {-1, 0, 1, 2,  INT32_MAX, INT32_MIN, (int32_t)(n_tokens & INT32_MAX),
                           5,  4, 3, 258};
    decode(t, odd, COUNT_OF(odd));
}

static void walk(const struct tokenizer *t)
{
    const size_t n_tokens = tokenizer_n_tokens(t), n_merges = tokenizer_n_merges(t);
    for (size_t i = 0; i < n_tokens && i < 1000; i++) {
        const char *const text = tokenizer_token(t, (int32_t)i);
        FUZZ_CHECK(!tokenizer_is_special(t, (int32_t)i) || tokenizer_is_added(t, (int32_t)i));
        FUZZ_CHECK(!text || strlen(text) < 65536);
    }
    for (size_t i = 0; i < n_merges && i < 1000; i++) {
        int32_t left, right;
        tokenizer_merge(t, i, &left, &right);
        FUZZ_CHECK(left >= 0 && (size_t)left < n_tokens && right >= 0 && (size_t)right < n_tokens);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const names[] = {"tokenizer.json", "tokenizer_config.json", "config.json"};
    CLEANUP(arena_freep) struct arena *a = arena_new(FUZZ_MEMORY);
    CLEANUP(tokenizer_freep) struct tokenizer *t = nullptr;
    struct err e = {};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const uint8_t *const end = i + 1 < COUNT_OF(names) && n ? memchr(data, 0, n) : nullptr;
        const size_t part = end ? (size_t)(end - data) : n;
        (void)fuzz_file(names[i], i && !n ? (const void *)"{}" : data, i && !n ? 2 : part);
        data += part + !!end;
        n -= part + !!end;
    }
    const enum err_code code = tokenizer_read(fuzz_folder(), a, &t, &e);
    fuzz_verdict(code, &e);
    if (code)
        return 0;
    walk(t);
    use(t);
    return 0;
}
