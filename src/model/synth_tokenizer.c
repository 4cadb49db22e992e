#include "model/synth_tokenizer.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "model/byte_level.h"
#include "model/synth_pieces.h"

#include <string.h>

/* Pairs of little-endian token ids; pair i makes token 256 + i (data/tokenizer/README.md). */
static const unsigned char merges[] = {
#embed "tokenizer/merges.u16"
};
static_assert(sizeof merges == 4 * (SYNTH_MOST_VOCABULARY - SYNTH_LEAST_VOCABULARY));
constexpr uint32_t N_MERGES = SYNTH_MOST_VOCABULARY - SYNTH_LEAST_VOCABULARY;

/* How Llama 3 and Qwen2 cut a text into words. */
#define WORDS_BEFORE "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
#define WORDS_AFTER  "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/* What a family's tokenizer is. */
static const struct shape {
    const char *class;                        /* of transformers */
    const char *specials[5];                  /* first ids where it has pieces, else the last */
    uint32_t n_specials, begin, end, unknown; /* places in specials */
    bool pieces;       /* of characters, with byte fallback; else byte-level */
    bool begins;       /* every text begins with the special token `begin` */
    const char *words; /* the expression of its Split; nullptr: GPT-2's own */
} shapes[SYNTH_FAMILIES] = {
    [SYNTH_GPT2] =
        {"PreTrainedTokenizerFast", {"<|endoftext|>"}, 1, 0, 0, 0, false, false, nullptr},
    [SYNTH_LLAMA] = {"PreTrainedTokenizerFast",
                     {"<|begin_of_text|>", "<|end_of_text|>"},
                     2,
                     0,
                     1,
                     0,
                     false,
                     true,
                     WORDS_BEFORE "\\p{N}{1,3}" WORDS_AFTER},
    [SYNTH_MISTRAL] = {"LlamaTokenizer", {"<unk>", "<s>", "</s>"}, 3, 1, 2, 0, true, true, nullptr},
    [SYNTH_QWEN2] = {"Qwen2Tokenizer",
                     {"<|endoftext|>"},
                     1,
                     0,
                     0,
                     0,
                     false,
                     false,
                     WORDS_BEFORE "\\p{N}" WORDS_AFTER},
    [SYNTH_QWEN3] = {"Qwen2Tokenizer",
                     {"<|endoftext|>"},
                     1,
                     0,
                     0,
                     0,
                     false,
                     false,
                     WORDS_BEFORE "\\p{N}" WORDS_AFTER},
    [SYNTH_GEMMA3] = {"GemmaTokenizer",
                      {"<pad>", "<eos>", "<bos>", "<unk>", "<mask>"},
                      5,
                      2,
                      1,
                      3,
                      true,
                      true,
                      nullptr},
};

uint32_t synth_tokenizer_least(enum synth_family family)
{
    return shapes[family].n_specials + (shapes[family].pieces ? SYNTH_PIECES_LEAST : 256);
}

/* Tokens of a byte-level vocabulary without its special ones. */
static uint32_t n_plain(const struct synth_spec *s)
{
    const uint32_t room = s->vocab_size - shapes[s->family].n_specials;
    return room < 256 + N_MERGES ? room : 256 + N_MERGES;
}

static uint32_t special_id(const struct synth_spec *s, uint32_t place)
{
    return shapes[s->family].pieces ? place : n_plain(s) + place;
}

uint32_t synth_tokenizer_begin(const struct synth_spec *s)
{
    return special_id(s, shapes[s->family].begin);
}

uint32_t synth_tokenizer_end(const struct synth_spec *s)
{
    return special_id(s, shapes[s->family].end);
}

static uint32_t half_of(uint32_t merge, unsigned which)
{
    const unsigned char *const p = merges + 4 * (size_t)merge + 2 * (size_t)which;
    return p[0] | (uint32_t)p[1] << 8;
}

static const char *byte_token(uint32_t id, struct arena *a)
{
    const uint32_t c = byte_level_char(byte_level_nth(id));
    const char two[] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 63)), 0};
    return c < 128 ? arena_printf(a, "%c", (int)c) : arena_strdup(a, two);
}

static void write_flags(struct jsonw *w, const char *unknown, bool fuse, bool fallback, bool ignore)
{
    jsonw_kstr(w, "type", "BPE");
    jsonw_key(w, "dropout");
    jsonw_null(w);
    jsonw_kstr(w, "unk_token", unknown);
    jsonw_kstr(w, "continuing_subword_prefix", "");
    jsonw_kstr(w, "end_of_word_suffix", "");
    jsonw_kbool(w, "fuse_unk", fuse);
    jsonw_kbool(w, "byte_fallback", fallback);
    jsonw_kbool(w, "ignore_merges", ignore);
}

