// A picture packed without loss: each sample as its difference to the one above it, and the differences of each 16 bytes in
// as many bits as the largest of them takes. What is left of a decoded picture is two fifths, for a tenth of what decoding
// it takes (docs/adr/0020-packed-frames.md).
//
// A row is: the widths of its blocks, 4 bits each, 0 to 8; then the blocks, 2 bytes for each bit of their width. A block is
// 16 bytes: 16 samples of 8 bits; or, of 16 samples of 16 bits, the lower bytes, and then in another one the upper bytes.
#include "CVABufShims.h"
#include <string.h>

enum { block_bytes = 16 };
#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef uint8_t bytes_t __attribute__((vector_size(16)));
typedef int8_t signed_bytes_t __attribute__((vector_size(16)));
typedef uint16_t words_t __attribute__((vector_size(16)));
typedef int16_t signed_words_t __attribute__((vector_size(16)));
typedef uint64_t halves_t __attribute__((vector_size(16)));

// MARK: - Bits

static const uint64_t low_bits[9] = {
    0,
    0x0101010101010101,
    0x0303030303030303,
    0x0707070707070707,
    0x0f0f0f0f0f0f0f0f,
    0x1f1f1f1f1f1f1f1f,
    0x3f3f3f3f3f3f3f3f,
    0x7f7f7f7f7f7f7f7f,
    0xffffffffffffffff,
};

// Eight bytes of `width` bits next to each other, and back: one instruction (BMI2), or steps that any processor has.
ALWAYS_INLINE uint64_t gather(uint64_t value, unsigned width, bool has_bmi2) {
#if defined(__x86_64__)
  if (has_bmi2) {
    __asm__("pextq %2, %1, %0" : "=r"(value) : "r"(value), "rm"(low_bits[width]));
    return value;
  }
#endif
  unsigned gap = 8 - width;
  value = (value & 0x00ff00ff00ff00ff) | (value & 0xff00ff00ff00ff00) >> gap;
  value = (value & 0x0000ffff0000ffff) | (value & 0xffff0000ffff0000) >> 2 * gap;
  return (value & 0x00000000ffffffff) | (value & 0xffffffff00000000) >> 4 * gap;
}

ALWAYS_INLINE uint64_t scatter(uint64_t value, unsigned width, bool has_bmi2) {
#if defined(__x86_64__)
  if (has_bmi2) {
    __asm__("pdepq %2, %1, %0" : "=r"(value) : "r"(value), "rm"(low_bits[width]));
    return value;
  }
#endif
  unsigned gap = 8 - width;
  uint64_t half = ((uint64_t)1 << 4 * width) - 1;
  value = (value & half) | (value & ~half) << 4 * gap;
  uint64_t quarter = ((uint64_t)1 << 2 * width) - 1;
  quarter |= quarter << 32;
  value = (value & quarter) | (value & ~quarter) << 2 * gap;
  uint64_t eighth = ((uint64_t)1 << width) - 1;
  eighth |= eighth << 16;
  eighth |= eighth << 32;
  return ((value & eighth) | (value & ~eighth) << gap) & low_bits[width];
}

// How many bits the largest of 16 bytes takes.
ALWAYS_INLINE unsigned width_of(bytes_t values) {
  halves_t halves = (halves_t)values;
  uint64_t any = halves[0] | halves[1];
  any |= any >> 32;
  any |= any >> 16;
  any |= any >> 8;
  return 31 - (unsigned)__builtin_clz((unsigned)(any & 0xff) << 1 | 1);
}

// Small differences of either sign become small numbers: 0, -1, 1, -2 are 0, 1, 2, 3.
ALWAYS_INLINE bytes_t fold8(bytes_t difference) {
  return (difference + difference) ^ (bytes_t)((signed_bytes_t)difference >> 7);
}
ALWAYS_INLINE bytes_t unfold8(bytes_t folded) { return (folded >> 1) ^ -(folded & 1); }
ALWAYS_INLINE words_t fold16(words_t difference) {
  return (difference + difference) ^ (words_t)((signed_words_t)difference >> 15);
}
ALWAYS_INLINE words_t unfold16(words_t folded) { return (folded >> 1) ^ -(folded & 1); }

// MARK: - Blocks

ALWAYS_INLINE bytes_t load(const uint8_t *from) {
  bytes_t value;
  memcpy(&value, from, sizeof value);
  return value;
}

ALWAYS_INLINE void store(uint8_t *to, bytes_t value) { memcpy(to, &value, sizeof value); }

