// Writes a clip of field pictures, which no encoder at hand makes:
//
//   field_clip h264|mpeg2 >FILE
//
// H.264: an I field of raw samples, then P fields with references of both parities (also the first
// field of the same frame), frame pictures between them, B fields in spatial and temporal direct
// mode, reference pictures and others. MPEG-2: I and P fields that refer across parities.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bits.h"

#define COLUMNS 6   // macroblocks
#define ROWS 8      // of a frame; half as many in a field
#define FRAMES 24

static unsigned seed = 7;
static unsigned pick(unsigned count) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 16) % count;
}

static void write_bytes(const uint8_t *bytes, size_t size) {
  if (fwrite(bytes, 1, size, stdout) != size) exit(1);
}

static void write_nal(unsigned header, const struct softva_bits *bits) {
  if (bits->overflow) exit(2);
  const uint8_t start[5] = {0, 0, 0, 1, (uint8_t)header};
  write_bytes(start, sizeof start);
  unsigned zeros = 0;
  for (size_t index = 0; index < bits->position / 8; index++) {
    if (zeros == 2 && bits->bytes[index] <= 3) {
      write_bytes((const uint8_t[]){3}, 1);
      zeros = 0;
    }
    write_bytes(&bits->bytes[index], 1);
    zeros = bits->bytes[index] == 0 ? zeros + 1 : 0;
  }
}

static void write_h264_sets(void) {
  struct softva_bits sps = {.position = 0};
  softva_put(&sps, 24, 77 << 16 | 40);
  softva_put_ue(&sps, 0);
  softva_put_ue(&sps, 0);  // frame_num: 4 bits
  softva_put_ue(&sps, 0);
  softva_put_ue(&sps, 4);  // order count: 8 bits
  softva_put_ue(&sps, 2);  // references
  softva_put(&sps, 1, 0);
  softva_put_ue(&sps, COLUMNS - 1);
  softva_put_ue(&sps, ROWS / 2 - 1);
  softva_put(&sps, 5, 4 | 0);  // frame_mbs_only 0, mbaff 0, direct 8x8 1, no cropping, no VUI
  softva_put_trailing(&sps);
  write_nal(0x67, &sps);
  struct softva_bits pps = {.position = 0};
  softva_put_ue(&pps, 0);
  softva_put_ue(&pps, 0);
  softva_put(&pps, 2, 0);  // CAVLC
  softva_put_ue(&pps, 0);
  softva_put_ue(&pps, 0);
  softva_put_ue(&pps, 0);
  softva_put(&pps, 3, 0);
  softva_put_se(&pps, 0);
  softva_put_se(&pps, 0);
  softva_put_se(&pps, 0);
  softva_put(&pps, 3, 4);  // deblocking control
  softva_put_trailing(&pps);
  write_nal(0x68, &pps);
}

enum structure { FRAME, TOP, BOTTOM };
enum slice { P, B, I };

struct h264_picture {
  enum structure structure;
  enum slice slice;
  bool reference, idr;
  unsigned frame_num, order;
  unsigned references0, references1;
};

static void put_reference_index(struct softva_bits *bits, unsigned count) {
  if (count == 2) softva_put(bits, 1, pick(2));
  if (count > 2) softva_put_ue(bits, pick(count));
}

