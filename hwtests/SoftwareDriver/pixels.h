// Pixels: layouts, copies between frames, surfaces and images, hashes.

#ifndef SOFTVA_PIXELS_H
#define SOFTVA_PIXELS_H

#include <libavutil/frame.h>

#include "objects.h"

// False for a format that is neither NV12 nor P010, or a size that is none. Strides are wider than
// the rows on purpose: a client that takes one for the other is found out.
bool softva_layout_make(
    struct softva_layout *layout, uint32_t fourcc, uint32_t width, uint32_t height);

// Copies a decoded 4:2:0 picture, interleaving chroma; what only one of the two has is left out.
// False if the formats do not fit.
bool softva_copy_frame(
    uint8_t *data, const struct softva_layout *layout, const AVFrame *frame);

struct softva_rectangle {
  uint32_t x, y, width, height;
};
// Copies between two layouts of one format. Both rectangles are inside; chroma is taken from the
// 2x2 blocks that `from` and `to` touch.
void softva_copy_rectangle(
    uint8_t *to, const struct softva_layout *to_layout, uint32_t to_x, uint32_t to_y,
    const uint8_t *from, const struct softva_layout *from_layout,
    struct softva_rectangle rectangle);

// A quarter of every fourth row: enough to notice that another picture lies there, at a cost that no
// client is charged for.
uint64_t softva_hash(const uint8_t *data, const struct softva_layout *layout);
// SOFTVA_CORRUPT: a band in the middle of the picture.
void softva_corrupt(uint8_t *data, const struct softva_layout *layout);
// Overwrites the pixels that the inner decoder refers to.
void softva_spoil_frame(AVFrame *frame);

#endif
