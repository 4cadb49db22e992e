#include "model/synth_spec.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/str.h"
#include "model/hf_family.h"
#include "model/synth_tokenizer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t MOST_LAYERS = 1024;
constexpr uint32_t MOST_VOCABULARY = 1U << 20;
constexpr uint32_t MOST_CONTEXT = 1U << 20;
constexpr uint32_t MOST_SHARDS = 999;

static const char prefix[] = "synth:";
static const char *const words[SYNTH_FAMILIES] = {"gpt2",  "llama", "mistral",
                                                  "qwen2", "qwen3", "gemma3"};

enum : uint32_t {
    IN_GPT2 = 1U << SYNTH_GPT2,
    IN_LLAMA = 1U << SYNTH_LLAMA,
    IN_MISTRAL = 1U << SYNTH_MISTRAL,
    IN_QWEN2 = 1U << SYNTH_QWEN2,
    IN_QWEN3 = 1U << SYNTH_QWEN3,
    IN_GEMMA3 = 1U << SYNTH_GEMMA3,
    IN_ALL = (1U << SYNTH_FAMILIES) - 1,
    IN_ROPED = IN_ALL & ~IN_GPT2,
};

enum key : uint8_t {
    L,
    D,
    H,
    KV,
    HD,
    FF,
    VOCAB,
    CTX,
    TIED,
    ROPE,
    BIAS,
    WINDOW,
    GLOBAL,
    DTYPE,
    SHARDS,
    SEED,
    KEYS
};

/* In the order of a name. */
static const struct key_row {
    const char *name, *values; /* nullptr: a whole number; else its words, with '|' between */
    uint32_t families;
    uint32_t least, most;
} keys[KEYS] = {
    [L] = {"L", nullptr, IN_ALL, 1, MOST_LAYERS},
    [D] = {"d", nullptr, IN_ALL, 1, SYNTH_SPEC_MOST_WIDTH},
    [H] = {"h", nullptr, IN_ALL, 1, SYNTH_SPEC_MOST_WIDTH},
    [KV] = {"kv", nullptr, IN_ROPED, 1, SYNTH_SPEC_MOST_WIDTH},
    [HD] = {"hd", nullptr, IN_ROPED, 2, SYNTH_SPEC_MOST_WIDTH},
    [FF] = {"ff", nullptr, IN_ROPED, 1, SYNTH_SPEC_MOST_WIDTH},
    [VOCAB] = {"vocab", nullptr, IN_ALL, SYNTH_LEAST_VOCABULARY, MOST_VOCABULARY},
    [CTX] = {"ctx", nullptr, IN_ALL, 1, MOST_CONTEXT},
    [TIED] = {"tied", nullptr, IN_ALL, 0, 1},
    [ROPE] = {"rope", "default|linear|dynamic|llama3|yarn", IN_ROPED, 0, 0},
    [BIAS] = {"bias", nullptr, IN_LLAMA | IN_QWEN3, 0, 1},
    [WINDOW] = {"window", nullptr, IN_MISTRAL | IN_QWEN2 | IN_QWEN3 | IN_GEMMA3, 0, MOST_CONTEXT},
    [GLOBAL] = {"global", nullptr, IN_GEMMA3, 1, MOST_LAYERS},
    [DTYPE] = {"dtype", "fp32|fp16|bf16", IN_ALL, 0, 0},
    [SHARDS] = {"shards", nullptr, IN_ALL, 1, MOST_SHARDS},
    [SEED] = {"seed", nullptr, IN_ALL, 0, UINT32_MAX},
};

static const struct hf_family *family_of(const struct synth_spec *s)
{
    return hf_family_find(synth_spec_model_type(s));
}

const char *synth_spec_model_type(const struct synth_spec *s)
{
    return s->family == SYNTH_GEMMA3 ? "gemma3_text" : words[s->family];
}

bool synth_spec_tied(const struct synth_spec *s)
{
    return family_of(s)->tied != s->other_head;
}

bool synth_spec_slides(const struct synth_spec *s, uint32_t layer)
{
    if (s->family == SYNTH_GEMMA3)
        return (layer + 1) % s->full_every != 0;
    const bool half = s->family == SYNTH_QWEN2 || s->family == SYNTH_QWEN3;
    return s->window > 0 && (!half || layer >= s->n_layers / 2);
}

size_t synth_spec_dtype_bytes(const struct synth_spec *s)
{
    return s->dtype == SYNTH_FP32 ? 4 : 2;
}

/* ---- values by key ---- */

