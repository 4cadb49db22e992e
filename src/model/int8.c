#include "model/int8.h"

#include <math.h>

constexpr float MOST = 127;

bool int8_largest(const float *w, size_t rows, size_t columns, float *largest)
{
    float nothing = 0;
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            const float x = fabsf(w[i * columns + j]);
            nothing +=
                x * 0; /* NaN from an infinity or a NaN on; the comparison below drops them */
            if (x > largest[j])
                largest[j] = x;
        }
    }
    return nothing == 0;
}

void int8_scales(float *largest, size_t n)
{
    for (size_t i = 0; i < n; i++)
        largest[i] = largest[i] > 0 ? largest[i] / MOST : 1;
}

static int8_t round_to(float w, float scale)
{
    const float q = rintf(w / scale);
    return (int8_t)(q > MOST ? MOST : q < -MOST ? -MOST : q); /* a denormal scale rounds badly */
}

void int8_columns(const float *w, size_t rows, size_t columns, const float *scale, int8_t *ret)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            ret[i * columns + j] = round_to(w[i * columns + j], scale[j]);
}

void int8_rows_as_columns(const float *w, size_t rows, size_t columns, const float *scale,
                          size_t first, size_t total, int8_t *ret)
{
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < rows; i++)
            ret[j * total + first + i] = round_to(w[i * columns + j], scale[i]);
}
