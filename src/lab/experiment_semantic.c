#include "lab/experiment_semantic.h"

#include "base/arena.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "io/yaml.h"
#include "lab/experiment_keys.h"
#include "lab/experiment_reader.h"

#include <string.h>

/* Before the run and not after its hours. */
static void find_model(struct experiment_reader *r, const struct yaml *at, const char *folder,
                       struct experiment_semantic *s)
{
    const char *const beside = *s->model == '/' ? s->model : file_join(r->a, folder, s->model);
    const size_t n = strlen(s->model);
    s->path = file_exists(beside) ? beside : s->model;
    if (!file_exists(s->path))
        experiment_reader_mistake(r, at, "model: there is no file or folder '%s'%s", beside,
                                  *s->model == '/' ? "" : ", nor one in the working directory");
    else if (!file_is_folder(s->path) && (n < 5 || strcmp(s->model + n - 5, ".gguf") != 0))
        experiment_reader_mistake(
            r, at, "model: '%s': a folder of sentence-transformers' kind or a .gguf is wanted",
            s->path);
}

static void check_url(struct experiment_reader *r, const struct yaml *at, const char *url)
{
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        experiment_reader_mistake(r, at, "url: http://... or https://... is wanted, not '%s'", url);
}

void experiment_semantic_read(struct experiment_reader *r, const struct yaml *root,
                              struct experiment *ret)
{
    const struct yaml *const v = yaml_find(root, "semantic");
    if (!v || yaml_is_null(v))
        return;
    struct experiment_semantic *const s = ARENA_ARRAY(r->a, struct experiment_semantic, 1);
    if (!experiment_reader_keys(r, experiment_keys_semantic, "semantic", v, s))
        return;
    if (s->model)
        find_model(r, yaml_find(v, "model"), ret->folder, s);
    if (s->url)
        check_url(r, yaml_find(v, "url"), s->url);
    if (s->model && s->url)
        experiment_reader_mistake(r, yaml_find(v, "url"), "semantic: model and url: one of them");
    else if (!s->model && !s->url && !yaml_find(v, "model") && !yaml_find(v, "url"))
        experiment_reader_mistake(
            r, v, "semantic: the key model (a folder, a .gguf) or url (a server) is missing");
    if (s->name && !s->url)
        experiment_reader_mistake(r, yaml_find(v, "name"), "semantic: name goes with url");
    if (!ret->baseline_backend)
        experiment_reader_mistake(
            r, v, "semantic: outputs are compared with baseline_backend's, and the key is missing");
    ret->semantic = s;
}

void experiment_semantic_json(const struct experiment *x, struct jsonw *w)
{
    if (!x->semantic)
        return;
    jsonw_kobject(w, "semantic");
    jsonw_kstr(w, "model", x->semantic->model);
    jsonw_kstr(w, "url", x->semantic->url);
    jsonw_kstr(w, "name", x->semantic->name);
    jsonw_end_object(w);
}
