#include "model/resolve.h"

#include "base/arena.h"
#include "base/defs.h"
#include "domain/precision.h"
#include "io/file.h"
#include "io/json.h"
#include "model/facts_hf.h"
#include "model/gguf_label.h"
#include "model/gguf_read.h"
#include "model/synth.h"

#include <string.h>
#include <sys/stat.h>

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static enum err_code facts_of_hf(const char *path, struct arena *a, struct model_facts *m,
                                 struct err *e)
{
    struct facts_hf h;
    if (facts_hf_read(path, a, &h, e))
        return e->code;
    safetensors_closep(&h.weights);
    m->kind = MODEL_HF;
    m->architecture = h.config.architecture;
    m->n_layers = h.config.n_layers;
    m->d_model = h.config.d_model;
    m->n_heads = h.config.n_heads;
    m->n_kv_heads = h.config.n_kv_heads;
    m->head_dim = h.config.head_dim;
    m->vocab_size = h.config.vocab_size;
    m->n_ctx = h.config.n_ctx;
    m->params = h.params;
    m->weight_bytes = h.weight_bytes;
    m->dtype = h.n_dtypes ? h.dtypes[0].name : nullptr;
    return ERR_OK;
}

static enum err_code facts_of_gguf(const char *path, struct arena *a, struct model_facts *m,
                                   struct err *e)
{
    struct gguf_read g;
    if (gguf_read(path, a, &g, e))
        return e->code;
    m->kind = MODEL_GGUF;
    m->architecture = g.architecture;
    m->n_layers = g.n_layers;
    m->d_model = g.d_model;
    m->n_heads = g.n_heads;
    /* What a file leaves out llama.cpp takes from the heads and the width. */
    m->n_kv_heads = g.n_kv_heads ? g.n_kv_heads : g.n_heads;
    m->head_dim = g.head_dim || !g.n_heads ? g.head_dim : g.d_model / g.n_heads;
    m->vocab_size = g.vocab_size;
    m->n_ctx = g.n_ctx;
    m->params = g.params;
    m->weight_bytes = g.weight_bytes;
    m->dtype = g.n_types ? g.types[0].name : nullptr;
    m->claims = precision_of_file_type(g.file_type);
    const struct precision *p;
    char unused[256];
    for (size_t i = 0; (p = precision_at(i)); i++)
        if (gguf_label_holds(&g, p->name, unused, sizeof unused))
            m->holds |= UINT64_C(1) << i;
    return ERR_OK;
}

static uint32_t count_in(const struct json *v, const char *key)
{
    const int64_t x = json_i64(json_get(v, key), 0);
    return x > 0 && x <= INT32_MAX ? (uint32_t)x : 0;
}

/* want: as chimera.json wrote it down, -1 where it does not say. */
static enum err_code check_onnx_data(const char *folder, int64_t want, struct arena *a,
                                     struct err *e)
{
    char *const path = file_join(a, folder, "model.onnx.data");
    struct stat st;
    if (want < 0)
        return ERR_OK;
    if (stat(path, &st) != 0)
        return err_sys(e, "'%s'", path);
    if (st.st_size == want)
        return ERR_OK;
    return err_set(e, ERR_PARSE,
                   "'%s' is %s: it has %lld bytes, and chimera.json says %lld; export it again",
                   path, st.st_size < want ? "truncated" : "another file", (long long)st.st_size,
                   (long long)want);
}

/* An ONNX graph does not say what its model is; chimera.json does, where chimera exported it. */
static enum err_code facts_of_onnx(const char *path, struct arena *a, struct model_facts *m,
                                   struct err *e)
{
    m->kind = MODEL_ONNX;
    char *const beside = file_join(a, path, "chimera.json");
    if (!file_exists(beside))
        return ERR_OK;
    const struct json *root;
    if (json_read_file(beside, a, &root, e))
        return e->code;
    const struct json *const v = json_get(root, "model") ? json_get(root, "model") : root;
    m->architecture = json_str(json_get(v, "architecture"), nullptr);
    m->dtype = json_str(json_get(v, "dtype"), nullptr);
    m->claims = json_str(json_get(v, "precision"), nullptr);
    m->n_layers = count_in(v, "n_layers");
    m->d_model = count_in(v, "d_model");
    m->n_heads = count_in(v, "n_heads");
    m->n_kv_heads = count_in(v, "n_kv_heads");
    m->head_dim = count_in(v, "head_dim");
    m->vocab_size = count_in(v, "vocab_size");
    m->n_ctx = count_in(v, "n_ctx");
    m->params = json_i64(json_get(v, "params"), -1);
    m->weight_bytes = json_i64(json_get(v, "weight_bytes"), -1);
    return check_onnx_data(path, json_i64(json_get(v, "data_bytes"), -1), a, e);
}

