// Loops over samples that downloads and uploads are made of. In C for the vectoriser: rows are read and written once.
#include "CVABufShims.h"
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>

// Memory of a GPU may be uncached ("write-combining"): plain loads then fetch 8 bytes at a time from the bus, streaming
// loads whole lines.
__attribute__((target("sse4.1"))) static void load_streaming(uint8_t *target, const uint8_t *source, size_t count) {
  size_t head = (16 - ((uintptr_t)source & 15)) & 15;
  if (head > count) head = count;
  memcpy(target, source, head);
  size_t at = head;
  for (; at + 64 <= count; at += 64) {
    __m128i *from = (__m128i *)(uintptr_t)(source + at);
    __m128i a = _mm_stream_load_si128(from), b = _mm_stream_load_si128(from + 1);
    __m128i c = _mm_stream_load_si128(from + 2), d = _mm_stream_load_si128(from + 3);
    _mm_storeu_si128((__m128i *)(target + at), a);
    _mm_storeu_si128((__m128i *)(target + at + 16), b);
    _mm_storeu_si128((__m128i *)(target + at + 32), c);
    _mm_storeu_si128((__m128i *)(target + at + 48), d);
  }
  memcpy(target + at, source + at, count - at);
}
bool vabuf_has_streaming_loads(void) { return __builtin_cpu_supports("sse4.1"); }
#else
static void load_streaming(uint8_t *target, const uint8_t *source, size_t count) { memcpy(target, source, count); }
bool vabuf_has_streaming_loads(void) { return false; }
#endif

static void split8(uint8_t *restrict u, uint8_t *restrict v, const uint8_t *restrict pairs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    u[i] = pairs[2 * i];
    v[i] = pairs[2 * i + 1];
  }
}

static void split16(
    uint16_t *restrict u, uint16_t *restrict v, const uint16_t *restrict pairs, size_t count, int shift) {
  for (size_t i = 0; i < count; i++) {
    u[i] = (uint16_t)(pairs[2 * i] >> shift);
    v[i] = (uint16_t)(pairs[2 * i + 1] >> shift);
  }
}

static void shift16(uint16_t *restrict target, const uint16_t *restrict source, size_t count, int shift) {
  for (size_t i = 0; i < count; i++) target[i] = (uint16_t)(source[i] >> shift);
}

// A row of the source, through a cached copy of it where its memory is not cached.
static const uint8_t *row_of(const struct vabuf_rows *rows, size_t row, size_t count, uint8_t *bounce) {
  const uint8_t *source = rows->start + (ptrdiff_t)row * rows->stride;
  if (!bounce) return source;
  load_streaming(bounce, source, count);
  return bounce;
}

bool vabuf_read_luma(
    uint8_t *target, ptrdiff_t stride, struct vabuf_rows source, size_t samples, size_t rows, int bits, bool streaming) {
  size_t count = samples * (bits > 8 ? 2 : 1);
  if (streaming && bits == 8) {
    for (size_t row = 0; row < rows; row++)
      load_streaming(target + (ptrdiff_t)row * stride, source.start + (ptrdiff_t)row * source.stride, count);
    return true;
  }
  uint8_t *bounce = streaming ? malloc(count) : NULL;
  if (streaming && !bounce) return false;
  for (size_t row = 0; row < rows; row++) {
    const uint8_t *from = row_of(&source, row, count, bounce);
    uint8_t *to = target + (ptrdiff_t)row * stride;
    if (bits == 8) {
      memcpy(to, from, count);
    } else {
      shift16((uint16_t *)(void *)to, (const uint16_t *)(const void *)from, samples, 16 - bits);
    }
  }
  free(bounce);
  return true;
}