// One slice a macroblock row, so that raw samples fit the writer.
static void write_h264_slice(const struct h264_picture *picture, unsigned row) {
  struct softva_bits bits = {.position = 0};
  softva_put_ue(&bits, row * COLUMNS);
  softva_put_ue(&bits, picture->slice);
  softva_put_ue(&bits, 0);
  softva_put(&bits, 4, picture->frame_num % 16);
  softva_put(&bits, 1, picture->structure != FRAME);
  if (picture->structure != FRAME) softva_put(&bits, 1, picture->structure == BOTTOM);
  if (picture->idr) softva_put_ue(&bits, 0);
  softva_put(&bits, 8, picture->order % 256);
  bool spatial = picture->frame_num % 2 == 0;
  if (picture->slice == B) softva_put(&bits, 1, spatial);
  if (picture->slice != I) {
    softva_put(&bits, 1, 1);
    softva_put_ue(&bits, picture->references0 - 1);
    if (picture->slice == B) softva_put_ue(&bits, picture->references1 - 1);
    softva_put(&bits, 1, 0);
    if (picture->slice == B) softva_put(&bits, 1, 0);
  }
  if (picture->reference) softva_put(&bits, picture->idr ? 2 : 1, 0);
  softva_put_se(&bits, 0);
  softva_put_ue(&bits, row % 2);  // deblocking on and off
  if (row % 2 == 0) {
    softva_put_se(&bits, 0);
    softva_put_se(&bits, 0);
  }
  if (picture->slice == B) softva_put_ue(&bits, COLUMNS);  // all skipped: direct mode
  for (unsigned column = 0; column < COLUMNS && picture->slice != B; column++) {
    if (picture->slice == I) {
      softva_put_ue(&bits, 25);  // raw samples
      while (bits.position % 8 != 0) softva_put(&bits, 1, 0);
      unsigned base = 1 + pick(200);
      for (unsigned sample = 0; sample < 384; sample++) softva_put(&bits, 8, base + pick(50));
    } else {
      softva_put_ue(&bits, 0);
      softva_put_ue(&bits, 0);  // 16x16
      put_reference_index(&bits, picture->references0);
      softva_put_se(&bits, (int)pick(13) - 6);
      softva_put_se(&bits, (int)pick(13) - 6);
      softva_put_ue(&bits, 0);  // no residual
    }
  }
  softva_put_trailing(&bits);
  write_nal((picture->reference ? 0x60 : 0) | (picture->idr ? 5 : 1), &bits);
}

static void write_h264_picture(struct h264_picture picture) {
  unsigned rows = picture.structure == FRAME ? ROWS : ROWS / 2;
  for (unsigned row = 0; row < rows; row++) write_h264_slice(&picture, row);
}

static void write_h264(void) {
  write_h264_sets();
  unsigned frame_num = 0;
  unsigned frames_held = 0;
  for (unsigned frame = 0; frame < FRAMES; frame++) {
    struct h264_picture picture = {.frame_num = frame_num, .order = frame * 4 + 4};
    // Every third frame from the fourth on is shown before the one that was coded before it.
    bool b = frame > 3 && frame % 3 == 0;
    if (b) picture.order -= 6;
    picture.reference = !b;
    if (frame == 0) {
      picture = (struct h264_picture){
          .structure = TOP, .slice = I, .reference = true, .idr = true, .order = 0};
      write_h264_picture(picture);
      picture.structure = BOTTOM;
      picture.slice = P;
      picture.idr = false;
      picture.order = 1;
      picture.references0 = 1;
      write_h264_picture(picture);
    } else if (b) {
      picture.slice = B;
      picture.references0 = picture.references1 = 1;
      for (int field = 0; field < 2; field++) {
        picture.structure = field == 0 ? TOP : BOTTOM;
        write_h264_picture(picture);
        picture.order++;
      }
    } else if (frame % 5 == 4) {
      picture.structure = FRAME;
      picture.references0 = frames_held;
      write_h264_picture(picture);
    } else {
      bool bottom_first = frame % 4 == 2;
      picture.references0 = frames_held * 2;
      for (int field = 0; field < 2; field++) {
        picture.structure = (field == 0) != bottom_first ? TOP : BOTTOM;
        write_h264_picture(picture);
        picture.order++;
        picture.references0 = 3;  // the first field too
      }
    }
    // A picture that is no reference has the number of the next one that is.
    if (!picture.reference) continue;
    frame_num++;
    if (frames_held < 2) frames_held++;
  }
}

static void put_start(struct softva_bits *bits, unsigned code) {
  while (bits->position % 8 != 0) softva_put(bits, 1, 0);
  softva_put(bits, 24, 1);
  softva_put(bits, 8, code);
}

