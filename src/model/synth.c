#include "model/synth.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/str.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "model/synth_tokenizer.h"
#include "model/synth_weights.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Part of the path in the cache: raise it when the files that are written change. */
constexpr unsigned FORMAT = 3;
constexpr uint32_t MOST_LAYERS = 1024;
constexpr uint32_t MOST_VOCABULARY = 1U << 20;
constexpr uint32_t MOST_CONTEXT = 1U << 20;

static const char prefix[] = "synth:";

bool synth_is_name(const char *name)
{
    return strncmp(name, prefix, sizeof prefix - 1) == 0;
}

enum err_code synth_check(const struct synth_spec *s, struct err *e)
{
    const struct {
        const char *what;
        uint32_t value, least, most;
    } bounds[] = {
        {"layers (L)", s->n_layers, 1, MOST_LAYERS},
        {"width (d)", s->d_model, 1, SYNTH_MOST_WIDTH},
        {"heads (h)", s->n_heads, 1, SYNTH_MOST_WIDTH},
        {"vocabulary (vocab)", s->vocab_size, SYNTH_LEAST_VOCABULARY, MOST_VOCABULARY},
        {"context (ctx)", s->n_ctx, 1, MOST_CONTEXT},
    };
    for (size_t i = 0; i < COUNT_OF(bounds); i++)
        if (bounds[i].value < bounds[i].least || bounds[i].value > bounds[i].most)
            return err_set(e, ERR_USAGE, "%s must be from %u to %u, not %u", bounds[i].what,
                           bounds[i].least, bounds[i].most, bounds[i].value);
    if (s->d_model % s->n_heads)
        return err_set(e, ERR_USAGE, "width (d) %u is no multiple of heads (h) %u", s->d_model,
                       s->n_heads);
    return ERR_OK;
}

static enum err_code parse_number(const char *name, const char *key, const char *text, size_t n,
                                  uint64_t most, uint64_t *ret, struct err *e)
{
    char digits[24] = {};
    char *end = digits;
    if (n > 0 && n < sizeof digits && text[0] >= '0' && text[0] <= '9') {
        memcpy(digits, text, n);
        errno = 0;
        *ret = strtoull(digits, &end, 10);
    }
    if (end == digits || *end || errno || *ret > most)
        return err_set(e, ERR_USAGE, "'%s': %s=%.*s: want a whole number from 0 to %" PRIu64, name,
                       key, (int)n, text, most);
    return ERR_OK;
}

static enum err_code parse_pair(const char *name, const char *text, size_t n, struct synth_spec *s,
                                struct err *e)
{
    static const char *const keys[] = {"L", "d", "h", "vocab", "ctx", "seed"};
    uint32_t *const counts[] = {&s->n_layers, &s->d_model, &s->n_heads, &s->vocab_size, &s->n_ctx};
    const char *const equals = memchr(text, '=', n);
    const size_t length = equals ? (size_t)(equals - text) : n;
    for (size_t i = 0; i < COUNT_OF(keys) && equals; i++) {
        if (strlen(keys[i]) != length || memcmp(keys[i], text, length) != 0)
            continue;
        uint64_t x = 0;
        if (parse_number(name, keys[i], equals + 1, n - length - 1,
                         i < COUNT_OF(counts) ? UINT32_MAX : UINT64_MAX, &x, e))
            return e->code;
        if (i < COUNT_OF(counts))
            *counts[i] = (uint32_t)x;
        else
            s->seed = x;
        return ERR_OK;
    }
    char word[32];
    (void)snprintf(word, sizeof word, "%.*s", (int)length, text);
    const char *const near = equals ? nearest_word(word, keys, COUNT_OF(keys)) : nullptr;
    if (near)
        return err_set(e, ERR_USAGE, "'%s': unknown key '%s'; did you mean '%s'?", name, word,
                       near);
    return err_set(
        e, ERR_USAGE,
        "'%s': '%s': want L=, d=, h=, vocab=, ctx= or seed= and a number, with commas between",
        name, word);
}

enum err_code synth_parse(const char *name, struct synth_spec *ret, struct err *e)
{
    struct synth_spec s = SYNTH_DEFAULT;
    if (!synth_is_name(name))
        return err_set(e, ERR_USAGE, "'%s': want synth:gpt2/L=8,d=512,h=8,...", name);
    const char *p = name + sizeof prefix - 1;
    const size_t family = strcspn(p, "/");
    if (family != 4 || memcmp(p, "gpt2", 4) != 0)
        return err_set(e, ERR_USAGE, "'%s': no such family: '%.*s'; want synth:gpt2", name,
                       (int)family, p);
    p += family;
    while (*p) {
        p++; /* the '/' before the first pair, the ',' before the others */
        const size_t n = strcspn(p, ",");
        if (parse_pair(name, p, n, &s, e))
            return e->code;
        p += n;
    }
    if (synth_check(&s, e))
        return err_wrap(e, "'%s'", name);
    *ret = s;
    return ERR_OK;
}

char *synth_name(const struct synth_spec *s, struct arena *a)
{
    return arena_printf(a, "%sgpt2/L=%u,d=%u,h=%u,vocab=%u,ctx=%u,seed=%" PRIu64, prefix,
                        s->n_layers, s->d_model, s->n_heads, s->vocab_size, s->n_ctx, s->seed);
}

