#include "model/half.h"

#include <math.h>
#include <string.h>

/* Subnormals: adding 0.5, whose last bit is worth the half's last bit, leaves the kept bits at the
 * bottom of the sum, rounded by the float unit itself. Normals: round up by half a unit, less one
 * bit where even. */
uint16_t half_from(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000U);
    bits &= 0x7fffffffU;
    if (bits > 0x7f800000U)
        return sign | 0x7e00U; /* NaN */
    if (bits >= 0x477ff000U)
        return sign | 0x7c00U; /* 65520 and more round to infinity */
    if (bits < 0x38800000U) {  /* subnormal in half precision: units of 2^-24 */
        float y;
        memcpy(&y, &bits, sizeof y);
        y += 0.5F; /* whose last bit is 2^-24 */
        uint32_t sum;
        memcpy(&sum, &y, sizeof sum);
        return sign | (uint16_t)(sum - 0x3f000000U);
    }
    const uint32_t odd = bits >> 13 & 1U;
    bits += 0xfffU + odd; /* carries into the exponent when it must */
    return sign | (uint16_t)((bits >> 13) - (112U << 10));
}

bool half_from_all(const float *x, size_t n, uint16_t *ret)
{
    bool fits = true;
    for (size_t i = 0; i < n; i++) {
        ret[i] = half_from(x[i]);
        fits &= (ret[i] & 0x7fffU) != 0x7c00U || isinf(x[i]);
    }
    return fits;
}

uint16_t half_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffffU) > 0x7f800000U)
        return (uint16_t)(bits >> 16 |
                          0x40U); /* NaN, and quiet: its payload may be cut to nothing */
    bits += 0x7fffU + (bits >> 16 & 1U);
    return (uint16_t)(bits >> 16);
}

bool half_bf16_all(const float *x, size_t n, uint16_t *ret)
{
    bool fits = true;
    for (size_t i = 0; i < n; i++) {
        ret[i] = half_bf16(x[i]);
        fits &= (ret[i] & 0x7fffU) != 0x7f80U || isinf(x[i]);
    }
    return fits;
}