static uint64_t get(const struct synth_spec *s, enum key k)
{
    switch (k) {
    case L:
        return s->n_layers;
    case D:
        return s->d_model;
    case H:
        return s->n_heads;
    case KV:
        return s->n_kv_heads;
    case HD:
        return s->head_dim;
    case FF:
        return s->d_inner;
    case VOCAB:
        return s->vocab_size;
    case CTX:
        return s->n_ctx;
    case TIED:
        return synth_spec_tied(s);
    case ROPE:
        return s->rope;
    case BIAS:
        return s->biases;
    case WINDOW:
        return s->window;
    case GLOBAL:
        return s->full_every;
    case DTYPE:
        return s->dtype;
    case SHARDS:
        return s->n_shards;
    case SEED:
        return s->seed;
    case KEYS:
        break;
    }
    unreachable();
}

static void set(struct synth_spec *s, enum key k, uint64_t x)
{
    uint32_t *const counts[KEYS] = {
        [L] = &s->n_layers,      [D] = &s->d_model,         [H] = &s->n_heads,
        [KV] = &s->n_kv_heads,   [HD] = &s->head_dim,       [FF] = &s->d_inner,
        [CTX] = &s->n_ctx,       [VOCAB] = &s->vocab_size,  [WINDOW] = &s->window,
        [SHARDS] = &s->n_shards, [GLOBAL] = &s->full_every,
    };
    if (counts[k])
        *counts[k] = (uint32_t)x;
    else if (k == TIED)
        s->other_head = family_of(s)->tied != (x == 1);
    else if (k == ROPE)
        s->rope = (enum rope_kind)x;
    else if (k == BIAS)
        s->biases = x == 1;
    else if (k == DTYPE)
        s->dtype = (enum synth_dtype)x;
    else
        s->seed = x;
}

static const char *word_of(enum key k, uint64_t which, struct arena *a)
{
    const char *p = keys[k].values;
    for (; which > 0; which--)
        p = strchr(p, '|') + 1;
    return arena_strndup(a, p, strcspn(p, "|"));
}

/* ---- reading a name ---- */

static enum err_code parse_number(const char *name, enum key k, const char *text, size_t n,
                                  uint64_t *ret, struct err *e)
{
    const uint64_t most = k == SEED ? UINT64_MAX : UINT32_MAX;
    char digits[24] = {};
    char *end = digits;
    if (n > 0 && n < sizeof digits && text[0] >= '0' && text[0] <= '9') {
        memcpy(digits, text, n);
        errno = 0;
        *ret = strtoull(digits, &end, 10);
    }
    if (end == digits || *end || errno || *ret > most)
        return err_set(e, ERR_USAGE, "'%s': %s=%.*s: want a whole number from 0 to %" PRIu64, name,
                       keys[k].name, (int)n, text, most);
    return ERR_OK;
}

static enum err_code parse_word(const char *name, enum key k, const char *text, size_t n,
                                uint64_t *ret, struct err *e)
{
    const char *p = keys[k].values;
    for (*ret = 0;; ++*ret) {
        const size_t length = strcspn(p, "|");
        if (length == n && memcmp(p, text, n) == 0)
            return ERR_OK;
        if (!p[length])
            break;
        p += length + 1;
    }
    return err_set(e, ERR_USAGE, "'%s': %s=%.*s: want one of %s", name, keys[k].name, (int)n, text,
                   keys[k].values);
}

static const char *keys_of(enum synth_family f, struct str *out)
{
    for (enum key k = 0; k < KEYS; k++)
        if (keys[k].families >> f & 1)
            str_printf(out, "%s%s=", out->n ? ", " : "", keys[k].name);
    return str_text(out);
}

static enum err_code unknown_key(const char *name, enum synth_family f, const char *word,
                                 bool has_value, struct err *e)
{
    const char *known[KEYS];
    size_t n = 0;
    for (enum key k = 0; k < KEYS; k++)
        if (keys[k].families >> f & 1)
            known[n++] = keys[k].name;
    const char *const near = has_value ? nearest_word(word, known, n) : nullptr;
    if (near)
        return err_set(e, ERR_USAGE, "'%s': unknown key '%s'; did you mean '%s'?", name, word,
                       near);
    CLEANUP(str_done) struct str list = {};
    return err_set(e, ERR_USAGE, "'%s': '%s': %s has %s each with a value, with commas between",
                   name, word, words[f], keys_of(f, &list));
}

