#include "model/tokenizer_class.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"

#include <string.h>

/* The parts as the classes of transformers 5.12 make them. */
#define BYTE_LEVEL "{\"type\":\"ByteLevel\",\"add_prefix_space\":%s,\"use_regex\":%s}"
#define MARK       "\u2581"
#define FROM_MARKS                                                                                 \
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\"" MARK "\"},\"content\":\" \"},"              \
    "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}"
#define QWEN2_WORDS                                                                                \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}| "              \
    "?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"

static const char *const end_of_text = "<|endoftext|>";

static bool is_generic(const char *class) /* takes tokenizer.json as it stands */
{
    static const char *const names[] = {"TokenizersBackend", "PreTrainedTokenizerFast",
                                        "PreTrainedTokenizer", "PythonBackend"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(class, names[i]) == 0)
            return true;
    return false;
}

static const char *class_of_model(const char *type)
{
    static const char *const rows[][2] = {
        {"gpt2", "GPT2Tokenizer"},         {"qwen2", "Qwen2Tokenizer"},
        {"qwen3", "Qwen2Tokenizer"},       {"gemma3", "GemmaTokenizer"},
        {"gemma3_text", "GemmaTokenizer"}, {"mistral", "TokenizersBackend"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(type, rows[i][0]) == 0)
            return rows[i][1];
    return nullptr;
}

/* AutoTokenizer's choice: what the folder names, unless it is a generic name or the model's type is
 * one whose folders are known to name the wrong one (qwen2). */
static const char *choose(const char *named, const char *model_type, struct arena *a)
{
    const char *const of_model = class_of_model(model_type);
    const size_t n = named ? strlen(named) : 0;
    if (n > 4 && strcmp(named + n - 4, "Fast") == 0 &&
        strcmp(named, "PreTrainedTokenizerFast") != 0)
        named = arena_strndup(a, named, n - 4);
    if (!named)
        return of_model ? of_model : "TokenizersBackend";
    if (of_model && is_generic(of_model))
        return of_model;
    return strcmp(model_type, "qwen2") == 0 ? of_model : named;
}

static const struct json *parse(const char *text, struct arena *a)
{
    struct err e;
    const struct json *v = nullptr;
    return json_parse(text, strlen(text), "a tokenizer class", a, &v, &e) ? nullptr : v;
}

static const char *word(bool x)
{
    return x ? "true" : "false";
}

static void be_gpt2(struct tokenizer_class *c, bool space, struct arena *a)
{
    c->pre_tokenizer = parse(arena_printf(a, BYTE_LEVEL, word(space), "true"), a);
    c->decoder = parse(arena_printf(a, BYTE_LEVEL, "true", "true"), a);
    c->defaults = (struct tokenizer_class_defaults){
        .bos = end_of_text, .eos = end_of_text, .unk = end_of_text};
}

static void be_qwen2(struct tokenizer_class *c, bool space, struct arena *a)
{
    c->normalizer = parse("{\"type\":\"NFC\"}", a);
    c->pre_tokenizer = parse(
        arena_printf(a,
                     "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{"
                     "\"Regex\":\"" QWEN2_WORDS
                     "\"},\"behavior\":\"Isolated\",\"invert\":false}," BYTE_LEVEL "]}",
                     word(space), "false"),
        a);
    c->decoder = parse(arena_printf(a, BYTE_LEVEL, "true", "true"), a);
    c->resets_specials = true;
    c->defaults = (struct tokenizer_class_defaults){
        .eos = end_of_text, .unk = end_of_text, .pad = end_of_text};
}

static void be_llama(struct tokenizer_class *c, bool space, bool legacy, struct arena *a)
{
    c->pre_tokenizer = parse(arena_printf(a,
                                          "{\"type\":\"Metaspace\",\"replacement\":\"" MARK
                                          "\",\"prepend_scheme\":\"%s\",\"split\":false}",
                                          !space   ? "never"
                                          : legacy ? "always"
                                                   : "first"),
                             a);
    c->decoder = parse(
        arena_printf(a, "{\"type\":\"Sequence\",\"decoders\":[" FROM_MARKS "%s]}",
                     space ? ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}" : ""),
        a);
    c->byte_fallback = c->fuse_unknown = true;
    c->defaults = (struct tokenizer_class_defaults){.bos = "<s>", .eos = "</s>", .unk = "<unk>"};
}

static void be_gemma(struct tokenizer_class *c, struct arena *a)
{
    c->normalizer =
        parse("{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"" MARK "\"}", a);
    c->pre_tokenizer = parse("{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":"
                             "\"MergedWithPrevious\",\"invert\":false}",
                             a);
    c->decoder = parse("{\"type\":\"Sequence\",\"decoders\":[" FROM_MARKS "]}", a);
    c->byte_fallback = c->fuse_unknown = c->unknown_counts = true;
    c->defaults = (struct tokenizer_class_defaults){"<bos>", "<eos>", "<unk>", "<pad>", "<mask>"};
}

enum err_code tokenizer_class_of(const char *name, struct arena *a, struct tokenizer_class *c,
                                 struct err *e)
{
    c->name = name;
    const bool legacy = json_bool(json_get(c->settings, "legacy"), false);
    const struct json *const space = json_get(c->settings, "add_prefix_space");
    c->rebuilds = true;
    if (strcmp(c->name, "GPT2Tokenizer") == 0)
        be_gpt2(c, json_bool(space, false), a);
    else if (strcmp(c->name, "Qwen2Tokenizer") == 0)
        be_qwen2(c, json_bool(space, false), a);
    else if (strcmp(c->name, "LlamaTokenizer") == 0)
        be_llama(c, json_bool(space, true), legacy, a);
    else if (strcmp(c->name, "GemmaTokenizer") == 0)
        be_gemma(c, a);
    else if (is_generic(c->name))
        c->rebuilds = false;
    else
        return err_set(e, ERR_UNSUPPORTED,
                       "the tokenizer class '%.100s' is not implemented; want GPT2Tokenizer, "
                       "LlamaTokenizer, Qwen2Tokenizer, GemmaTokenizer or PreTrainedTokenizerFast",
                       c->name);
    return ERR_OK;
}

static enum err_code read_if_there(const char *folder, const char *name, struct arena *a,
                                   const struct json **ret, struct err *e)
{
    const char *const path = file_join(a, folder, name);
    *ret = nullptr;
    if (!file_exists(path))
        return ERR_OK;
    if (json_read_file(path, a, ret, e))
        return e->code;
    if (!json_is_object(*ret))
        return err_set(e, ERR_PARSE, "'%s' is not an object", path);
    return ERR_OK;
}

enum err_code tokenizer_class_read(const char *folder, struct arena *a, struct tokenizer_class *ret,
                                   struct err *e)
{
    static const char *const refused[] = {"split_special_tokens", "fix_mistral_regex"};
    const struct json *model;
    struct tokenizer_class c = {};
    if (read_if_there(folder, "config.json", a, &model, e) ||
        read_if_there(folder, "tokenizer_config.json", a, &c.settings, e))
        return e->code;
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (json_bool(json_get(c.settings, refused[i]), false))
            return err_set(e, ERR_UNSUPPORTED,
                           "'%s': tokenizer_config.json: '%s' is not implemented", folder,
                           refused[i]);
    if (!json_get(c.settings, "added_tokens_decoder")) {
        if (read_if_there(folder, "special_tokens_map.json", a, &c.specials, e))
            return e->code;
        if (file_exists(file_join(a, folder, "added_tokens.json")))
            c.unread = "added_tokens.json";
    }
    const char *const of_model = json_str(json_get(model, "tokenizer_class"), nullptr);
    const char *const name = choose(json_str(json_get(c.settings, "tokenizer_class"), of_model),
                                    json_str(json_get(model, "model_type"), ""), a);
    if (tokenizer_class_of(name, a, &c, e))
        return err_wrap(e, "'%s'", folder);
    *ret = c;
    return ERR_OK;
}
