/* llama_tokens.c - are llama.cpp's tokens of our GGUF keys the ones of our tokenizer? A table, kind
 * by kind, and TAP for the kinds that gguf_tokenizer_is_equal() claims. usage: test_llama_tokens
 * [TEXTS] */
#include "base/arena.h"
#include "base/defs.h"
#include "base/dlib.h"
#include "base/rng.h"
#include "base/str.h"
#include "io/file.h"
#include "model/gguf_tokenizer.h"
#include "model/gguf_write.h"
#include "model/synth_tokenizer.h"
#include "model/tokenizer.h"
#include "test.h"

#include <llama.h>
#include <stdlib.h>
#include <unistd.h>

/* clang-format off */
#define FUNCTIONS(X)                                                                               \
    X(llama_backend_init) X(llama_log_set) X(llama_model_default_params)                           \
    X(llama_model_load_from_file) X(llama_model_free) X(llama_model_get_vocab) X(llama_tokenize)
/* clang-format on */
#define SLOT(fn) typeof(fn) *fn;
#define ROW(fn)  DLIB_SYMBOL(fn, lib.fn),

constexpr int32_t MOST_IDS = 8192;

static struct {
    FUNCTIONS(SLOT)
} lib;

static void no_log(enum ggml_log_level, const char *, void *) {}

static void add_character(struct str *out, uint32_t c)
{
    const char four[] = {(char)(0xf0 | c >> 18), (char)(0x80 | (c >> 12 & 63)),
                         (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))};
    const char three[] = {(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 63)),
                          (char)(0x80 | (c & 63))};
    const char two[] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 63))};
    if (c < 0x80)
        str_putc(out, (char)c);
    else if (c < 0x800)
        str_add(out, two, 2);
    else
        str_add(out, c < 0x10000 ? three : four, c < 0x10000 ? 3 : 4);
}

static void random_text(struct rng *r, struct str *out)
{
    static const struct {
        uint32_t first, last;
    } pools[] = {{0x20, 0x7e},       {0x61, 0x7a},     {0x61, 0x7a},       {0x30, 0x39},
                 {0x1, 0x20},        {0x80, 0x24f},    {0x300, 0x36f},     {0x400, 0x6ff},
                 {0x900, 0xdff},     {0x2000, 0x2bff}, {0x3040, 0x9fff},   {0xac00, 0xd7a3},
                 {0x1f300, 0x1faff}, {0x1, 0xd7ff},    {0x10000, 0x10ffff}};
    static const char *const snippets[] = {
        " ",      "  ",      "\n",     " the", " and",           "ing", "'s", "'LL", "\t", "1",
        "\u00a0", "e\u0301", "\u200d", "<s>",  "<|end_of_text|>"};
    const size_t n = 1 + (size_t)rng_below(r, 40);
    size_t pool = (size_t)rng_below(r, COUNT_OF(pools));
    str_clear(out);
    for (size_t i = 0; i < n; i++) {
        if (rng_below(r, 5) == 0)
            pool = (size_t)rng_below(r, COUNT_OF(pools));
        if (rng_below(r, 4) == 0)
            str_puts(out, snippets[rng_below(r, COUNT_OF(snippets))]);
        else
            add_character(out,
                          pools[pool].first +
                              (uint32_t)rng_below(r, pools[pool].last - pools[pool].first + 1));
    }
}