static void write_byte_model(const struct synth_spec *s, struct arena *a, struct jsonw *w)
{
    const uint32_t n = n_plain(s);
    const char **const tokens = ARENA_ARRAY(a, const char *, n);
    write_flags(w, nullptr, false, false, s->family == SYNTH_LLAMA);
    jsonw_kobject(w, "vocab");
    for (uint32_t i = 0; i < n; i++) {
        tokens[i] = i < 256 ? byte_token(i, a)
                            : arena_printf(a, "%s%s", tokens[half_of(i - 256, 0)],
                                           tokens[half_of(i - 256, 1)]);
        jsonw_ki64(w, tokens[i], i);
    }
    if (s->family == SYNTH_GPT2) /* as in its own file; the others' are added tokens alone */
        jsonw_ki64(w, shapes[s->family].specials[0], n);
    jsonw_end_object(w);
    jsonw_karray(w, "merges");
    for (uint32_t i = 256; i < n; i++) {
        jsonw_array(w);
        jsonw_str(w, tokens[half_of(i - 256, 0)]);
        jsonw_str(w, tokens[half_of(i - 256, 1)]);
        jsonw_end_array(w);
    }
    jsonw_end_array(w);
}

/* The bytes of the first tokens, in the order learned. */
static void learned(struct arena *a, struct synth_pieces_token *ret)
{
    for (uint32_t i = 0; i < 256 + N_MERGES; i++) {
        struct str both = {};
        if (i < 256) {
            str_putc(&both, (char)byte_level_nth(i));
        } else {
            const struct synth_pieces_token x = ret[half_of(i - 256, 0)],
                                            y = ret[half_of(i - 256, 1)];
            str_add(&both, x.text, x.n);
            str_add(&both, y.text, y.n);
        }
        ret[i] = (struct synth_pieces_token){arena_strndup(a, both.text, both.n), both.n};
        str_done(&both);
    }
}

static enum err_code write_piece_model(const struct synth_spec *s, struct arena *a, struct jsonw *w,
                                       struct err *e)
{
    const struct shape *const f = &shapes[s->family];
    struct synth_pieces_token *const tokens =
        ARENA_ARRAY(a, struct synth_pieces_token, 256 + N_MERGES);
    learned(a, tokens);
    write_flags(w, f->specials[f->unknown], true, true, false);
    return synth_pieces_write(f->specials, f->n_specials, tokens + 256, N_MERGES, s->vocab_size, a,
                              w, e);
}

static void write_byte_level(struct jsonw *w, const char *key, bool prefix_space, bool trim_offsets,
                             bool words)
{
    if (key)
        jsonw_kobject(w, key);
    else
        jsonw_object(w);
    jsonw_kstr(w, "type", "ByteLevel");
    jsonw_kbool(w, "add_prefix_space", prefix_space);
    jsonw_kbool(w, "trim_offsets", trim_offsets);
    jsonw_kbool(w, "use_regex", words);
    jsonw_end_object(w);
}

static void write_split(struct jsonw *w, const char *key, const char *text, const char *behavior)
{
    jsonw_kstr(w, "type", "Split");
    jsonw_kobject(w, "pattern");
    jsonw_kstr(w, key, text);
    jsonw_end_object(w);
    jsonw_kstr(w, "behavior", behavior);
    jsonw_kbool(w, "invert", false);
}

static void write_byte_parts(const struct shape *f, enum synth_family family, struct jsonw *w)
{
    if (family == SYNTH_QWEN2 || family == SYNTH_QWEN3) {
        jsonw_kobject(w, "normalizer");
        jsonw_kstr(w, "type", "NFC");
        jsonw_end_object(w);
    } else {
        jsonw_key(w, "normalizer");
        jsonw_null(w);
    }
    if (!f->words) {
        write_byte_level(w, "pre_tokenizer", false, true, true);
        return;
    }
    jsonw_kobject(w, "pre_tokenizer");
    jsonw_kstr(w, "type", "Sequence");
    jsonw_karray(w, "pretokenizers");
    jsonw_object(w);
    write_split(w, "Regex", f->words, "Isolated");
    jsonw_end_object(w);
    write_byte_level(w, nullptr, false, true, false);
    jsonw_end_array(w);
    jsonw_end_object(w);
}

static const char mark_replaced[] = "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},"
                                    "\"content\":\"\u2581\"}";

static void write_piece_parts(enum synth_family family, struct jsonw *w)
{
    jsonw_key(w, "normalizer");
    if (family == SYNTH_GEMMA3) {
        jsonw_raw(w, mark_replaced);
        jsonw_kobject(w, "pre_tokenizer");
        write_split(w, "String", " ", "MergedWithPrevious");
        jsonw_end_object(w);
        return;
    }
    jsonw_object(w);
    jsonw_kstr(w, "type", "Sequence");
    jsonw_karray(w, "normalizers");
    jsonw_raw(w, "{\"type\":\"Prepend\",\"prepend\":\"\u2581\"}");
    jsonw_raw(w, mark_replaced);
    jsonw_end_array(w);
    jsonw_end_object(w);
    jsonw_key(w, "pre_tokenizer");
    jsonw_null(w);
}

