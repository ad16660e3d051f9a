// The parts of the HEVC codec: hevc.c decides what a picture becomes, hevc_sets.c and
// hevc_slices.c write its headers.

#ifndef SOFTVA_HEVC_H
#define SOFTVA_HEVC_H

#include "bits.h"
#include "picture.h"

enum {
  SOFTVA_HEVC_REFERENCES = 15,
  SOFTVA_HEVC_LOG2_MAX_POC_LSB = 16,
  SOFTVA_HEVC_TRAIL_R = 1,
  SOFTVA_HEVC_BLA_N_LP = 18,
  SOFTVA_HEVC_IDR_N_LP = 20,
  SOFTVA_HEVC_VPS = 32,
  SOFTVA_HEVC_SPS = 33,
  SOFTVA_HEVC_PPS = 34,
  SOFTVA_HEVC_SLICE_B = 0,
  SOFTVA_HEVC_SLICE_I = 2,
};

// One picture of the reference picture set.
struct softva_hevc_reference {
  int32_t delta;   // its POC minus that of the current picture
  bool used;       // may be used by the current picture, not only by later ones
  bool long_term;
  uint8_t rank;    // where a list names it first: the order of long-term pictures
  uint8_t index;   // in ReferenceFrames
};

struct softva_hevc_set {
  size_t count;
  // By delta: -1, -2, …, 1, 2, …, then the long-term ones.
  struct softva_hevc_reference pictures[SOFTVA_HEVC_REFERENCES];
  size_t before, after;  // how many short-term ones come first and next
  // Indexes into ReferenceFrames in the order in which list 0 and list 1 are built.
  size_t used_count;
  uint8_t used[2][SOFTVA_HEVC_REFERENCES];
};

// The payloads of the parameter sets, each ended. `matrix` may be NULL.
void softva_hevc_put_vps(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters);
void softva_hevc_put_sps(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters);
void softva_hevc_put_pps(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters,
    const VAIQMatrixBufferHEVC *matrix);

// A slice segment header up to the first byte of slice data, for a NAL unit of type `type` and a
// picture with the POC `poc`. The values have been checked.
void softva_hevc_put_slice_header(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters,
    const VASliceParameterBufferHEVC *slice, const struct softva_hevc_set *set, unsigned type,
    bool first, int64_t poc);

#endif
