#include "model/int4.h"

#include <math.h>
#include <string.h>

constexpr float ZERO = 8;
constexpr float MOST = 15;

static uint8_t round_to(float w, float inverse)
{
    const float q = rintf(w * inverse) + ZERO;
    return (uint8_t)(q > MOST ? MOST : q < 0 ? 0 : q);
}

bool int4_row(const float *w, size_t n, float *scales, uint8_t *ret)
{
    float nothing = 0;
    for (size_t b = 0; b < int4_blocks(n); b++) {
        const float *const x = w + b * INT4_BLOCK;
        const size_t left = n - b * INT4_BLOCK, m = left < INT4_BLOCK ? left : INT4_BLOCK;
        float largest = 0;
        for (size_t i = 0; i < m; i++) {
            nothing += x[i] * 0; /* NaN from an infinity or a NaN on */
            largest = fabsf(x[i]) > fabsf(largest) ? x[i] : largest;
        }
        scales[b] = largest / -ZERO;
        const float inverse = scales[b] != 0 ? 1 / scales[b] : 0;
        uint8_t *const out = ret + b * INT4_BLOCK / 2;
        memset(out, 0x88, INT4_BLOCK / 2); /* zeros, where the row ends */
        for (size_t i = 0; i < m; i++) {
            const uint8_t q = round_to(x[i], isfinite(inverse) ? inverse : 0);
            const unsigned kept = out[i / 2] & (i % 2 ? 0x0fU : 0xf0U);
            out[i / 2] = (uint8_t)(kept | (unsigned)q << (i % 2 ? 4 : 0));
        }
    }
    return nothing == 0;
}
