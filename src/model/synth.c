#include "model/synth.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "model/synth_config.h"
#include "model/synth_tokenizer.h"
#include "model/synth_weights.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Part of the path in the cache: raise it when the files that are written change. */
constexpr unsigned FORMAT_GPT2 = 3;
constexpr unsigned FORMAT = 3; /* the other families */

static const char prefix[] = "synth:";

bool synth_is_name(const char *name)
{
    return strncmp(name, prefix, sizeof prefix - 1) == 0;
}

char *synth_cache_path(const struct synth_spec *s, struct arena *a)
{
    const bool gpt2 = s->family == SYNTH_GPT2;
    char *const name = synth_spec_name(s, a) + sizeof prefix - 1;
    size_t n = 0;
    for (const char *p = name; *p; p++) /* synth:gpt2/L=8,d=512 lies in gpt2-L8-d512 */
        if (*p != '=')
            name[n++] = (char)(*p == '/' || *p == ',' ? '-' : *p);
    name[n] = '\0';
    return file_join(a, file_cache_folder(a),
                     arena_printf(a, "models/%s-f%u", name, gpt2 ? FORMAT_GPT2 : FORMAT));
}

static enum err_code write_configs(const struct synth_spec *s, const char *folder, struct arena *a,
                                   struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    synth_config_write(s, synth_spec_name(s, a), synth_tokenizer_begin(s), synth_tokenizer_end(s),
                       &text);
    if (file_write(file_join(a, folder, "config.json"), text.text, text.n, e))
        return e->code;
    str_clear(&text);
    str_printf(&text, "{\n  \"bos_token_id\": %u,\n  \"eos_token_id\": %u\n}\n",
               synth_tokenizer_begin(s), synth_tokenizer_end(s));
    return file_write(file_join(a, folder, "generation_config.json"), text.text, text.n, e);
}

/* The parts as written so far, and the folder. */
static void remove_folder(const struct synth_spec *s, const char *folder, struct arena *a)
{
    static const char *const names[] = {"tokenizer.json", "tokenizer_config.json",
                                        "generation_config.json", "config.json",
                                        "model.safetensors.index.json"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)unlink(file_join(a, folder, names[i]));
    for (uint32_t i = 0; i < s->n_shards; i++)
        (void)unlink(file_join(a, folder, synth_weights_file(s, i, a)));
    (void)rmdir(folder);
}

static enum err_code fill(const struct synth_spec *s, const char *folder, struct arena *a,
                          struct err *e)
{
    if (synth_weights_write(s, folder, a, e) || synth_tokenizer_write(s, folder, a, e))
        return e->code;
    return write_configs(s, folder, a, e);
}

enum err_code synth_write(const struct synth_spec *given, const char *folder, struct arena *a,
                          struct err *e)
{
    struct synth_spec whole_spec = *given;
    const struct synth_spec *const s = &whole_spec;
    if (synth_spec_complete(&whole_spec, e))
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
        remove_folder(s, beside, a);
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
