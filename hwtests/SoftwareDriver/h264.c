// H.264: the slices come whole, with their headers; the sequence and picture parameter sets are
// written again from what VA passes on.

#include <string.h>

#include "bits.h"
#include "h264_slice.h"
#include "nal.h"

#define MAX_PPS 256
#define MAX_SET 700

struct parameter_set {
  uint16_t size;  // 0: not written yet
  uint8_t bytes[MAX_SET];
};

struct state {
  struct parameter_set sps;
  struct parameter_set pps[MAX_PPS];
  uint8_t default_l0[MAX_PPS], default_l1[MAX_PPS];  // num_ref_idx_default_active_minus1
  // The picture before: what the client may refer to from this one.
  bool has_previous, previous_field, previous_reference, previous_clears;
  VAPictureH264 previous_target;
  VAPictureH264 previous_references[16];
};

static const uint8_t zigzag4[16] = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};
static const uint8_t zigzag8[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

static bool is_present(const VAPictureH264 *picture) {
  return picture->picture_id != VA_INVALID_SURFACE &&
         (picture->flags & VA_PICTURE_H264_INVALID) == 0;
}

static void write_sps(struct softva_bits *bits, const VAPictureParameterBufferH264 *picture) {
  softva_put(bits, 8, 100);  // High, whatever it was: everything that follows can then be said
  softva_put(bits, 8, 0);
  softva_put(bits, 8, 62);  // the highest level
  softva_put_ue(bits, 0);
  softva_put_ue(bits, picture->seq_fields.bits.chroma_format_idc);
  softva_put_ue(bits, 0);  // 8 bits luma
  softva_put_ue(bits, 0);  // 8 bits chroma
  softva_put(bits, 1, 0);
  softva_put(bits, 1, 0);  // scaling lists: in the PPS
  softva_put_ue(bits, picture->seq_fields.bits.log2_max_frame_num_minus4);
  softva_put_ue(bits, picture->seq_fields.bits.pic_order_cnt_type);
  if (picture->seq_fields.bits.pic_order_cnt_type == 0) {
    softva_put_ue(bits, picture->seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4);
  } else if (picture->seq_fields.bits.pic_order_cnt_type == 1) {
    softva_put(bits, 1, picture->seq_fields.bits.delta_pic_order_always_zero_flag);
    softva_put_se(bits, 0);  // the offsets are not in VA; P pictures do not need them
    softva_put_se(bits, 0);
    softva_put_ue(bits, 0);
  }
  softva_put_ue(bits, picture->num_ref_frames);
  softva_put(bits, 1, picture->seq_fields.bits.gaps_in_frame_num_value_allowed_flag);
  unsigned frames_only = picture->seq_fields.bits.frame_mbs_only_flag;
  softva_put_ue(bits, picture->picture_width_in_mbs_minus1);
  softva_put_ue(bits, (picture->picture_height_in_mbs_minus1 + 1u) / (frames_only ? 1 : 2) - 1);
  softva_put(bits, 1, frames_only);
  if (!frames_only) softva_put(bits, 1, picture->seq_fields.bits.mb_adaptive_frame_field_flag);
  softva_put(bits, 1, picture->seq_fields.bits.direct_8x8_inference_flag);
  softva_put(bits, 1, 0);  // not cropped
  softva_put(bits, 1, 1);  // VUI, for bitstream_restriction alone: no picture is held back
  softva_put(bits, 8, 0);
  softva_put(bits, 1, 1);
  softva_put(bits, 1, 1);
  softva_put_ue(bits, 0);
  softva_put_ue(bits, 0);
  softva_put_ue(bits, 16);
  softva_put_ue(bits, 16);
  softva_put_ue(bits, 0);  // max_num_reorder_frames
  softva_put_ue(bits, picture->num_ref_frames);
  softva_put_trailing(bits);
}

static void write_list(
    struct softva_bits *bits, const uint8_t *list, const uint8_t *scan, size_t size) {
  softva_put(bits, 1, 1);
  int last = 8;
  for (size_t index = 0; index < size; index++) {
    int value = list[scan[index]] != 0 ? list[scan[index]] : 16;  // 0 is not possible
    int delta = value - last;
    softva_put_se(bits, delta > 127 ? delta - 256 : delta < -128 ? delta + 256 : delta);
    last = value;
  }
}

static bool is_flat(const VAIQMatrixBufferH264 *matrix) {
  for (size_t list = 0; list < 6; list++)
    for (size_t index = 0; index < 16; index++)
      if (matrix->ScalingList4x4[list][index] != 16) return false;
  for (size_t list = 0; list < 2; list++)
    for (size_t index = 0; index < 64; index++)
      if (matrix->ScalingList8x8[list][index] != 16) return false;
  return true;
}

static void write_pps(
    struct softva_bits *bits, const VAPictureParameterBufferH264 *picture,
    const VAIQMatrixBufferH264 *matrix, const struct state *state, unsigned id, int init_qp) {
  softva_put_ue(bits, id);
  softva_put_ue(bits, 0);
  softva_put(bits, 1, picture->pic_fields.bits.entropy_coding_mode_flag);
  softva_put(bits, 1, picture->pic_fields.bits.pic_order_present_flag);
  softva_put_ue(bits, 0);  // one slice group
  softva_put_ue(bits, state->default_l0[id]);
  softva_put_ue(bits, state->default_l1[id]);
  softva_put(bits, 1, picture->pic_fields.bits.weighted_pred_flag);
  softva_put(bits, 2, picture->pic_fields.bits.weighted_bipred_idc);
  softva_put_se(bits, init_qp);
  softva_put_se(bits, picture->pic_init_qs_minus26);
  softva_put_se(bits, picture->chroma_qp_index_offset);
  softva_put(bits, 1, picture->pic_fields.bits.deblocking_filter_control_present_flag);
  softva_put(bits, 1, picture->pic_fields.bits.constrained_intra_pred_flag);
  softva_put(bits, 1, picture->pic_fields.bits.redundant_pic_cnt_present_flag);
  unsigned transform8 = picture->pic_fields.bits.transform_8x8_mode_flag;
  softva_put(bits, 1, transform8);
  bool lists = matrix != NULL && !is_flat(matrix);
  softva_put(bits, 1, lists);
  if (lists) {
    for (size_t list = 0; list < 6; list++)
      write_list(bits, matrix->ScalingList4x4[list], zigzag4, 16);
    for (size_t list = 0; list < 2 && transform8; list++)
      write_list(bits, matrix->ScalingList8x8[list], zigzag8, 64);
  }
  softva_put_se(bits, picture->second_chroma_qp_index_offset);
  softva_put_trailing(bits);
}

// Appends the parameter set if it is not the one that the decoder has. `changed` says so.
static bool update(
    struct softva_bytes *packet, struct parameter_set *set, unsigned nal_header,
    const struct softva_bits *bits, bool *changed) {
  size_t size = bits->position / 8;
  *changed = false;
  if (bits->overflow || size > MAX_SET) return false;
  if (set->size == size && memcmp(set->bytes, bits->bytes, size) == 0) return true;
  memcpy(set->bytes, bits->bytes, size);
  set->size = (uint16_t)size;
  *changed = true;
  struct softva_nal nal = softva_nal_begin(packet);
  const uint8_t header = (uint8_t)nal_header;
  softva_nal_put(&nal, &header, 1);
  softva_nal_put(&nal, bits->bytes, size);
  return softva_nal_end(&nal);
}

static VAStatus update_sps(
    struct state *state, const VAPictureParameterBufferH264 *picture, struct softva_bytes *packet) {
  struct softva_bits bits = {.position = 0};
  write_sps(&bits, picture);
  bool changed;
  if (!update(packet, &state->sps, 0x67, &bits, &changed)) return VA_STATUS_ERROR_ALLOCATION_FAILED;
  // A decoder drops the picture parameter sets of a sequence that changes.
  if (changed)
    for (size_t id = 0; id < MAX_PPS; id++) state->pps[id].size = 0;
  return VA_STATUS_SUCCESS;
}

// A picture may name several PPS; VA passes on the first one's content. What tells them apart in
// the slices (the first QP, the default number of references) is taken from there.
static VAStatus update_pps(
    struct state *state, const struct softva_picture *picture, struct softva_bytes *packet) {
  const VAPictureParameterBufferH264 *parameters = picture->parameters;
  const VAIQMatrixBufferH264 *matrix =
      picture->iq_matrix_size >= sizeof *matrix ? picture->iq_matrix : NULL;
  bool used[MAX_PPS] = {false};
  int init_qp[MAX_PPS];
  for (size_t index = 0; index < picture->slice_count; index++) {
    const VASliceParameterBufferH264 *slice = picture->slices[index].parameters;
    struct softva_h264_slice header;
    if (!softva_h264_read_slice(
            picture->slices[index].data, picture->slices[index].size, parameters, slice, &header))
      return VA_STATUS_ERROR_DECODING_ERROR;
    unsigned id = header.pps_id;
    if (!used[id]) {
      used[id] = true;
      init_qp[id] = parameters->pic_init_qp_minus26;
      if (header.complete) init_qp[id] += slice->slice_qp_delta - header.qp_delta;
    }
    bool bidirectional = header.type == 1;
    bool predicted = header.type == 0 || header.type == 3;
    if (!header.override && (predicted || bidirectional)) {
      state->default_l0[id] = slice->num_ref_idx_l0_active_minus1;
      if (bidirectional) state->default_l1[id] = slice->num_ref_idx_l1_active_minus1;
    }
    if (index == 0) state->previous_clears = header.clears;
  }
  for (unsigned id = 0; id < MAX_PPS; id++) {
    if (!used[id]) continue;
    struct softva_bits bits = {.position = 0};
    write_pps(&bits, parameters, matrix, state, id, init_qp[id]);
    bool changed;
    if (!update(packet, &state->pps[id], 0x68, &bits, &changed))
      return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  return VA_STATUS_SUCCESS;
}

static void remember(struct state *state, const VAPictureParameterBufferH264 *picture) {
  state->has_previous = true;
  state->previous_field = picture->pic_fields.bits.field_pic_flag;
  state->previous_reference = picture->pic_fields.bits.reference_pic_flag;
  state->previous_target = picture->CurrPic;
  memcpy(
      state->previous_references, picture->ReferenceFrames, sizeof state->previous_references);
}

static VAStatus check(const struct softva_picture *picture) {
  const VAPictureParameterBufferH264 *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters) return VA_STATUS_ERROR_INVALID_PARAMETER;
  if (parameters->bit_depth_luma_minus8 != 0 || parameters->bit_depth_chroma_minus8 != 0 ||
      parameters->seq_fields.bits.chroma_format_idc > 1)
    return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
  if (parameters->num_ref_frames > 16 ||
      parameters->seq_fields.bits.log2_max_frame_num_minus4 > 12 ||
      parameters->seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4 > 12)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  for (size_t index = 0; index < picture->slice_count; index++) {
    const struct softva_slice *slice = &picture->slices[index];
    if (slice->parameters_size < sizeof(VASliceParameterBufferH264) || slice->size < 2)
      return VA_STATUS_ERROR_INVALID_PARAMETER;
    const VASliceParameterBufferH264 *values = slice->parameters;
    if (values->num_ref_idx_l0_active_minus1 > 31 || values->num_ref_idx_l1_active_minus1 > 31)
      return VA_STATUS_ERROR_INVALID_PARAMETER;
  }
  return picture->slice_count > 0 ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_PARAMETER;
}

static VAStatus assemble(
    void *opaque, const struct softva_picture *picture, struct softva_bytes *packet) {
  struct state *state = opaque;
  VAStatus status = check(picture);
  if (status != VA_STATUS_SUCCESS) return status;
  if ((status = update_sps(state, picture->parameters, packet)) != VA_STATUS_SUCCESS) return status;
  if ((status = update_pps(state, picture, packet)) != VA_STATUS_SUCCESS) return status;
  static const uint8_t start_code[3] = {0, 0, 1};
  for (size_t index = 0; index < picture->slice_count; index++) {
    const struct softva_slice *slice = &picture->slices[index];
    if (!softva_bytes_append(packet, start_code, sizeof start_code) ||
        !softva_bytes_append(packet, slice->data, slice->size))
      return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  remember(state, picture->parameters);
  return VA_STATUS_SUCCESS;
}

static size_t references(
    const struct softva_picture *picture, VASurfaceID *surfaces, size_t capacity) {
  const VAPictureParameterBufferH264 *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters) return 0;
  size_t count = 0;
  for (size_t index = 0; index < 16 && count < capacity; index++) {
    const VAPictureH264 *reference = &parameters->ReferenceFrames[index];
    if (!is_present(reference)) continue;
    // A second field may refer to the first, in the same surface.
    if (parameters->pic_fields.bits.field_pic_flag && reference->picture_id == picture->target)
      continue;
    surfaces[count++] = reference->picture_id;
  }
  return count;
}

// Whether `now` is the picture `before`, not another one in the same surface.
static bool same(const VAPictureH264 *before, const VAPictureH264 *now) {
  if (!is_present(before) || before->picture_id != now->picture_id) return false;
  bool both_short = ((before->flags | now->flags) & VA_PICTURE_H264_LONG_TERM_REFERENCE) == 0;
  if (both_short && before->frame_idx != now->frame_idx) return false;
  return before->TopFieldOrderCnt == now->TopFieldOrderCnt ||
         before->BottomFieldOrderCnt == now->BottomFieldOrderCnt;
}

// After a seek the client's references are none of the ones it had. (A seek to an IDR picture
// shows nothing and needs nothing: the decoder forgets by itself.)
static bool restarts(void *opaque, const struct softva_picture *picture) {
  struct state *state = opaque;
  if (!state->has_previous || check(picture) != VA_STATUS_SUCCESS) return false;
  const VAPictureParameterBufferH264 *parameters = picture->parameters;
  if ((picture->slices[0].data[0] & 0x1f) == 5) return false;
  if (parameters->pic_fields.bits.field_pic_flag && state->previous_field &&
      parameters->CurrPic.picture_id == state->previous_target.picture_id)
    return false;  // the second field
  bool had = state->previous_reference;
  for (size_t index = 0; index < 16; index++) {
    const VAPictureH264 *before = &state->previous_references[index];
    had = had || is_present(before);
    for (size_t other = 0; other < 16; other++) {
      const VAPictureH264 *now = &parameters->ReferenceFrames[other];
      if (!is_present(now)) continue;
      if (same(before, now) || same(&state->previous_target, now)) return false;
      if (state->previous_clears && now->picture_id == state->previous_target.picture_id)
        return false;  // its number and its order count were set back
    }
  }
  if (!had) return false;
  memset(state, 0, sizeof *state);
  return true;
}

const struct softva_codec softva_h264 = {
    .name = "h264",
    .id = AV_CODEC_ID_H264,
    .capture = SOFTVA_CAPTURE_LAST,
    .state_size = sizeof(struct state),
    .assemble = assemble,
    .references = references,
    .restarts = restarts,
};