static struct llama_model *load(const char *folder, uint32_t vocab, struct arena *a)
{
    CLEANUP(gguf_write_freep) struct gguf_write *w = gguf_write_new(a);
    const char *const path = file_join(a, folder, "tokens.gguf");
    struct err e = {};
    int64_t bytes;
    gguf_write_str(w, "general.architecture", "llama");
    gguf_write_u32(w, "llama.context_length", 64);
    gguf_write_u32(w, "llama.embedding_length", 32);
    gguf_write_u32(w, "llama.feed_forward_length", 32);
    gguf_write_u32(w, "llama.block_count", 1);
    gguf_write_u32(w, "llama.attention.head_count", 1);
    gguf_write_f32(w, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
    if (gguf_tokenizer_write(w, folder, vocab, -1, -1, a, &e) || gguf_write_begin(w, path, &e) ||
        gguf_write_end(w, &bytes, &e)) {
        printf("# %s\n", e.msg);
        return nullptr;
    }
    struct llama_model_params p = lib.llama_model_default_params();
    p.vocab_only = true;
    struct llama_model *const m = lib.llama_model_load_from_file(path, p);
    (void)unlink(path);
    return m;
}

static size_t count_same(struct tokenizer *t, const struct llama_vocab *v, size_t n,
                         struct str *first)
{
    static int32_t x[MOST_IDS], y[MOST_IDS];
    CLEANUP(str_done) struct str text = {};
    struct rng r;
    size_t same = 0;
    rng_init(&r, 11);
    for (size_t i = 0; i < n; i++) {
        struct err e = {};
        size_t m = 0;
        random_text(&r, &text);
        const int32_t k =
            lib.llama_tokenize(v, text.text, (int32_t)text.n, y, MOST_IDS, true, true);
        const bool equal = !tokenizer_encode(t, text.text, text.n, x, (size_t)MOST_IDS, &m, &e) &&
                           k >= 0 && (size_t)k == m && memcmp(x, y, m * sizeof *x) == 0;
        if (!equal && !first->n)
            str_add(first, text.text, text.n);
        same += equal;
    }
    return same;
}

static void check_family(enum synth_family family, uint32_t vocab, size_t n, const char *folder,
                         struct arena *a)
{
    struct synth_spec s = SYNTH_SPEC_DEFAULT;
    CLEANUP(tokenizer_freep) struct tokenizer *t = nullptr;
    CLEANUP(str_done) struct str first = {};
    struct err e = {};
    s.family = family;
    s.vocab_size = vocab;
    const char *const type = synth_spec_model_type(&s);
    const char *const config = arena_printf(a, "{\"model_type\": \"%s\"}", type);
    const char *const label = arena_printf(a, "%s, %u tokens", type, vocab);
    if (synth_tokenizer_write(&s, folder, a, &e) ||
        file_write(file_join(a, folder, "config.json"), config, strlen(config), &e) ||
        tokenizer_read(folder, a, &t, &e)) {
        CHECK(label, false, "%s", e.msg);
        return;
    }
    struct llama_model *const m = load(folder, vocab, a);
    CHECK(label, m, "llama.cpp does not load it");
    if (!m)
        return;
    const size_t same = count_same(t, lib.llama_model_get_vocab(m), n, &first);
    const bool normalised = family == SYNTH_QWEN2 || family == SYNTH_QWEN3;
    const double least = normalised ? 0.5 : 0.999;
    CHECK(label, (double)same >= least * (double)n, "%zu of %zu texts; first: %s", same, n,
          str_text(&first));
    printf("# %s: %zu of %zu texts the same\n", label, same, n);
    lib.llama_model_free(m);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"libllama.so.0", "libllama.so", nullptr};
    static const struct dlib_symbol symbols[] = {FUNCTIONS(ROW)};
    const size_t n = argc > 1 ? strtoul(argv[1], nullptr, 10) : 5000;
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 30);
    char folder[] = "llama_tokens.XXXXXX";
    const char *path;
    struct err e = {};
    if (dlib_open(names, symbols, COUNT_OF(symbols), &path, &e)) {
        printf("ok %d - llama.cpp's tokens # SKIP %s\n", ++test_count, e.msg);
        return test_done();
    }
    if (!mkdtemp(folder))
        return 1;
    lib.llama_log_set(no_log, nullptr);
    lib.llama_backend_init();
    for (enum synth_family family = 0; family < SYNTH_FAMILIES; family++) {
        check_family(family, 1000, n, folder, a);
        check_family(family, 20'000, n, folder, a);
    }
    static const char *const files[] = {"tokenizer.json", "tokenizer_config.json", "config.json"};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        (void)unlink(file_join(a, folder, files[i]));
    (void)rmdir(folder);
    return test_done();
}
