/* mem.h - what malloc() gave, freed at the end of a scope. */
#pragma once

#include <stdlib.h>
#include <string.h>

/* For CLEANUP(), on a pointer to anything. */
static inline void mem_free(void *pointer)
{
    void *memory;
    memcpy(&memory, pointer, sizeof memory);
    free(memory);
}