// The last bytes of a row.
ALWAYS_INLINE bytes_t load_part(const uint8_t *from, size_t count) {
  bytes_t value = {0};
  memcpy(&value, from, count < block_bytes ? count : block_bytes);
  return value;
}

ALWAYS_INLINE void store_part(uint8_t *to, size_t count, bytes_t value) {
  memcpy(to, &value, count < block_bytes ? count : block_bytes);
}

// Widths and blocks of a row, as they are written or read.
struct packed_row {
  uint8_t *widths;
  uint8_t *next;
};

ALWAYS_INLINE void put(struct packed_row *row, size_t index, bytes_t values, bool has_bmi2) {
  unsigned width = width_of(values);
  if (index % 2 == 0) {
    row->widths[index / 2] = (uint8_t)width;
  } else {
    row->widths[index / 2] |= (uint8_t)(width << 4);
  }
  halves_t halves = (halves_t)values;
  uint64_t low = gather(halves[0], width, has_bmi2), high = gather(halves[1], width, has_bmi2);
  // Whole words: what is too much is written over by the next block, and there are 8 bytes to spare behind the last.
  memcpy(row->next, &low, sizeof low);
  memcpy(row->next + width, &high, sizeof high);
  row->next += 2 * width;
}

ALWAYS_INLINE bytes_t take(struct packed_row *row, size_t index, bool has_bmi2) {
  unsigned width = row->widths[index / 2] >> index % 2 * 4 & 15;
  uint64_t low, high;
  memcpy(&low, row->next, sizeof low);
  memcpy(&high, row->next + width, sizeof high);
  row->next += 2 * width;
  halves_t halves = {scatter(low, width, has_bmi2), scatter(high, width, has_bmi2)};
  return (bytes_t)halves;
}

static size_t blocks_of(size_t row_bytes, int sample_bytes) {
  size_t samples = (row_bytes + (size_t)sample_bytes - 1) / (size_t)sample_bytes;
  return (samples + block_bytes - 1) / block_bytes * (size_t)sample_bytes;
}

// MARK: - Rows

ALWAYS_INLINE void pack_words(struct packed_row *packed, size_t index, bytes_t first, bytes_t second, bool has_bmi2) {
  put(packed, index,
      __builtin_shufflevector(first, second, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), has_bmi2);
  put(packed, index + 1,
      __builtin_shufflevector(first, second, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), has_bmi2);
}

ALWAYS_INLINE bytes_t difference16(bytes_t here, bytes_t there) {
  return (bytes_t)fold16((words_t)here - (words_t)there);
}

// `above` is NULL for the first row, which is packed as if there were one of zeros above.
ALWAYS_INLINE void pack_row(
    struct packed_row *packed, const uint8_t *row, const uint8_t *above, size_t count, int sample_bytes,
    bool has_bmi2) {
  const bytes_t zero = {0};
  size_t group = block_bytes * (size_t)sample_bytes, at = 0, index = 0;
  for (; at + group <= count; at += group, index += (size_t)sample_bytes) {
    if (sample_bytes == 1) {
      put(packed, index, fold8(load(row + at) - (above ? load(above + at) : zero)), has_bmi2);
    } else {
      bytes_t first = difference16(load(row + at), above ? load(above + at) : zero);
      bytes_t second = difference16(load(row + at + block_bytes), above ? load(above + at + block_bytes) : zero);
      pack_words(packed, index, first, second, has_bmi2);
    }
  }
  if (at == count) return;
  size_t left = count - at, rest = left > block_bytes ? left - block_bytes : 0;
  bytes_t here = load_part(row + at, left), there = above ? load_part(above + at, left) : zero;
  if (sample_bytes == 1) {
    put(packed, index, fold8(here - there), has_bmi2);
  } else {
    bytes_t second = rest == 0 ? zero
                               : difference16(load_part(row + at + block_bytes, rest),
                                              above ? load_part(above + at + block_bytes, rest) : zero);
    pack_words(packed, index, difference16(here, there), second, has_bmi2);
  }
}

ALWAYS_INLINE bytes_t sum16(bytes_t there, bytes_t folded) {
  return (bytes_t)((words_t)there + unfold16((words_t)folded));
}

