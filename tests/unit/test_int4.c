/* By hand from the definition in int4.h: scale = largest / -8, w ~ scale * (q - 8), two to a byte.
 */
#include "base/defs.h"
#include "model/int4.h"
#include "test.h"

int main(void)
{
    float w[40] = {-8, 7, 0.4F, 0.6F, -7.6F, 3}, scales[2] = {};
    uint8_t q[32] = {};
    w[32] = 4;
    w[33] = -4;
    w[39] = 1.24F;
    CHECK("finite", int4_row(w, 40, scales, q), "refused");
    CHECK("two blocks of a row of 40", int4_blocks(40) == 2 && int4_blocks(32) == 1, "%zu",
          int4_blocks(40));
    CHECK_NEAR("the largest is -8", scales[0], 1.0, 0);
    CHECK_NEAR("one that is positive too", scales[1], -0.5, 0);
    CHECK("the first in the lower half", q[0] == 0xf0, "%02x", q[0]);
    CHECK("to nearest", q[1] == 0x98, "%02x", q[1]);
    CHECK("and no further than the grid", q[2] == 0xb0, "%02x", q[2]);
    CHECK("zeros are eights", q[3] == 0x88, "%02x", q[3]);
    CHECK("a positive largest is 0, its negative is clipped to 15", q[16] == 0xf0, "%02x", q[16]);
    CHECK("1.24 / -0.5 rounds to -2", q[19] == 0x68, "%02x", q[19]);
    CHECK("beyond the end of the row", q[20] == 0x88 && q[31] == 0x88, "%02x %02x", q[20], q[31]);
    const float zeros[32] = {};
    CHECK("a block of zeros has scale 0", int4_row(zeros, 32, scales, q) && scales[0] == 0, "%g",
          (double)scales[0]);
    w[5] = INFINITY;
    CHECK("an infinity is refused", !int4_row(w, 40, scales, q), "taken");
    return test_done();
}
