// A bit writer for headers (most significant bit first), with the Exp-Golomb codes of H.264 and
// HEVC. Writing past the end sets `overflow` and keeps memory intact.

#ifndef SOFTVA_BITS_H
#define SOFTVA_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct softva_bits {
  uint8_t bytes[4096];
  size_t position;  // in bits
  bool overflow;
};

static inline void softva_put(struct softva_bits *bits, unsigned count, uint32_t value) {
  const size_t end = sizeof bits->bytes * 8;
  if (bits->position > end || count > end - bits->position) {
    bits->overflow = true;
    return;
  }
  for (unsigned shift = count; shift-- > 0; bits->position++) {
    uint8_t *byte = &bits->bytes[bits->position / 8];
    if (bits->position % 8 == 0) *byte = 0;
    *byte |= (uint8_t)(((value >> shift) & 1u) << (7 - bits->position % 8));
  }
}

// ue(v)
static inline void softva_put_ue(struct softva_bits *bits, uint32_t value) {
  unsigned length = 0;
  while (((uint64_t)value + 1) >> (length + 1)) length++;
  softva_put(bits, length, 0);
  softva_put(bits, 1, 1);
  if (length > 0) softva_put(bits, length, (uint32_t)((uint64_t)value + 1 - ((uint64_t)1 << length)));
}

// se(v)
static inline void softva_put_se(struct softva_bits *bits, int32_t value) {
  softva_put_ue(bits, value > 0 ? (uint32_t)value * 2 - 1 : (uint32_t)(-(int64_t)value * 2));
}

// rbsp_trailing_bits()
static inline void softva_put_trailing(struct softva_bits *bits) {
  softva_put(bits, 1, 1);
  while (bits->position % 8 != 0) softva_put(bits, 1, 0);
}

#endif