static void write_piece_decoder(enum synth_family family, struct jsonw *w)
{
    jsonw_kobject(w, "decoder");
    jsonw_kstr(w, "type", "Sequence");
    jsonw_karray(w, "decoders");
    jsonw_raw(w, "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\u2581\"},\"content\":\" \"}");
    jsonw_raw(w, "{\"type\":\"ByteFallback\"}");
    jsonw_raw(w, "{\"type\":\"Fuse\"}");
    if (family == SYNTH_MISTRAL)
        jsonw_raw(w, "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}");
    jsonw_end_array(w);
    jsonw_end_object(w);
}

static void write_template(const struct synth_spec *s, struct jsonw *w)
{
    const char *const begin = shapes[s->family].specials[shapes[s->family].begin];
    jsonw_kobject(w, "post_processor");
    jsonw_kstr(w, "type", "TemplateProcessing");
    for (unsigned pair = 0; pair < 2; pair++) {
        jsonw_karray(w, pair ? "pair" : "single");
        for (unsigned i = 0; i <= pair; i++) {
            jsonw_object(w);
            jsonw_kobject(w, "SpecialToken");
            jsonw_kstr(w, "id", begin);
            jsonw_ki64(w, "type_id", i);
            jsonw_end_object(w);
            jsonw_end_object(w);
            jsonw_object(w);
            jsonw_kobject(w, "Sequence");
            jsonw_kstr(w, "id", i ? "B" : "A");
            jsonw_ki64(w, "type_id", i);
            jsonw_end_object(w);
            jsonw_end_object(w);
        }
        jsonw_end_array(w);
    }
    jsonw_kobject(w, "special_tokens");
    jsonw_kobject(w, begin);
    jsonw_kstr(w, "id", begin);
    jsonw_karray(w, "ids");
    jsonw_i64(w, synth_tokenizer_begin(s));
    jsonw_end_array(w);
    jsonw_karray(w, "tokens");
    jsonw_str(w, begin);
    jsonw_end_array(w);
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void write_added(const struct synth_spec *s, struct jsonw *w)
{
    const struct shape *const f = &shapes[s->family];
    jsonw_karray(w, "added_tokens");
    for (uint32_t i = 0; i < f->n_specials; i++) {
        jsonw_object(w);
        jsonw_ki64(w, "id", special_id(s, i));
        jsonw_kstr(w, "content", f->specials[i]);
        jsonw_kbool(w, "single_word", false);
        jsonw_kbool(w, "lstrip", false);
        jsonw_kbool(w, "rstrip", false);
        jsonw_kbool(w, "normalized", false);
        jsonw_kbool(w, "special", true);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static enum err_code write_tokenizer(const struct synth_spec *s, struct arena *a, struct jsonw *w,
                                     struct err *e)
{
    const struct shape *const f = &shapes[s->family];
    jsonw_object(w);
    jsonw_kstr(w, "version", "1.0");
    jsonw_key(w, "truncation");
    jsonw_null(w);
    jsonw_key(w, "padding");
    jsonw_null(w);
    write_added(s, w);
    if (f->pieces)
        write_piece_parts(s->family, w);
    else
        write_byte_parts(f, s->family, w);
    if (f->begins)
        write_template(s, w);
    else
        write_byte_level(w, "post_processor", true, false, true);
    if (f->pieces)
        write_piece_decoder(s->family, w);
    else
        write_byte_level(w, "decoder", true, true, true);
    jsonw_kobject(w, "model");
    if (!f->pieces)
        write_byte_model(s, a, w);
    else if (write_piece_model(s, a, w, e))
        return e->code;
    jsonw_end_object(w);
    jsonw_end_object(w);
    return ERR_OK;
}

static void write_config(const struct synth_spec *s, struct jsonw *w)
{
    const struct shape *const f = &shapes[s->family];
    jsonw_object(w);
    jsonw_kstr(w, "tokenizer_class", f->class);
    if (!f->pieces)
        jsonw_kbool(w, "add_prefix_space", false);
    jsonw_kbool(w, "clean_up_tokenization_spaces", false);
    jsonw_ki64(w, "model_max_length", s->n_ctx);
    if (f->pieces)
        jsonw_kbool(w, "legacy", false);
    jsonw_kstr(w, "bos_token", f->specials[f->begin]);
    jsonw_kstr(w, "eos_token", f->specials[f->end]);
    if (s->family != SYNTH_LLAMA)
        jsonw_kstr(w, "unk_token", f->specials[f->unknown]);
    jsonw_end_object(w);
}

enum err_code synth_tokenizer_write(const struct synth_spec *s, const char *folder, struct arena *a,
                                    struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text};
    if (write_tokenizer(s, a, &w, e))
        return e->code;
    str_putc(&text, '\n');
    if (file_write(file_join(a, folder, "tokenizer.json"), text.text, text.n, e))
        return e->code;
    str_clear(&text);
    struct jsonw c = {.out = &text, .pretty = true};
    write_config(s, &c);
    str_putc(&text, '\n');
    return file_write(file_join(a, folder, "tokenizer_config.json"), text.text, text.n, e);
}
