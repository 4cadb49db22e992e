/* folder.h - a folder of one test and everything in it, removed. */
#pragma once

#include <ftw.h>
#include <stdio.h>

static int folder_remove_one(const char *path, const struct stat *, int, struct FTW *)
{
    return remove(path);
}

static inline void folder_remove(const char *path)
{
    (void)nftw(path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
