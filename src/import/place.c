#include "import/place.h"

#include "base/arena.h"
#include "io/file.h"
#include "io/json.h"
#include "store/results_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool made_by_import(const char *dir, struct arena *a)
{
    const struct json *manifest;
    struct err e;
    const char *const path = file_join(a, dir, "manifest.json");
    return file_exists(path) && !json_read_file(path, a, &manifest, &e) &&
           json_is_object(json_get(manifest, "imported"));
}

static int remove_one(const char *path, const struct stat *, int, struct FTW *)
{
    return remove(path);
}

static void remove_tree(const char *path)
{
    constexpr int DESCRIPTORS = 16;
    (void)nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

static enum err_code check_there(struct place *p, bool force, struct arena *a, struct err *e)
{
    bool empty;
    if (file_exists(p->dir) && !file_is_folder(p->dir))
        return err_set(e, ERR_USAGE, "'%s' is no folder", p->dir);
    if (results_folder_is_empty(p->dir, &empty, e))
        return e->code;
    if (empty)
        return ERR_OK;
    p->replaces = made_by_import(p->dir, a);
    if (p->replaces && force)
        return ERR_OK;
    return err_set(e, ERR_USAGE, "'%s' is not empty; %s", p->dir,
                   p->replaces ? "--force replaces what an earlier import made there, or give "
                                 "another -o"
                               : "give another -o");
}

enum err_code place_open(struct place *p, const char *dir, bool force, struct arena *a,
                         struct err *e)
{
    char *const clean = arena_strdup(a, dir);
    for (size_t n = strlen(clean); n > 1 && clean[n - 1] == '/'; n--)
        clean[n - 1] = '\0';
    *p = (struct place){.dir = clean};
    if (!*clean)
        return err_set(e, ERR_USAGE, "'' is no name for a folder");
    const char *const parent = file_folder_of(a, clean);
    if (check_there(p, force, a, e) || file_make_folders(parent, e))
        return e->code;
    char *const beside = arena_printf(a, "%s/.%s.import-XXXXXX", parent, file_name_of(clean));
    if (!mkdtemp(beside))
        return err_sys(e, "cannot make a folder in '%s'", parent);
    p->beside = beside;
    const mode_t mask = umask(0);
    (void)umask(mask);
    return chmod(beside, 0777 & ~mask) == 0 ? ERR_OK : err_sys(e, "'%s'", beside);
}

enum err_code place_commit(struct place *p, struct err *e)
{
    if (!p->replaces) {
        if (rename(p->beside, p->dir) != 0)
            return err_sys(e, "cannot put the results in '%s'", p->dir);
        p->beside = nullptr;
        return ERR_OK;
    }
    if (renameat2(AT_FDCWD, p->beside, AT_FDCWD, p->dir, RENAME_EXCHANGE) != 0)
        return err_sys(e, "cannot replace '%s'", p->dir);
    place_discard(p); /* now the old one */
    return ERR_OK;
}

void place_discard(struct place *p)
{
    if (p->beside)
        remove_tree(p->beside);
    p->beside = nullptr;
}