static enum err_code parse_pair(const char *name, const char *text, size_t n, struct synth_spec *s,
                                struct err *e)
{
    const char *const equals = memchr(text, '=', n);
    const size_t length = equals ? (size_t)(equals - text) : n;
    for (enum key k = 0; k < KEYS && equals; k++) {
        if (strlen(keys[k].name) != length || memcmp(keys[k].name, text, length) != 0 ||
            !(keys[k].families >> s->family & 1))
            continue;
        uint64_t x = 0;
        const size_t rest = n - length - 1;
        if (keys[k].values ? parse_word(name, k, equals + 1, rest, &x, e)
                           : parse_number(name, k, equals + 1, rest, &x, e))
            return e->code;
        if (k != SEED && !keys[k].values && (x < keys[k].least || x > keys[k].most))
            return err_set(e, ERR_USAGE, "'%s': %s must be from %u to %u, not %" PRIu64, name,
                           keys[k].name, keys[k].least, keys[k].most, x);
        if (k == WINDOW && (x == 1 || (x == 0 && s->family == SYNTH_GEMMA3)))
            return err_set(e, ERR_USAGE,
                           "'%s': window=%" PRIu64 ": want 2 or more%s (transformers' own cache "
                           "cannot hold a window of 1)",
                           name, x, s->family == SYNTH_GEMMA3 ? "" : ", or 0 for none");
        set(s, k, x);
        return ERR_OK;
    }
    char word[32];
    (void)snprintf(word, sizeof word, "%.*s", (int)length, text);
    return unknown_key(name, s->family, word, equals != nullptr, e);
}

static enum err_code parse_family(const char *name, const char *text, size_t n,
                                  enum synth_family *ret, struct err *e)
{
    for (enum synth_family f = 0; f < SYNTH_FAMILIES; f++)
        if (strlen(words[f]) == n && memcmp(words[f], text, n) == 0) {
            *ret = f;
            return ERR_OK;
        }
    char word[32];
    (void)snprintf(word, sizeof word, "%.*s", (int)n, text);
    const char *const near = nearest_word(word, words, COUNT_OF(words));
    CLEANUP(str_done) struct str list = {};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        str_printf(&list, "%s%s", i ? ", " : "", words[i]);
    return err_set(e, ERR_USAGE, "'%s': no such family: '%s'%s%s%s; want one of %s", name, word,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'" : "",
                   str_text(&list));
}

static uint32_t default_window(enum synth_family f, uint32_t n_ctx)
{
    return f != SYNTH_GEMMA3 ? 0 : n_ctx < 8 ? 2 : n_ctx / 4;
}

enum err_code synth_spec_parse(const char *name, struct synth_spec *ret, struct err *e)
{
    struct synth_spec s = SYNTH_SPEC_DEFAULT;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return err_set(e, ERR_USAGE, "'%s': want synth:gpt2/L=8,d=512,h=8,...", name);
    const char *p = name + sizeof prefix - 1;
    const size_t family = strcspn(p, "/");
    if (parse_family(name, p, family, &s.family, e))
        return e->code;
    if (s.family != SYNTH_GPT2)
        s.vocab_size = 32'000;
    p += family;
    while (*p) {
        p++; /* the '/' before the first pair, the ',' before the others */
        const size_t n = strcspn(p, ",");
        if (parse_pair(name, p, n, &s, e))
            return e->code;
        p += n;
    }
    if (synth_spec_complete(&s, e))
        return err_wrap(e, "'%s'", name);
    *ret = s;
    return ERR_OK;
}

/* ---- defaults and bounds ---- */

static uint32_t default_inner(const struct synth_spec *s)
{
    if (s->family == SYNTH_GPT2)
        return 4 * s->d_model;
    return (8 * s->d_model / 3 + 7) / 8 * 8; /* as many weights as 4 d without a gate */
}

static void fill_in(struct synth_spec *s)
{
    const bool wide = s->family == SYNTH_QWEN3 || s->family == SYNTH_GEMMA3;
    if (!s->n_shards)
        s->n_shards = 1;
    if (!s->n_kv_heads)
        s->n_kv_heads = s->family == SYNTH_GPT2 || s->n_heads % 2 ? s->n_heads : s->n_heads / 2;
    if (!s->head_dim)
        s->head_dim = s->d_model / s->n_heads * (wide ? 2 : 1);
    if (!s->d_inner)
        s->d_inner = default_inner(s);
    if (!s->full_every)
        s->full_every = family_of(s)->full_every;
    if (!s->window)
        s->window = default_window(s->family, s->n_ctx);
}

