#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "lab/experiment_file.h"
#include "lab/experiment_keys.h"
#include "test.h"

#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

static const char *golden(struct arena *a, const char *name)
{
    const char *const tests = getenv("CHIMERA_TESTS");
    return file_join(a, file_join(a, tests ? tests : "tests", "golden/experiment"), name);
}

/* The first line of a fail_ file is the message that it must get, from the line and column on.
 * Lines and columns were found by counting. */
static void every_mistake(struct arena *a)
{
    glob_t files = {};
    CHECK("golden files",
          glob(golden(a, "fail_*.yaml"), 0, nullptr, &files) == 0 && files.gl_pathc > 40, "%zu",
          files.gl_pathc);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        const char *const path = files.gl_pathv[i], *const name = file_name_of(path);
        char *text;
        size_t n;
        struct err e = {};
        if (file_read(path, a, &text, &n, &e)) {
            CHECK(name, false, "%s", e.msg);
            continue;
        }
        const char *const said = arena_strndup(a, text + 2, strcspn(text + 2, "\n"));
        const char *const want =
            strncmp(said, "scenarios/", 10) == 0 ? said : arena_printf(a, "%s:%s", path, said);
        struct experiment x = {.n_models = 77};
        const enum err_code code = experiment_file_read(path, a, &x, &e);
        CHECK(name,
              code == ERR_USAGE && x.n_models == 77 && strstr(e.msg, want) && !strchr(e.msg, '\n'),
              "\n#  got %s\n# want %s", e.msg, want);
    }
    globfree(&files);
}

static void seed(struct arena *a)
{
    struct experiment x;
    struct err e = {};
    const enum err_code code = experiment_file_read(golden(a, "pass_seed.yaml"), a, &x, &e);
    CHECK("the seed's keys load", code == ERR_OK, "%s", e.msg);
    if (code)
        return;
    CHECK("the numbers", x.repetitions == 7 && x.seed == 42 && x.max_tokens == 128, "%u",
          x.repetitions);
    CHECK_NEAR("temperature", x.temperature, 0.7, 0);
    CHECK_NEAR("top_p", x.top_p, 0.9, 0);
    CHECK_NEAR("accuracy_threshold", x.accuracy_threshold, 0.7, 0);
    CHECK("sets", x.n_prompt_sets == 4 && x.prompt_sets[0].n_prompts == 2, "%u", x.n_prompt_sets);
    CHECK("a colon in quotes", strcmp(x.prompt_sets[1].prompts[1], "three: four") == 0, "%s",
          x.prompt_sets[1].prompts[1]);
    CHECK("one prompt", x.prompt_sets[2].n_prompts == 1, "%u", x.prompt_sets[2].n_prompts);
    const struct scenario *const s = x.scenarios;
    CHECK("scenarios", x.n_scenarios == 7, "%u", x.n_scenarios);
    CHECK("batch by its size", s[1].mode == MODE_BATCH && s[1].batch_size == 4, "%d", s[1].mode);
    CHECK("single with a batch is a batch, and noted", s[2].mode == MODE_BATCH && x.n_notes == 1,
          "%u", x.n_notes);
    CHECK("dual", s[3].mode == MODE_DUAL && s[3].batch_size == 1, "%d", s[3].mode);
    CHECK("stress", s[4].mode == MODE_STRESS && s[4].duration_s == 2.5, "%g", s[4].duration_s);
    CHECK("a file of its own",
          strcmp(s[5].name, "batch_short") == 0 && s[5].batch_size == 4 && s[5].prompt_set == 1,
          "%s", s[5].name);
    CHECK("with its own prompts",
          strcmp(s[6].name, "own") == 0 && s[6].max_tokens == 5 &&
              x.prompt_sets[s[6].prompt_set].n_prompts == 2,
          "%s", s[6].name);
    CHECK("the experiment's max_tokens", s[0].max_tokens == 128, "%u", s[0].max_tokens);
    CHECK("its files", x.n_files == 3, "%u", x.n_files);
    CHECK("models",
          x.n_models == 2 && x.models[0].params_millions == 124 &&
              isnan(x.models[1].params_millions),
          "%u", x.n_models);
    CHECK("backends as written", x.n_backends == 3 && strcmp(x.backends[1], "onnxruntime") == 0,
          "%u", x.n_backends);
    CHECK("precisions", x.n_precisions == 3, "%u", x.n_precisions);
}

static void least(struct arena *a)
{
    struct experiment x;
    struct err e = {};
    const enum err_code code = experiment_file_read(golden(a, "pass_least.yaml"), a, &x, &e);
    CHECK("four lines are an experiment", code == ERR_OK, "%s", e.msg);
    if (code)
        return;
    CHECK("its name is the file's", strcmp(x.name, "pass_least") == 0, "%s", x.name);
    CHECK("fp32", x.n_precisions == 1 && strcmp(x.precisions[0], "fp32") == 0, "%u",
          x.n_precisions);
    CHECK("defaults",
          x.repetitions == 5 && x.invocations == 3 && x.shuffle && x.temperature == 0 &&
              x.top_p == 1,
          "%u", x.repetitions);
    CHECK("a name from the map", strcmp(x.scenarios[0].name, "only") == 0, "%s",
          x.scenarios[0].name);

    const enum err_code notes = experiment_file_read(golden(a, "pass_notes.yaml"), a, &x, &e);
    CHECK("keys for later", notes == ERR_OK && x.n_notes == 2, "%s", e.msg);
    CHECK("a note has its place",
          notes == ERR_OK && strstr(x.notes[0], "pass_notes.yaml:4:10: 'pricing'"), "%s",
          x.notes[0]);
    CHECK("the law as text",
          notes == ERR_OK && strcmp(x.synthetic, "decode_ms=5 noise=normal:0.1") == 0, "%s",
          x.synthetic);
}

