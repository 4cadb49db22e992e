/* bandwidth.h - how fast one thread reads memory here. */
#pragma once

/* Bytes per second of one thread that sums a buffer larger than most caches, the best of three
 * passes; about 40 ms. NOT_MEASURED where there is no memory for the buffer. */
[[nodiscard]] double bandwidth_read(void);