char *synth_cache_path(const struct synth_spec *s, struct arena *a)
{
    char *const name =
        arena_printf(a, "models/gpt2-L%u-d%u-h%u-vocab%u-ctx%u-seed%" PRIu64 "-f%u", s->n_layers,
                     s->d_model, s->n_heads, s->vocab_size, s->n_ctx, s->seed, FORMAT);
    return file_join(a, file_cache_folder(a), name);
}

int64_t synth_params(const struct synth_spec *s)
{
    const int64_t d = s->d_model, layers = s->n_layers;
    return d * ((int64_t)s->vocab_size + s->n_ctx) + layers * (12 * d * d + 13 * d) + 2 * d;
}

static void describe(const struct synth_spec *s, const char *name, struct str *out)
{
    struct jsonw w = {.out = out, .pretty = true};
    const int64_t end = synth_tokenizer_end(s);
    jsonw_object(&w);
    jsonw_karray(&w, "architectures");
    jsonw_str(&w, "GPT2LMHeadModel");
    jsonw_end_array(&w);
    jsonw_kstr(&w, "model_type", "gpt2");
    jsonw_kstr(&w, "chimera_synth", name);
    jsonw_ki64(&w, "n_layer", s->n_layers);
    jsonw_ki64(&w, "n_embd", s->d_model);
    jsonw_ki64(&w, "n_head", s->n_heads);
    jsonw_key(&w, "n_inner");
    jsonw_null(&w);
    jsonw_ki64(&w, "vocab_size", s->vocab_size);
    jsonw_ki64(&w, "n_positions", s->n_ctx);
    jsonw_ki64(&w, "n_ctx", s->n_ctx);
    jsonw_kstr(&w, "activation_function", "gelu_new");
    jsonw_kf64(&w, "layer_norm_epsilon", 1e-5);
    jsonw_kf64(&w, "initializer_range", 0.02);
    jsonw_kf64(&w, "attn_pdrop", 0);
    jsonw_kf64(&w, "embd_pdrop", 0);
    jsonw_kf64(&w, "resid_pdrop", 0);
    jsonw_kbool(&w, "scale_attn_weights", true);
    jsonw_kbool(&w, "scale_attn_by_inverse_layer_idx", false);
    jsonw_kbool(&w, "tie_word_embeddings", true);
    jsonw_ki64(&w, "bos_token_id", end);
    jsonw_ki64(&w, "eos_token_id", end);
    jsonw_kstr(&w, "torch_dtype", "float32");
    jsonw_kbool(&w, "use_cache", true);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

static enum err_code write_configs(const struct synth_spec *s, const char *folder, struct arena *a,
                                   struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    describe(s, synth_name(s, a), &text);
    if (file_write(file_join(a, folder, "config.json"), text.text, text.n, e))
        return e->code;
    str_clear(&text);
    str_printf(&text, "{\n  \"bos_token_id\": %u,\n  \"eos_token_id\": %u\n}\n",
               synth_tokenizer_end(s), synth_tokenizer_end(s));
    return file_write(file_join(a, folder, "generation_config.json"), text.text, text.n, e);
}

static const char *const names[] = {"model.safetensors", "tokenizer.json", "tokenizer_config.json",
                                    "generation_config.json", "config.json"};

/* The parts as written so far, and the folder. */
static void remove_folder(const char *folder, struct arena *a)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)unlink(file_join(a, folder, names[i]));
    (void)rmdir(folder);
}

static enum err_code fill(const struct synth_spec *s, const char *folder, struct arena *a,
                          struct err *e)
{
    if (synth_weights_write(s, folder, a, e) || synth_tokenizer_write(s, folder, a, e))
        return e->code;
    return write_configs(s, folder, a, e);
}

enum err_code synth_write(const struct synth_spec *s, const char *folder, struct arena *a,
                          struct err *e)
{
    if (synth_check(s, e))
        return e->code;
    char *const whole = arena_strdup(a, folder);
    for (size_t n = strlen(whole); n > 1 && whole[n - 1] == '/'; n--)
        whole[n - 1] = '\0';
    if (file_exists(whole) && rmdir(whole) != 0) {
        if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
            return err_set(e, ERR_USAGE, "'%s' is there already and not an empty folder", whole);
        return err_sys(e, "'%s'", whole);
    }
    if (file_make_folders(file_folder_of(a, whole), e))
        return e->code;
    char *const beside = arena_printf(a, "%s.XXXXXX", whole);
    if (!mkdtemp(beside))
        return err_sys(e, "cannot make the folder '%s'", whole);
    const mode_t mask = umask(0);
    (void)umask(mask);
    enum err_code code =
        chmod(beside, 0777 & ~mask) == 0 ? fill(s, beside, a, e) : err_sys(e, "'%s'", beside);
    if (!code && rename(beside, whole) != 0)
        code = err_sys(e, "cannot make the folder '%s'", whole);
    if (code)
        remove_folder(beside, a);
    return code;
}

enum err_code synth_cached(const struct synth_spec *s, struct arena *a, const char **ret_path,
                           struct err *e)
{
    char *const path = synth_cache_path(s, a);
    if (!file_exists(path)) {
        if (file_make_folders(file_folder_of(a, path), e))
            return e->code;
        char *const lock = arena_printf(a, "%s.lock", path);
        CLEANUP(file_fd_closep) int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0 || flock(fd, LOCK_EX) != 0) /* held until fd is closed */
            return err_sys(e, "'%s'", lock);
        if (!file_exists(path) && synth_write(s, path, a, e))
            return e->code;
    }
    *ret_path = path;
    return ERR_OK;
}
