#include "text/code_points.h"

#include "text/regrow.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

void code_points_done(struct code_points *c)
{
    free(c->at);
    *c = (struct code_points){};
}

bool code_points_decode(const char *bytes, size_t n, struct code_points *ret, size_t *ret_bad)
{
    const uint8_t *const in = (const uint8_t *)bytes;
    REGROW(ret->at, ret->room, n);
    size_t out = 0, i = 0;
    while (i < n) {
        uint64_t eight = 0;
        while (n - i >= 8 && (memcpy(&eight, in + i, 8), (eight & 0x8080808080808080ULL) == 0)) {
            for (size_t k = 0; k < 8; k++)
                ret->at[out + k] = in[i + k];
            out += 8;
            i += 8;
        }
        if (i == n)
            break;
        if (in[i] < 0x80) {
            ret->at[out++] = in[i++];
            continue;
        }
        utf8proc_int32_t c = 0;
        const utf8proc_ssize_t took = utf8proc_iterate(in + i, (utf8proc_ssize_t)(n - i), &c);
        if (took <= 0) {
            ret->n = out;
            *ret_bad = i;
            return false;
        }
        ret->at[out++] = (uint32_t)c;
        i += (size_t)took;
    }
    ret->n = out;
    return true;
}
