#include "model/synth_tokenizer.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "model/byte_level.h"

#include <string.h>

/* Pairs of little-endian token ids; pair i makes token 256 + i (data/tokenizer/README.md). */
static const unsigned char merges[] = {
#embed "tokenizer/merges.u16"
};
static_assert(sizeof merges == 4 * (SYNTH_MOST_VOCABULARY - SYNTH_LEAST_VOCABULARY));

static const char end_of_text[] = "<|endoftext|>";

uint32_t synth_tokenizer_end(const struct synth_spec *s)
{
    return (s->vocab_size < SYNTH_MOST_VOCABULARY ? s->vocab_size : SYNTH_MOST_VOCABULARY) - 1;
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

static void write_model(const struct synth_spec *s, struct arena *a, struct jsonw *w)
{
    const uint32_t n = synth_tokenizer_end(s);
    const char **const tokens = ARENA_ARRAY(a, const char *, n);
    jsonw_kstr(w, "type", "BPE");
    jsonw_key(w, "dropout");
    jsonw_null(w);
    jsonw_key(w, "unk_token");
    jsonw_null(w);
    jsonw_kstr(w, "continuing_subword_prefix", "");
    jsonw_kstr(w, "end_of_word_suffix", "");
    jsonw_kbool(w, "fuse_unk", false);
    jsonw_kbool(w, "byte_fallback", false);
    jsonw_kbool(w, "ignore_merges", false);
    jsonw_kobject(w, "vocab");
    for (uint32_t i = 0; i < n; i++) {
        tokens[i] = i < 256 ? byte_token(i, a)
                            : arena_printf(a, "%s%s", tokens[half_of(i - 256, 0)],
                                           tokens[half_of(i - 256, 1)]);
        jsonw_ki64(w, tokens[i], i);
    }
    jsonw_ki64(w, end_of_text, n);
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

static void write_byte_level(struct jsonw *w, const char *key, bool prefix_space, bool trim_offsets)
{
    jsonw_kobject(w, key);
    jsonw_kstr(w, "type", "ByteLevel");
    jsonw_kbool(w, "add_prefix_space", prefix_space);
    jsonw_kbool(w, "trim_offsets", trim_offsets);
    jsonw_kbool(w, "use_regex", true);
    jsonw_end_object(w);
}

static void write_tokenizer(const struct synth_spec *s, struct arena *a, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "version", "1.0");
    jsonw_key(w, "truncation");
    jsonw_null(w);
    jsonw_key(w, "padding");
    jsonw_null(w);
    jsonw_karray(w, "added_tokens");
    jsonw_object(w);
    jsonw_ki64(w, "id", synth_tokenizer_end(s));
    jsonw_kstr(w, "content", end_of_text);
    jsonw_kbool(w, "single_word", false);
    jsonw_kbool(w, "lstrip", false);
    jsonw_kbool(w, "rstrip", false);
    jsonw_kbool(w, "normalized", false);
    jsonw_kbool(w, "special", true);
    jsonw_end_object(w);
    jsonw_end_array(w);
    jsonw_key(w, "normalizer");
    jsonw_null(w);
    write_byte_level(w, "pre_tokenizer", false, true);
    write_byte_level(w, "post_processor", true, false);
    write_byte_level(w, "decoder", true, true);
    jsonw_kobject(w, "model");
    write_model(s, a, w);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void write_config(const struct synth_spec *s, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "tokenizer_class", "PreTrainedTokenizerFast");
    jsonw_kbool(w, "add_prefix_space", false);
    jsonw_kbool(w, "clean_up_tokenization_spaces", false);
    jsonw_ki64(w, "model_max_length", s->n_ctx);
    jsonw_kstr(w, "bos_token", end_of_text);
    jsonw_kstr(w, "eos_token", end_of_text);
    jsonw_kstr(w, "unk_token", end_of_text);
    jsonw_end_object(w);
}

enum err_code synth_tokenizer_write(const struct synth_spec *s, const char *folder, struct arena *a,
                                    struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text};
    write_tokenizer(s, a, &w);
    str_putc(&text, '\n');
    if (file_write(file_join(a, folder, "tokenizer.json"), text.text, text.n, e))
        return e->code;
    str_clear(&text);
    struct jsonw c = {.out = &text, .pretty = true};
    write_config(s, &c);
    str_putc(&text, '\n');
    return file_write(file_join(a, folder, "tokenizer_config.json"), text.text, text.n, e);
}