static enum err_code check_together(const struct synth_spec *s, struct err *e)
{
    if (s->family == SYNTH_GPT2 || s->family == SYNTH_LLAMA || s->family == SYNTH_GEMMA3)
        if (s->d_model % s->n_heads) /* transformers refuses it, whatever the size of a head */
            return err_set(e, ERR_USAGE, "width (d) %u is no multiple of heads (h) %u", s->d_model,
                           s->n_heads);
    if (s->family == SYNTH_GPT2)
        return ERR_OK;
    if (s->n_heads % s->n_kv_heads)
        return err_set(e, ERR_USAGE, "heads (h) %u is no multiple of key-value heads (kv) %u",
                       s->n_heads, s->n_kv_heads);
    if (s->head_dim == 0 || s->head_dim % 2)
        return err_set(e, ERR_USAGE,
                       "the size of a head is %u; a rotary embedding needs an even one (set hd, or "
                       "d and h so that d / h is even)",
                       s->head_dim);
    if ((uint64_t)s->n_heads * s->head_dim > SYNTH_SPEC_MOST_WIDTH)
        return err_set(e, ERR_USAGE, "heads (h) %u of size (hd) %u are wider than %u", s->n_heads,
                       s->head_dim, SYNTH_SPEC_MOST_WIDTH);
    if (s->rope >= ROPE_LLAMA3 && s->n_ctx < 8)
        return err_set(e, ERR_USAGE,
                       "rope=%s stretches a quarter of the context: want ctx=8 or more",
                       rope_kind_name(s->rope));
    return ERR_OK;
}

enum err_code synth_spec_complete(struct synth_spec *s, struct err *e)
{
    static const char *const what[KEYS] = {[L] = "layers (L)",
                                           [D] = "width (d)",
                                           [H] = "heads (h)",
                                           [VOCAB] = "vocabulary (vocab)",
                                           [CTX] = "context (ctx)"};
    for (enum key k = 0; k < KEYS; k++) {
        const uint64_t x = what[k] ? get(s, k) : 0;
        if (what[k] && (x < keys[k].least || x > keys[k].most))
            return err_set(e, ERR_USAGE, "%s must be from %u to %u, not %" PRIu64, what[k],
                           keys[k].least, keys[k].most, x);
    }
    if (s->vocab_size < synth_tokenizer_least(s->family))
        return err_set(e, ERR_USAGE,
                       "vocabulary (vocab) must be at least %u for this family, not %u",
                       synth_tokenizer_least(s->family), s->vocab_size);
    fill_in(s);
    return check_together(s, e);
}

/* ---- what follows from it ---- */

/* A name says all numbers, and of the rest what is not the default. */
static bool is_said(const struct synth_spec *s, enum key k)
{
    switch (k) {
    case TIED:
        return s->other_head;
    case ROPE:
    case BIAS:
    case DTYPE:
        return get(s, k) != 0;
    case SHARDS:
        return s->n_shards != 1;
    case WINDOW:
        return s->window != 0;
    case L:
    case D:
    case H:
    case KV:
    case HD:
    case FF:
    case VOCAB:
    case CTX:
    case GLOBAL:
    case SEED:
    case KEYS:
        break;
    }
    return true;
}

char *synth_spec_name(const struct synth_spec *s, struct arena *a)
{
    CLEANUP(str_done) struct str out = {};
    str_printf(&out, "%s%s", prefix, words[s->family]);
    char between = '/';
    for (enum key k = 0; k < KEYS; k++) {
        if (!(keys[k].families >> s->family & 1) || !is_said(s, k))
            continue;
        str_printf(&out, "%c%s=", between, keys[k].name);
        if (keys[k].values)
            str_puts(&out, word_of(k, get(s, k), a));
        else
            str_printf(&out, "%" PRIu64, get(s, k));
        between = ',';
    }
    return arena_strdup(a, str_text(&out));
}

static int64_t params_gpt2(const struct synth_spec *s)
{
    const int64_t d = s->d_model, layers = s->n_layers;
    return d * ((int64_t)s->vocab_size + s->n_ctx) + layers * (12 * d * d + 13 * d) + 2 * d;
}

static int64_t params_gated(const struct synth_spec *s)
{
    const struct hf_family *const f = family_of(s);
    const int64_t d = s->d_model, ff = s->d_inner, q = (int64_t)s->n_heads * s->head_dim,
                  kv = (int64_t)s->n_kv_heads * s->head_dim;
    int64_t layer = 2 * d * (q + kv) + 3 * d * ff + (f->post_norms ? 4 : 2) * d;
    if (f->qk_norm)
        layer += 2 * (int64_t)s->head_dim;
    if (f->qkv_bias == HF_BIAS_ALWAYS || s->biases)
        layer += q + 2 * kv;
    if (s->biases)
        layer += d;
    if (s->biases && s->family == SYNTH_LLAMA)
        layer += 2 * ff + d;
    return d * s->vocab_size + d + s->n_layers * layer;
}

int64_t synth_spec_params(const struct synth_spec *s)
{
    const int64_t head = synth_spec_tied(s) ? 0 : (int64_t)s->vocab_size * s->d_model;
    return head + (s->family == SYNTH_GPT2 ? params_gpt2(s) : params_gated(s));
}