ALWAYS_INLINE void unpack_row(
    struct packed_row *packed, uint8_t *row, const uint8_t *above, size_t count, int sample_bytes, bool has_bmi2) {
  const bytes_t zero = {0};
  size_t group = block_bytes * (size_t)sample_bytes, at = 0, index = 0;
  for (; at < count; at += group, index += (size_t)sample_bytes) {
    size_t left = count - at, rest = left > block_bytes ? left - block_bytes : 0;
    bytes_t low = take(packed, index, has_bmi2);
    if (sample_bytes == 1) {
      if (left >= group) {
        store(row + at, (above ? load(above + at) : zero) + unfold8(low));
      } else {
        store_part(row + at, left, (above ? load_part(above + at, left) : zero) + unfold8(low));
      }
      continue;
    }
    bytes_t high = take(packed, index + 1, has_bmi2);
    bytes_t first = __builtin_shufflevector(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    bytes_t second = __builtin_shufflevector(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    if (left >= group) {
      store(row + at, sum16(above ? load(above + at) : zero, first));
      store(row + at + block_bytes, sum16(above ? load(above + at + block_bytes) : zero, second));
    } else {
      store_part(row + at, left, sum16(above ? load_part(above + at, left) : zero, first));
      if (rest > 0) {
        bytes_t there = above ? load_part(above + at + block_bytes, rest) : zero;
        store_part(row + at + block_bytes, rest, sum16(there, second));
      }
    }
  }
}

ALWAYS_INLINE size_t pack_rows(
    uint8_t *target, size_t capacity, size_t *used, struct vabuf_rows source, size_t first, size_t last,
    size_t row_bytes, int sample_bytes, bool has_bmi2) {
  size_t blocks = blocks_of(row_bytes, sample_bytes), widths = (blocks + 1) / 2;
  size_t most = widths + blocks * block_bytes + vabuf_packing_slack;
  uint8_t *to = target;
  size_t row = first;
  for (; row < last && capacity - (size_t)(to - target) >= most; row++) {
    const uint8_t *from = source.start + (ptrdiff_t)row * source.stride;
    struct packed_row packed = {.widths = to, .next = to + widths};
    if (row == 0) {
      pack_row(&packed, from, NULL, row_bytes, sample_bytes, has_bmi2);
    } else {
      pack_row(&packed, from, from - source.stride, row_bytes, sample_bytes, has_bmi2);
    }
    to = packed.next;
  }
  *used = (size_t)(to - target);
  return row;
}

ALWAYS_INLINE void unpack_rows(
    uint8_t *target, ptrdiff_t stride, size_t first, size_t last, size_t row_bytes, int sample_bytes,
    const uint8_t *packed_rows, bool has_bmi2) {
  size_t widths = (blocks_of(row_bytes, sample_bytes) + 1) / 2;
  uint8_t *from = (uint8_t *)(uintptr_t)packed_rows;  // It is only read.
  for (size_t row = first; row < last; row++) {
    uint8_t *to = target + (ptrdiff_t)row * stride;
    struct packed_row packed = {.widths = from, .next = from + widths};
    if (row == 0) {
      unpack_row(&packed, to, NULL, row_bytes, sample_bytes, has_bmi2);
    } else {
      unpack_row(&packed, to, to - stride, row_bytes, sample_bytes, has_bmi2);
    }
    from = packed.next;
  }
}

bool vabuf_has_fast_packing(void) {
#if defined(__x86_64__)
  // The first two Zen have the instructions in microcode, where they take a time for each bit.
  return __builtin_cpu_supports("bmi2") && !__builtin_cpu_is("znver1") && !__builtin_cpu_is("znver2");
#else
  return false;
#endif
}

size_t vabuf_pack_rows(
    uint8_t *target, size_t capacity, size_t *used, struct vabuf_rows source, size_t first, size_t last,
    size_t row_bytes, int sample_bytes, bool fast) {
  if (sample_bytes == 2)
    return fast ? pack_rows(target, capacity, used, source, first, last, row_bytes, 2, true)
                : pack_rows(target, capacity, used, source, first, last, row_bytes, 2, false);
  return fast ? pack_rows(target, capacity, used, source, first, last, row_bytes, 1, true)
              : pack_rows(target, capacity, used, source, first, last, row_bytes, 1, false);
}

void vabuf_unpack_rows(
    uint8_t *target, ptrdiff_t stride, size_t first, size_t last, size_t row_bytes, int sample_bytes,
    const uint8_t *packed, bool fast) {
  if (sample_bytes == 2) {
    if (fast) unpack_rows(target, stride, first, last, row_bytes, 2, packed, true);
    else unpack_rows(target, stride, first, last, row_bytes, 2, packed, false);
  } else {
    if (fast) unpack_rows(target, stride, first, last, row_bytes, 1, packed, true);
    else unpack_rows(target, stride, first, last, row_bytes, 1, packed, false);
  }
}