bool vabuf_read_chroma(
    uint8_t *u, uint8_t *v, ptrdiff_t stride, struct vabuf_rows source, size_t pairs, size_t rows, int bits,
    bool streaming) {
  size_t count = pairs * (bits > 8 ? 4 : 2);
  uint8_t *bounce = streaming ? malloc(count) : NULL;
  if (streaming && !bounce) return false;
  for (size_t row = 0; row < rows; row++) {
    const uint8_t *from = row_of(&source, row, count, bounce);
    ptrdiff_t at = (ptrdiff_t)row * stride;
    if (bits == 8) {
      split8(u + at, v + at, from, pairs);
    } else {
      split16(
          (uint16_t *)(void *)(u + at), (uint16_t *)(void *)(v + at), (const uint16_t *)(const void *)from, pairs,
          16 - bits);
    }
  }
  free(bounce);
  return true;
}

void vabuf_write_luma(
    uint8_t *target, ptrdiff_t stride, struct vabuf_rows source, size_t samples, size_t rows, int bits) {
  for (size_t row = 0; row < rows; row++) {
    const uint8_t *from = source.start + (ptrdiff_t)row * source.stride;
    uint8_t *to = target + (ptrdiff_t)row * stride;
    if (bits == 8) {
      memcpy(to, from, samples);
      continue;
    }
    const uint16_t *wide = (const uint16_t *)(const void *)from;
    for (size_t i = 0; i < samples; i++) ((uint16_t *)(void *)to)[i] = (uint16_t)(wide[i] << (16 - bits));
  }
}

void vabuf_write_chroma(
    uint8_t *target, ptrdiff_t stride, struct vabuf_rows u, struct vabuf_rows v, size_t pairs, size_t rows, int bits) {
  for (size_t row = 0; row < rows; row++) {
    const uint8_t *from_u = u.start + (ptrdiff_t)row * u.stride;
    const uint8_t *from_v = v.start + (ptrdiff_t)row * v.stride;
    uint8_t *to = target + (ptrdiff_t)row * stride;
    for (size_t i = 0; i < pairs; i++) {
      if (bits == 8) {
        to[2 * i] = from_u[i];
        to[2 * i + 1] = from_v[i];
      } else {
        uint16_t *wide = (uint16_t *)(void *)to;
        wide[2 * i] = (uint16_t)(((const uint16_t *)(const void *)from_u)[i] << (16 - bits));
        wide[2 * i + 1] = (uint16_t)(((const uint16_t *)(const void *)from_v)[i] << (16 - bits));
      }
    }
  }
}

// Not flat, and as unlikely in a picture as any eight bytes.
static const uint64_t mark = 0x1be493d74e28b16c;
enum { mark_place = 4 };

// The first marked row from this one on: 7, 24, 39, 56...
static size_t marked_row(size_t row) {
  size_t start = row / 32 * 32, within = row % 32;
  return start + (within <= 7 ? 7 : within <= 24 ? 24 : 39);
}

void vabuf_mark_rows(uint8_t *plane, size_t stride, size_t rows, size_t block_bytes) {
  if (stride < mark_place + sizeof mark) return;
  size_t blocks = (stride - mark_place - sizeof mark) / block_bytes + 1;
  for (size_t row = marked_row(0); row < rows;) {
    size_t next = marked_row(row + 1);
    uint8_t *here = plane + row * stride + mark_place;
    const uint8_t *there = next < rows ? plane + next * stride + mark_place : here;
    for (size_t block = 0; block < blocks; block++) {
      __builtin_prefetch(there + block * block_bytes, 1);
      memcpy(here + block * block_bytes, &mark, sizeof mark);
    }
    row = next;
  }
}

bool vabuf_rows_are_marked(
    const uint8_t *plane, size_t stride, size_t top, size_t bottom, size_t block_bytes, size_t first, size_t last) {
  for (size_t row = marked_row(top); row < bottom;) {
    size_t next = marked_row(row + 1);
    const uint8_t *here = plane + row * stride + mark_place;
    const uint8_t *there = next < bottom ? plane + next * stride + mark_place : here;
    uint64_t found = 0;
    for (size_t block = first; block < last; block++) {
      __builtin_prefetch(there + block * block_bytes, 0);
      uint64_t value;
      memcpy(&value, here + block * block_bytes, sizeof value);
      found |= value == mark;
    }
    if (found) return true;
    row = next;
  }
  return false;
}