static enum err_code facts_of_path(const char *path, struct arena *a, struct model_facts *m,
                                   struct err *e)
{
    m->path = path;
    if (!file_is_folder(path)) {
        if (ends_with(path, ".onnx")) {
            m->path = file_folder_of(a, path);
            return facts_of_onnx(m->path, a, m, e);
        }
        if (!ends_with(path, ".gguf"))
            return err_set(e, ERR_UNSUPPORTED,
                           "'%s' is no model that chimera knows: want a Hugging Face folder, "
                           "an ONNX folder or a .gguf file",
                           path);
        return facts_of_gguf(path, a, m, e);
    }
    if (file_exists(file_join(a, path, "model.onnx")))
        return facts_of_onnx(path, a, m, e);
    if (file_exists(file_join(a, path, "config.json")))
        return facts_of_hf(path, a, m, e);
    return err_set(e, ERR_UNSUPPORTED,
                   "'%s' is no model: the folder has neither config.json nor model.onnx", path);
}

static enum err_code facts_of_synth(const char *name, bool make, struct arena *a,
                                    struct model_facts *m, struct err *e)
{
    struct synth_spec s;
    if (synth_spec_parse(name, &s, e))
        return e->code;
    m->path = synth_cache_path(&s, a);
    if (make && synth_cached(&s, a, &m->path, e))
        return e->code;
    if (file_exists(m->path))
        return facts_of_hf(m->path, a, m, e);
    m->kind = MODEL_HF;
    m->architecture = synth_spec_model_type(&s);
    m->n_layers = s.n_layers;
    m->d_model = s.d_model;
    m->n_heads = s.n_heads;
    m->n_kv_heads = s.n_kv_heads;
    m->head_dim = s.head_dim;
    m->vocab_size = s.vocab_size;
    m->n_ctx = s.n_ctx;
    m->params = synth_spec_params(&s);
    m->weight_bytes = (int64_t)synth_spec_dtype_bytes(&s) * m->params;
    m->dtype = s.dtype == SYNTH_FP32 ? "F32" : s.dtype == SYNTH_FP16 ? "F16" : "BF16";
    return ERR_OK;
}

/* Where the name leads, or nullptr. */
static const char *find_path(const char *name, const char *folder, struct arena *a)
{
    if (folder && name[0] != '/') {
        char *const there = file_join(a, folder, name);
        if (file_exists(there))
            return there;
    }
    return file_exists(name) ? arena_strdup(a, name) : nullptr;
}

/* A tag is a word with a ':' in it, "llama3.2:1b"; a name that begins like a path is a path. */
static bool is_tag(const char *name)
{
    return strchr(name, ':') && name[0] != '/' && name[0] != '.' && !ends_with(name, ".gguf");
}

enum err_code resolve_model(const char *name, const char *folder, bool make, struct arena *a,
                            struct model_facts *ret, struct err *e)
{
    struct model_facts m = {
        .kind = MODEL_MISSING, .name = arena_strdup(a, name), .params = -1, .weight_bytes = -1};
    const char *const path = synth_is_name(name) ? nullptr : find_path(name, folder, a);
    enum err_code code = ERR_OK;
    if (synth_is_name(name))
        code = facts_of_synth(name, make, a, &m, e);
    else if (path)
        code = facts_of_path(path, a, &m, e);
    else if (is_tag(name))
        m.kind = MODEL_TAG;
    else
        m.why_missing =
            arena_printf(a,
                         "no file or folder '%s'%s%s%s; put a Hugging Face folder, an ONNX folder "
                         "or a .gguf there, or use "
                         "'synth:gpt2/L=8,d=512,h=8' for a model that chimera makes itself",
                         name, folder ? " in '" : "", folder ? folder : "",
                         folder ? "' or the working directory" : "");
    if (!code)
        *ret = m;
    return code;
}
