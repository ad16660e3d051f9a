#include "h264_slice.h"

#define MAX_HEADER 2048

struct reader {
  uint8_t bytes[MAX_HEADER];
  size_t bits;
  size_t position;
  bool overrun;
};

static unsigned get(struct reader *reader, unsigned count) {
  unsigned value = 0;
  for (; count > 0; count--, reader->position++) {
    if (reader->position >= reader->bits) {
      reader->overrun = true;
      return 0;
    }
    unsigned byte = reader->bytes[reader->position / 8];
    value = value << 1 | (byte >> (7 - reader->position % 8) & 1);
  }
  return value;
}

static unsigned get_ue(struct reader *reader) {
  unsigned zeros = 0;
  while (zeros < 32 && get(reader, 1) == 0 && !reader->overrun) zeros++;
  if (zeros > 31) reader->overrun = true;
  return reader->overrun ? 0 : (1u << zeros) - 1 + get(reader, zeros);
}

static int get_se(struct reader *reader) {
  unsigned code = get_ue(reader);
  return (int)(code / 2) * (code % 2 ? 1 : -1) + (int)(code % 2);
}

// The first bytes without emulation prevention.
static void unescape(struct reader *reader, const uint8_t *data, size_t size) {
  size_t count = 0;
  unsigned zeros = 0;
  for (size_t index = 0; index < size && count < MAX_HEADER; index++) {
    if (zeros >= 2 && data[index] == 3) {
      zeros = 0;
      continue;
    }
    zeros = data[index] == 0 ? zeros + 1 : 0;
    reader->bytes[count++] = data[index];
  }
  reader->bits = count * 8;
}

static void skip_list_modification(struct reader *reader) {
  if (get(reader, 1) == 0) return;
  for (unsigned operation = get_ue(reader); operation != 3 && !reader->overrun;
       operation = get_ue(reader))
    get_ue(reader);
}

static void skip_weights(struct reader *reader, bool chroma, unsigned lists, const unsigned *counts) {
  get_ue(reader);
  if (chroma) get_ue(reader);
  for (unsigned list = 0; list < lists; list++) {
    for (unsigned index = 0; index < counts[list] && !reader->overrun; index++) {
      if (get(reader, 1)) {
        get_se(reader);
        get_se(reader);
      }
      if (chroma && get(reader, 1))
        for (unsigned value = 0; value < 4; value++) get_se(reader);
    }
  }
}

static void read_marking(struct reader *reader, struct softva_h264_slice *slice) {
  if (slice->nal_unit_type == 5) {
    get(reader, 2);
    return;
  }
  if (get(reader, 1) == 0) return;
  for (unsigned operation = get_ue(reader); operation != 0 && !reader->overrun;
       operation = get_ue(reader)) {
    if (operation == 5) slice->clears = true;
    if (operation != 5) get_ue(reader);  // 1, 2, 3, 4, 6 have a number
    if (operation == 3) get_ue(reader);  // and 3 a second one
  }
}

bool softva_h264_read_slice(
    const uint8_t *data, size_t size, const VAPictureParameterBufferH264 *picture,
    const VASliceParameterBufferH264 *parameters, struct softva_h264_slice *slice) {
  struct reader reader = {.position = 0};
  unescape(&reader, data, size);
  *slice = (struct softva_h264_slice){0};
  get(&reader, 1);
  slice->nal_ref_idc = get(&reader, 2);
  slice->nal_unit_type = get(&reader, 5);
  get_ue(&reader);  // first_mb_in_slice
  slice->type = get_ue(&reader) % 5;
  slice->pps_id = get_ue(&reader);
  if (reader.overrun || slice->pps_id > 255) return false;

  bool field = false;
  get(&reader, picture->seq_fields.bits.log2_max_frame_num_minus4 + 4);
  if (!picture->seq_fields.bits.frame_mbs_only_flag && get(&reader, 1)) {
    field = true;
    get(&reader, 1);  // bottom_field_flag
  }
  if (slice->nal_unit_type == 5) get_ue(&reader);  // idr_pic_id
  bool both = picture->pic_fields.bits.pic_order_present_flag && !field;
  if (picture->seq_fields.bits.pic_order_cnt_type == 0) {
    get(&reader, picture->seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4 + 4);
    if (both) get_se(&reader);
  } else if (picture->seq_fields.bits.pic_order_cnt_type == 1 &&
             !picture->seq_fields.bits.delta_pic_order_always_zero_flag) {
    get_se(&reader);
    if (both) get_se(&reader);
  }
  if (picture->pic_fields.bits.redundant_pic_cnt_present_flag) get_ue(&reader);

  bool bidirectional = slice->type == 1;
  bool predicted = slice->type == 0 || slice->type == 3;
  if (bidirectional) get(&reader, 1);  // direct_spatial_mv_pred_flag
  if (bidirectional || predicted) {
    slice->override = get(&reader, 1);
    if (slice->override) {
      get_ue(&reader);
      if (bidirectional) get_ue(&reader);
    }
    skip_list_modification(&reader);
    if (bidirectional) skip_list_modification(&reader);
    if ((predicted && picture->pic_fields.bits.weighted_pred_flag) ||
        (bidirectional && picture->pic_fields.bits.weighted_bipred_idc == 1)) {
      const unsigned counts[2] = {
          parameters->num_ref_idx_l0_active_minus1 + 1u,
          parameters->num_ref_idx_l1_active_minus1 + 1u};
      skip_weights(
          &reader, picture->seq_fields.bits.chroma_format_idc != 0, bidirectional ? 2 : 1, counts);
    }
  }
  if (slice->nal_ref_idc != 0) read_marking(&reader, slice);
  if (picture->pic_fields.bits.entropy_coding_mode_flag && (bidirectional || predicted))
    get_ue(&reader);  // cabac_init_idc
  slice->qp_delta = get_se(&reader);
  slice->complete = !reader.overrun;
  return true;
}
