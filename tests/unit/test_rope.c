/* want: printed by tests/oracle/rope.py, which calls transformers 5.12's ROPE_INIT_FUNCTIONS
 * (float32, torch 2.14). Equal to 4e-7: powf() and torch's pow() differ in the last bit.
 */
#include "model/rope.h"

#include "base/defs.h"
#include "test.h"

#include <math.h>

constexpr uint32_t MOST_HEAD = 128;
constexpr double CLOSE = 4e-7;

struct want {
    uint32_t at;
    double frequency;
};

// clang-format off
static const struct {
    const char *label;
    struct rope rope;
    uint32_t head_dim;
    struct want want[10]; /* ends where the frequency is 0 */
} rows[] = {
    {"default, heads of 8",
      {.theta = 10000, .kind = ROPE_DEFAULT}, 8,
     {{0, 1.000000000e+00}, {1, 1.000000015e-01}, {2, 9.999999776e-03}, {3, 1.000000047e-03}}},
    {"default, heads of 16",
      {.theta = 500000, .kind = ROPE_DEFAULT}, 16,
     {{0, 1.000000000e+00}, {1, 1.939227581e-01}, {2, 3.760603070e-02}, {3, 7.292665076e-03},
      {4, 1.414213446e-03}, {5, 2.742481884e-04}, {6, 5.318295734e-05}, {7, 1.031338525e-05}}},
    {"linear, heads of 8, factor 2.5",
      {.theta = 10000, .kind = ROPE_LINEAR, .factor = 2.5}, 8,
     {{0, 4.000000060e-01}, {1, 3.999999911e-02}, {2, 3.999999724e-03}, {3, 4.000000190e-04}}},
    {"dynamic, heads of 8, factor 4",
      {.theta = 10000, .kind = ROPE_DYNAMIC, .factor = 4}, 8,
     {{0, 1.000000000e+00}, {1, 1.000000015e-01}, {2, 9.999999776e-03}, {3, 1.000000047e-03}}},
    {"llama3, heads of 128, factor 8",
      {.theta = 500000, .kind = ROPE_LLAMA3, .factor = 8, .low_freq_factor = 1, .high_freq_factor
      = 4, .original_ctx = 8192}, 128,
     {{0, 1.000000000e+00}, {8, 1.939227581e-01}, {16, 3.760603070e-02}, {24, 7.292665076e-03},
      {32, 5.248460220e-04}, {40, 3.428102355e-05}, {48, 6.647869668e-06}, {56, 1.289173156e-06},
      {63, 3.068925878e-07}}},
    {"llama3, heads of 64, factor 32",
      {.theta = 500000, .kind = ROPE_LLAMA3, .factor = 32, .low_freq_factor = 1, .high_freq_factor
      = 4, .original_ctx = 8192}, 64,
     {{0, 1.000000000e+00}, {4, 1.939227581e-01}, {8, 3.760603070e-02}, {12, 7.292665076e-03},
      {16, 4.295567051e-04}, {20, 8.570255886e-06}, {24, 1.661967417e-06}, {28, 3.222932889e-07},
      {31, 9.418306490e-08}}},
    {"yarn, heads of 64, factor 4",
      {.theta = 10000, .kind = ROPE_YARN, .factor = 4, .beta_fast = 32, .beta_slow = 1, .truncate
      = true, .original_ctx = 2048}, 64,
     {{0, 1.000000000e+00}, {4, 3.162277639e-01}, {8, 1.000000015e-01}, {12, 2.432521433e-02},
      {16, 5.384615157e-03}, {20, 9.730085731e-04}, {24, 2.500000119e-04}, {28, 7.905694656e-05},
      {31, 3.333803761e-05}}},
    {"yarn, heads of 128, factor 4",
      {.theta = 1e+06, .kind = ROPE_YARN, .factor = 4, .beta_fast = 32, .beta_slow = 1, .truncate
      = true, .original_ctx = 32768}, 128,
     {{0, 1.000000000e+00}, {8, 1.778279394e-01}, {16, 3.162277862e-02}, {24, 5.375321489e-03},
      {32, 6.029411452e-04}, {40, 4.445698505e-05}, {48, 7.905693565e-06}, {56, 1.405853368e-06},
      {63, 3.102344408e-07}}},
    {"yarn, heads of 32, factor 4, no truncation",
      {.theta = 10000, .kind = ROPE_YARN, .factor = 4, .beta_fast = 16, .beta_slow = 2, .truncate
      = false, .original_ctx = 2048}, 32,
     {{0, 1.000000000e+00}, {2, 3.162277639e-01}, {4, 1.000000015e-01}, {6, 2.660749853e-02},
      {8, 4.261618946e-03}, {10, 7.905694656e-04}, {12, 2.500000119e-04}, {14, 7.905694656e-05},
      {15, 4.445698505e-05}}},
    {"yarn, heads of 32, factor 40",
      {.theta = 10000, .kind = ROPE_YARN, .factor = 40, .beta_fast = 32, .beta_slow = 1, .truncate
      = true, .original_ctx = 2048}, 32,
     {{0, 1.000000000e+00}, {2, 3.162277639e-01}, {4, 1.000000015e-01}, {6, 2.281357720e-02},
      {8, 4.428571090e-03}, {10, 5.195170525e-04}, {12, 2.499999937e-05}, {14, 7.905694474e-06},
      {15, 4.445698323e-06}}},
    {"yarn, heads of 8, factor 4",
      {.theta = 10000, .kind = ROPE_YARN, .factor = 4, .beta_fast = 32, .beta_slow = 1, .truncate
      = true, .original_ctx = 2048}, 8,
     {{0, 1.000000000e+00}, {1, 1.000000015e-01}, {2, 6.249999627e-03}, {3, 2.500000119e-04}}},
};

/* The attention factors, from the same script. */
static const struct {
    double factor, mscale, mscale_all_dim, want;
} lengths[] = {
    {4, 0, 0, 1.138629436111989},
    {40, 0.707, 1, 0.9210423553163399},
    {1, 0, 0, 1},
};
// clang-format on

static void check_row(size_t i)
{
    float got[MOST_HEAD / 2], divisor[MOST_HEAD / 2];
    struct rope plain = rows[i].rope;
    plain.kind = ROPE_DEFAULT;
    float base[MOST_HEAD / 2];
    rope_frequencies(&rows[i].rope, rows[i].head_dim, got);
    rope_frequencies(&plain, rows[i].head_dim, base);
    rope_divisors(&rows[i].rope, rows[i].head_dim, divisor);
    double worst = 0, worst_divisor = 0;
    for (const struct want *w = rows[i].want; w->frequency != 0; w++)
        worst = fmax(worst, fabs((double)got[w->at] / w->frequency - 1));
    for (uint32_t k = 0; k < rows[i].head_dim / 2; k++)
        worst_divisor =
            fmax(worst_divisor, fabs((double)got[k] * (double)divisor[k] / (double)base[k] - 1));
    CHECK(rows[i].label, worst < CLOSE && worst_divisor < CLOSE, "%g, %g", worst, worst_divisor);
}

int main(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(i);
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        const double got =
            rope_yarn_attention(lengths[i].factor, lengths[i].mscale, lengths[i].mscale_all_dim);
        CHECK("yarn's attention factor", fabs(got - lengths[i].want) < 1e-15, "%.17g", got);
    }
    return test_done();
}
