#include "base/dlib.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>

static const char *path_of(void *handle)
{
    struct link_map *map = nullptr;
    return dlinfo(handle, RTLD_DI_LINKMAP, (void *)&map) == 0 && map ? map->l_name : nullptr;
}

enum err_code dlib_open(const char *const *names, const struct dlib_symbol *symbols,
                        size_t n_symbols, const char **ret_path, struct err *e)
{
    void *handle = nullptr;
    char why[400] = "no name given";
    for (const char *const *name = names; *name && !handle; name++) {
        handle = dlopen(*name, RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            (void)snprintf(why, sizeof why, "%s", dlerror());
    }
    if (!handle)
        return err_set(e, ERR_UNAVAILABLE, "%s", why);

    for (size_t i = 0; i < n_symbols; i++) {
        *symbols[i].slot = dlsym(handle, symbols[i].name);
        if (!*symbols[i].slot)
            return err_set(e, ERR_UNAVAILABLE, "%s has no function %s: another version is needed",
                           path_of(handle), symbols[i].name);
    }
    if (ret_path)
        *ret_path = path_of(handle);
    return ERR_OK;
}
