// The part of an H.264 slice header that VA does not pass on.

#ifndef SOFTVA_H264_SLICE_H
#define SOFTVA_H264_SLICE_H

#include "picture.h"

struct softva_h264_slice {
  unsigned nal_unit_type;
  unsigned nal_ref_idc;
  unsigned type;  // 0 P, 1 B, 2 I, 3 SP, 4 SI
  unsigned pps_id;
  bool override;         // num_ref_idx_active_override_flag
  bool clears;           // memory_management_control_operation 5
  bool complete;         // read as far as slice_qp_delta
  int qp_delta;
};

// Reads the header of the NAL unit at `data`. False if not even pps_id can be read.
bool softva_h264_read_slice(
    const uint8_t *data, size_t size, const VAPictureParameterBufferH264 *picture,
    const VASliceParameterBufferH264 *parameters, struct softva_h264_slice *slice);

#endif
