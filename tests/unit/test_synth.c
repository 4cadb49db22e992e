/* want: the parameter counts that TR118 published for its nine shapes (params and non-embedding).
 */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/digest.h"
#include "io/file.h"
#include "model/facts_hf.h"
#include "model/resolve.h"
#include "model/synth.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static const struct {
    const char *name;
    int64_t params, non_embedding;
} shapes[] = {
    {"synth:gpt2/L=2,d=2,h=2", 102'714, 152},
    {"synth:gpt2/L=12,d=80,h=2", 5'036'720, 934'240},
    {"synth:gpt2/L=3,d=192,h=3", 11'180'928, 1'334'976},
    {"synth:gpt2/L=3,d=384,h=2", 25'016'064, 5'324'160},
    {"synth:gpt2/L=6,d=512,h=8", 45'171'200, 18'915'328},
    {"synth:gpt2/L=8,d=512,h=2", 51'475'968, 25'220'096},
    {"synth:gpt2/L=5,d=768,h=2", 74'824'704, 35'440'896},
    {"synth:gpt2/L=8,d=768,h=2", 96'088'320, 56'704'512},
    {"synth:gpt2/L=12,d=768,h=12", 124'439'808, 85'056'000},
};
constexpr int64_t WRITTEN_HERE =
    12'000'000; /* the larger ones by the formula alone: disk and time */

static void remove_model(const char *folder, struct arena *a)
{
    static const char *const files[] = {"config.json", "generation_config.json",
                                        "model.safetensors", "tokenizer.json",
                                        "tokenizer_config.json"};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        (void)unlink(file_join(a, folder, files[i]));
    (void)rmdir(folder);
}

static void check_shape(size_t i, const char *root)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 26);
    struct err e = {};
    struct model_facts m = {};
    struct synth_spec s;
    enum err_code code = resolve_model(shapes[i].name, nullptr, false, a, &m, &e);
    CHECK(shapes[i].name,
          code == ERR_OK && m.kind == MODEL_HF && m.params == shapes[i].params &&
              !file_exists(m.path),
          "%lld; %s", (long long)m.params, e.msg);
    if (shapes[i].params > WRITTEN_HERE || synth_spec_parse(shapes[i].name, &s, &e))
        return;
    char *const folder = file_join(a, root, "model");
    struct facts_hf h = {};
    code = synth_write(&s, folder, a, &e) ? e.code : facts_hf_read(folder, a, &h, &e);
    safetensors_closep(&h.weights);
    CHECK("counted from the file",
          code == ERR_OK && h.params == shapes[i].params &&
              h.params - h.embedding_params == shapes[i].non_embedding && h.head_tied,
          "%lld, %lld; %s", (long long)h.params, (long long)(h.params - h.embedding_params), e.msg);
    remove_model(folder, a);
}

static void check_names(struct arena *a)
{
    static const struct {
        const char *name, *named;
    } wrong[] = {
        {"synth:gpt2/d=10,h=3", "10 is no multiple of heads (h) 3"},
        {"synth:gpt2/vocb=300", "did you mean 'vocab'"},
        {"synth:gpt2/L=x", "whole number"},
        {"synth:gpt2/L=-1", "whole number"},
        {"synth:gpt2/L=99999999999999999999999", "whole number"},
        {"synth:gpt2/L=0", "from 1"},
        {"synth:gpt2/vocab=256", "from 257"},
        {"synth:lama/L=2", "did you mean 'llama'"},
        {"synth:gpt2/L", "each with a value"},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct err e = {};
        struct model_facts m;
        CHECK(wrong[i].name,
              resolve_model(wrong[i].name, nullptr, false, a, &m, &e) == ERR_USAGE &&
                  strstr(e.msg, wrong[i].named),
              "%s", e.msg);
    }
    struct err e = {};
    struct model_facts m = {};
    enum err_code code = resolve_model("no/such/model", nullptr, false, a, &m, &e);
    CHECK("what is not there is missing, with the way out",
          code == ERR_OK && m.kind == MODEL_MISSING && strstr(m.why_missing, "synth:gpt2"), "%s",
          e.msg);
    code = resolve_model("llama3.2:1b", nullptr, false, a, &m, &e);
    CHECK("a word with a colon is a tag", code == ERR_OK && m.kind == MODEL_TAG, "%d", m.kind);
}