static enum err_code read_text(struct arena *a, const char *text, struct experiment *ret,
                               struct err *e)
{
    char path[] = "/tmp/test_experiment_XXXXXX";
    const int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return err_sys(e, "%s", path);
    close(fd);
    const enum err_code code = experiment_file_read(path, a, ret, e);
    unlink(path);
    return code;
}

static void many(struct arena *a)
{
    struct experiment x;
    struct err e = {};
    const enum err_code code = read_text(
        a, "modles: [m]\nbackends: [olama]\nseed: x\nscenarios: [{name: a, prompts: []}]\n", &x,
        &e);
    size_t lines = 1;
    for (const char *c = e.msg; *c; c++)
        lines += *c == '\n';
    CHECK("every mistake at once", code == ERR_USAGE && lines == 4, "%zu: %s", lines, e.msg);
    const char *const first = strstr(e.msg, ":1:1: no such key"), *const last =
                                                                      strstr(e.msg, ":4:");
    CHECK("in the order of the file", first && last && first < last, "%s", e.msg);

    CLEANUP(str_done) struct str s = {};
    for (int i = 0; i < 200; i++)
        str_printf(&s, "unknown_key_number_%d: 1\n", i);
    CHECK("no end of mistakes fits",
          read_text(a, s.text, &x, &e) == ERR_USAGE && strstr(e.msg, "more)"), "%s", e.msg);
    CHECK("no such file", experiment_file_read("/nonexistent.yaml", a, &x, &e) == ERR_IO, "%s",
          e.msg);
}

static char *canonical(struct arena *a, const char *text)
{
    struct experiment x;
    struct err e = {};
    if (read_text(a, text, &x, &e))
        return e.msg[0] ? arena_strdup(a, e.msg) : nullptr;
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out};
    x.name = "x";
    experiment_file_json(&x, &w);
    return arena_strdup(a, out.text);
}

static void same(struct arena *a)
{
    const char *const one =
        canonical(a, "models: [m]\nbackends: [ollama]\nscenarios: [{name: a, prompts: hi}]\n");
    const char *const two =
        canonical(a, "# other words\nscenarios:\n  a:\n    prompts: ['hi']\n    max_tokens: 128\n"
                     "backends: ollama\nmodels: [{name: m}]\n");
    const char *const three = canonical(
        a, "models: [m]\nbackends: [ollama]\nseed: 43\nscenarios: [{name: a, prompts: hi}]\n");
    CHECK("comments and order change nothing", one && two && strcmp(one, two) == 0, "%s\n# %s", one,
          two);
    CHECK("a seed does", strcmp(one, three) != 0, "%s", three);
}

static void rows(struct str *out, const char *title, const struct experiment_key *k)
{
    str_printf(out, "\n### %s\n\n| key | what | default | |\n|---|---|---|---|\n", title);
    for (; k->type != EXPERIMENT_KEY_END; k++) {
        str_printf(out, "| `%s` | %s", k->name, k->want);
        if (k->min < k->max)
            str_printf(out, ", %.10g to %.10g", k->min, k->max);
        str_printf(
            out, " | %s%s%s | %s%s |\n", k->def ? "`" : "", k->def ? k->def : "", k->def ? "`" : "",
            k->type == EXPERIMENT_KEY_LATER ? "read past for now, with a note: " : "", k->help);
    }
}

/* docs/EXPERIMENT.md carries the tables of the program; `test_experiment_file --print` prints them
 * anew. */
static void documented(struct arena *a, bool print)
{
    CLEANUP(str_done) struct str want = {};
    rows(&want, "The experiment", experiment_keys_top);
    rows(&want, "A scenario", experiment_keys_scenario);
    rows(&want, "A model", experiment_keys_model);
    rows(&want, "quantization", experiment_keys_quantization);
    rows(&want, "perplexity", experiment_keys_perplexity);
    rows(&want, "semantic", experiment_keys_semantic);
    if (print) {
        fputs(want.text, stdout);
        return;
    }
    const char *const tests = getenv("CHIMERA_TESTS");
    char *text;
    size_t n;
    struct err e = {};
    if (file_read(file_join(a, tests ? tests : "tests", "../docs/EXPERIMENT.md"), a, &text, &n,
                  &e)) {
        CHECK("docs/EXPERIMENT.md", false, "%s", e.msg);
        return;
    }
    CHECK("docs/EXPERIMENT.md has the tables of the program", strstr(text, want.text),
          "put the output of test_experiment_file --print into it");
}

int main(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(256U << 20);
    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        documented(a, true);
        return 0;
    }
    every_mistake(a);
    seed(a);
    least(a);
    many(a);
    same(a);
    documented(a, false);
    return test_done();
}