// One component of a motion vector, at most half a sample from the one before. Vectors must not
// leave the picture (libavcodec's threads then disagree): they end where they began, at 0.
static void put_motion(struct softva_bits *bits, int *motion, unsigned column, bool move) {
  int limit = (int)(column < COLUMNS - 1 - column ? column : COLUMNS - 1 - column);
  int next = move ? *motion + (int)pick(3) - 1 : 0;
  if (next > limit) next = limit;
  if (next < -limit) next = -limit;
  if (next == *motion)
    softva_put(bits, 1, 1);
  else
    softva_put(bits, 3, next > *motion ? 2 : 3);
  *motion = next;
}

// `parity`: the only field that may be referred to (0 top, 1 bottom), or -1 for either.
static void write_mpeg2_field(unsigned number, bool bottom, bool intra, int parity) {
  struct softva_bits bits = {.position = 0};
  put_start(&bits, 0);
  softva_put(&bits, 10, number);
  softva_put(&bits, 3, intra ? 1 : 2);
  softva_put(&bits, 16, 0xffff);
  if (!intra) softva_put(&bits, 4, 7);
  softva_put(&bits, 1, 0);
  put_start(&bits, 0xb5);
  softva_put(&bits, 4, 8);
  softva_put(&bits, 16, intra ? 0xffff : 0x11ff);
  softva_put(&bits, 2, 0);
  softva_put(&bits, 2, bottom ? 2 : 1);
  softva_put(&bits, 10, 0);  // not progressive, no frame prediction
  softva_put(&bits, 2, 0);
  for (unsigned row = 0; row < ROWS / 2; row++) {
    put_start(&bits, row + 1);
    softva_put(&bits, 6, 2 << 1);
    int motion[2] = {0, 0};
    for (unsigned column = 0; column < COLUMNS; column++) {
      softva_put(&bits, 1, 1);
      if (!intra) {
        softva_put(&bits, 3, 1);  // motion, not coded
        softva_put(&bits, 2, 1);  // one field
        unsigned field = pick(2);
        softva_put(&bits, 1, parity < 0 ? field : (unsigned)parity);
        put_motion(&bits, &motion[0], column, true);
        put_motion(&bits, &motion[1], column, row > 0 && row < ROWS / 2 - 1);
        continue;
      }
      softva_put(&bits, 1, 1);
      for (unsigned block = 0; block < 6; block++) {
        softva_put(&bits, 3, block < 4 ? 5 : 6);  // three bits of DC difference
        softva_put(&bits, 3, pick(8));
        softva_put(&bits, 2, 2);
      }
    }
  }
  while (bits.position % 8 != 0) softva_put(&bits, 1, 0);
  if (bits.overflow) exit(2);
  write_bytes(bits.bytes, bits.position / 8);
}

static void write_mpeg2(void) {
  for (unsigned frame = 0; frame < FRAMES; frame++) {
    if (frame % 12 == 0) {
      struct softva_bits bits = {.position = 0};
      put_start(&bits, 0xb3);
      softva_put(&bits, 12, COLUMNS * 16);
      softva_put(&bits, 12, ROWS * 16);
      softva_put(&bits, 8, 0x13);
      softva_put(&bits, 18, 0x3ffff);
      softva_put(&bits, 14, 1 << 13 | 112 << 3);
      put_start(&bits, 0xb5);
      softva_put(&bits, 16, 0x1480 | 0x02);  // interlaced, 4:2:0
      softva_put(&bits, 16, 1);
      softva_put(&bits, 16, 0);
      while (bits.position % 8 != 0) softva_put(&bits, 1, 0);
      write_bytes(bits.bytes, bits.position / 8);
    }
    bool bottom_first = frame % 5 == 3;
    write_mpeg2_field(frame, bottom_first, frame % 12 == 0, -1);
    // The very first field has no frame before it: what follows it refers to it. (Of a frame that is
    // missing libavcodec makes the one it is writing, and its threads then disagree.)
    write_mpeg2_field(frame, !bottom_first, false, frame == 0 ? bottom_first : -1);
  }
  write_bytes((const uint8_t[]){0, 0, 1, 0xb7}, 4);
}

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "h264") == 0) {
    write_h264();
  } else if (count == 2 && strcmp(arguments[1], "mpeg2") == 0) {
    write_mpeg2();
  } else {
    fputs("usage: field_clip h264|mpeg2 >FILE\n", stderr);
    return 64;
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