static void digest_both(const char *folder, struct arena *a, char out[static 2 * DIGEST_HEX])
{
    struct err e = {};
    out[0] = out[DIGEST_HEX] = '\0';
    if (digest_file(file_join(a, folder, "model.safetensors"), out, &e) ||
        digest_file(file_join(a, folder, "tokenizer.json"), out + DIGEST_HEX, &e))
        printf("# %s\n", e.msg);
}

static void check_cache(struct arena *a)
{
    static const char name[] = "synth:gpt2/L=1,d=8,h=2,vocab=300,ctx=16,seed=5";
    struct err e = {};
    struct model_facts m = {}, again = {}, other = {};
    char one[2 * DIGEST_HEX], two[2 * DIGEST_HEX];
    const bool made = !resolve_model(name, nullptr, true, a, &m, &e);
    CHECK("made in the cache", made && file_exists(m.path), "%s", e.msg);
    const bool found = !resolve_model(name, nullptr, false, a, &again, &e);
    CHECK("and found there", found && strcmp(m.path, again.path) == 0 && again.params == m.params,
          "%s", e.msg);
    digest_both(m.path, a, one);
    remove_model(m.path, a);
    const bool remade = !resolve_model(name, nullptr, true, a, &m, &e);
    digest_both(m.path, a, two);
    CHECK("the same bytes again", remade && one[0] && memcmp(one, two, sizeof one) == 0, "%s",
          e.msg);
    /* Not from an independent source: it pins the bytes, which every machine must make alike. */
    CHECK("the bytes of format 3",
          strncmp(one, "d14563b1db215002e0c5eda0118df410601d1aa2d08147fc448a2ebcfc6dadd6", 64) == 0,
          "%s", one);
    const bool differs = !resolve_model("synth:gpt2/L=1,d=8,h=2,vocab=300,ctx=16,seed=6", nullptr,
                                        true, a, &other, &e);
    digest_both(other.path, a, two);
    CHECK("another seed, other weights", differs && strcmp(one, two) != 0, "%s", e.msg);
    const bool cut = truncate(file_join(a, other.path, "model.safetensors"), 3000) == 0;
    CHECK("truncated weights are one clear line",
          cut && resolve_model(other.path, nullptr, false, a, &again, &e) == ERR_PARSE &&
              strstr(e.msg, "truncated") && !strchr(e.msg, '\n'),
          "%s", e.msg);
    remove_model(m.path, a);
    remove_model(other.path, a);
}

static void check_config(const char *root, struct arena *a)
{
    static const struct {
        const char *why, *json, *named;
    } rows[] = {
        {"a wrong type names file, line and key",
         "{\n\"model_type\":\"gpt2\",\n\"n_layer\": \"two\"}", "config.json:3: 'n_layer'"},
        {"heads that do not divide", "{\"model_type\":\"gpt2\",\"n_embd\":10,\"n_head\":3}",
         "no multiple"},
        {"another JSON file", "{\"a\":1}", "model_type"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err e = {};
        struct hf_config c;
        enum err_code code =
            file_write(file_join(a, root, "config.json"), rows[i].json, strlen(rows[i].json), &e);
        if (!code)
            code = hf_config_read(root, a, &c, &e);
        CHECK(rows[i].why, code == ERR_PARSE && strstr(e.msg, rows[i].named), "%s", e.msg);
    }
    (void)unlink(file_join(a, root, "config.json"));
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 26);
    char root[] = "test_synth.XXXXXX";
    if (!mkdtemp(root) || setenv("CHIMERA_CACHE", root, 1) != 0)
        return 1;
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        check_shape(i, root);
    check_names(a);
    check_cache(a);
    check_config(root, a);
    char *const command =
        arena_printf(a, "rm -r '%s'", root); /* the cache's locks, whatever their names */
    FILE *const f = popen(command, "r");
    if (f)
        (void)pclose(f);
    return test_done();
}
