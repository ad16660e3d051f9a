#include "pixels.h"

#include <stdlib.h>
#include <string.h>

static uint32_t align(uint32_t value, uint32_t to) { return (value + to - 1) / to * to; }
static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }
static unsigned sample_size(const struct softva_layout *layout) {
  return layout->fourcc == VA_FOURCC_P010 ? 2 : 1;
}

bool softva_layout_make(
    struct softva_layout *layout, uint32_t fourcc, uint32_t width, uint32_t height) {
  if (fourcc != VA_FOURCC_NV12 && fourcc != VA_FOURCC_P010) return false;
  if (width == 0 || height == 0 || width > 16384 || height > 16384) return false;
  *layout = (struct softva_layout){.fourcc = fourcc, .width = width, .height = height};
  uint32_t stride = align(align(width, 2) * sample_size(layout), 64) + 64;
  layout->strides[0] = layout->strides[1] = stride;
  layout->offsets[1] = stride * align(height, 16);
  layout->size = align(layout->offsets[1] + stride * align((height + 1) / 2, 8), 4096);
  return true;
}

static void interleave8(uint8_t *to, const uint8_t *u, const uint8_t *v, uint32_t count) {
  for (uint32_t x = 0; x < count; x++) {
    to[2 * x] = u[x];
    to[2 * x + 1] = v[x];
  }
}

static void interleave10(uint16_t *to, const uint16_t *u, const uint16_t *v, uint32_t count) {
  for (uint32_t x = 0; x < count; x++) {
    to[2 * x] = (uint16_t)(u[x] << 6);
    to[2 * x + 1] = (uint16_t)(v[x] << 6);
  }
}

static void widen10(uint16_t *to, const uint16_t *from, uint32_t count) {
  for (uint32_t x = 0; x < count; x++) to[x] = (uint16_t)(from[x] << 6);
}

bool softva_copy_frame(
    uint8_t *data, const struct softva_layout *layout, const AVFrame *frame) {
  bool ten = layout->fourcc == VA_FOURCC_P010;
  bool grey = !ten && frame->format == AV_PIX_FMT_GRAY8;
  if (ten ? frame->format != AV_PIX_FMT_YUV420P10
          : frame->format != AV_PIX_FMT_YUV420P && frame->format != AV_PIX_FMT_YUVJ420P && !grey)
    return false;
  uint32_t width = smaller(layout->width, (uint32_t)frame->width);
  uint32_t height = smaller(layout->height, (uint32_t)frame->height);
  for (uint32_t y = 0; y < height; y++) {
    uint8_t *to = data + layout->offsets[0] + (size_t)y * layout->strides[0];
    const uint8_t *from = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
    if (ten)
      widen10((uint16_t *)to, (const uint16_t *)from, width);
    else
      memcpy(to, from, width);
  }
  for (uint32_t y = 0; y < (height + 1) / 2; y++) {
    uint8_t *to = data + layout->offsets[1] + (size_t)y * layout->strides[1];
    if (grey) {
      memset(to, 128, (width + 1) / 2 * 2);
      continue;
    }
    const uint8_t *u = frame->data[1] + (ptrdiff_t)y * frame->linesize[1];
    const uint8_t *v = frame->data[2] + (ptrdiff_t)y * frame->linesize[2];
    if (ten)
      interleave10((uint16_t *)to, (const uint16_t *)u, (const uint16_t *)v, (width + 1) / 2);
    else
      interleave8(to, u, v, (width + 1) / 2);
  }
  return true;
}

void softva_copy_rectangle(
    uint8_t *to, const struct softva_layout *to_layout, uint32_t to_x, uint32_t to_y,
    const uint8_t *from, const struct softva_layout *from_layout,
    struct softva_rectangle rectangle) {
  for (unsigned plane = 0; plane < 2; plane++) {
    unsigned shift = plane;  // of the rows; chroma columns are pairs of half as many
    uint32_t first = rectangle.y >> shift;
    uint32_t rows = ((rectangle.y + rectangle.height + shift) >> shift) - first;
    rows = smaller(rows, ((to_layout->height + shift) >> shift) - (to_y >> shift));
    uint32_t column = plane == 0 ? rectangle.x : rectangle.x & ~1u;
    uint32_t to_column = plane == 0 ? to_x : to_x & ~1u;
    uint32_t end = rectangle.x + rectangle.width;
    uint32_t columns = (plane == 0 ? end : align(end, 2)) - column;
    size_t bytes = (size_t)columns * sample_size(from_layout);
    for (uint32_t row = 0; row < rows; row++)
      memcpy(
          to + to_layout->offsets[plane] +
              (size_t)((to_y >> shift) + row) * to_layout->strides[plane] +
              (size_t)to_column * sample_size(to_layout),
          from + from_layout->offsets[plane] +
              (size_t)(first + row) * from_layout->strides[plane] +
              (size_t)column * sample_size(from_layout),
          bytes);
  }
}

uint64_t softva_hash(const uint8_t *data, const struct softva_layout *layout) {
  uint64_t hash = 0x9e3779b97f4a7c15u;
  for (unsigned plane = 0; plane < 2; plane++) {
    uint32_t rows = plane == 0 ? layout->height : (layout->height + 1) / 2;
    size_t bytes = (size_t)layout->width * sample_size(layout) / 8 * 8;
    for (uint32_t y = 0; y < rows; y += 4) {
      const uint8_t *row = data + layout->offsets[plane] + (size_t)y * layout->strides[plane];
      for (size_t x = y / 4 % 4 * 8; x < bytes; x += 32) {
        uint64_t word;
        memcpy(&word, row + x, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
      }
    }
  }
  return hash;
}

void softva_corrupt(uint8_t *data, const struct softva_layout *layout) {
  uint32_t first = layout->height / 4, last = layout->height / 2 + 1;
  for (uint32_t y = first; y < last; y++) {
    uint8_t *row = data + layout->offsets[0] + (size_t)y * layout->strides[0];
    for (size_t x = 0; x < (size_t)layout->width * sample_size(layout); x++) row[x] ^= 0x40;
  }
}

void softva_spoil_frame(AVFrame *frame) {
  for (int y = 0; y < frame->height; y++)
    memset(
        frame->data[0] + (ptrdiff_t)y * frame->linesize[0], y & 0xff,
        (size_t)smaller((uint32_t)frame->width, (uint32_t)abs(frame->linesize[0])));
}
