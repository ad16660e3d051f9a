// The parts of the AV1 codec: av1.c keeps the slots and puts the packet together, av1_header.c
// writes the headers.

#ifndef SOFTVA_AV1_H
#define SOFTVA_AV1_H

#include "bits.h"
#include "picture.h"

enum {
  SOFTVA_AV1_SLOTS = 8,
  SOFTVA_AV1_REFERENCES = 7,
  SOFTVA_AV1_NO_PRIMARY = 7,
  SOFTVA_AV1_KEY = 0,
  SOFTVA_AV1_INTER = 1,
  SOFTVA_AV1_INTRA_ONLY = 2,
  SOFTVA_AV1_SWITCH = 3,
};

// What a frame header needs to know of a frame that it refers to.
struct softva_av1_slot {
  bool valid;
  VASurfaceID surface;
  uint8_t order_hint;
  int32_t motion[SOFTVA_AV1_REFERENCES][6];  // global motion parameters
};

// How a frame is coded for the decoder behind.
struct softva_av1_frame {
  unsigned type;
  bool shown;
  uint8_t refresh;                       // refresh_frame_flags
  uint8_t slots[SOFTVA_AV1_REFERENCES];  // ref_frame_idx
};

// The payload of the sequence header, ended.
void softva_av1_put_sequence(
    struct softva_bits *bits, const VADecPictureParameterBufferAV1 *parameters);

// The frame header and what stands before the tiles, up to a byte boundary. Returns false when
// the parameters contradict each other.
bool softva_av1_put_frame(
    struct softva_bits *bits, const VADecPictureParameterBufferAV1 *parameters,
    const struct softva_av1_slot slots[SOFTVA_AV1_SLOTS], const struct softva_av1_frame *frame);

#endif
