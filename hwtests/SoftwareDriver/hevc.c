// HEVC behind the driver. A client submits what a slice header says, but not the parameter sets,
// and not the tables of reference picture sets that a header may point into. So the headers are
// written anew, all of them, from the VA parameters alone, for a stream of our own in front of
// the same slice data:
//
// - One VPS, SPS and PPS, written again when their bytes change. They leave to each slice what a
//   slice can say (deblocking, numbers of references, chroma QP offsets).
// - Each picture is an IDR picture (nothing is kept from before) or a TRAIL_R one, whatever it
//   was, so nothing is skipped as leading picture and the picture order count (POC) of the
//   decoder behind depends on the picture before only.
// - POCs are the client's minus a base. Only differences between them matter to decoding, so a
//   new base starts at each IDR picture, and where the client has begun somewhere else (a seek):
//   pictures of before can then not be mistaken for pictures of now.
// - Reference picture sets are written out in each slice, from ReferenceFrames, and the order of
//   the reference lists with them, from RefPicList.
// - Entry points are left out. They serve parallel decoding only.

#include <string.h>

#include "bits.h"
#include "nal.h"
#include "picture.h"

enum {
  MAX_REFERENCES = 15,
  NAL_TRAIL_R = 1,
  NAL_IDR_N_LP = 20,
  NAL_VPS = 32,
  NAL_SPS = 33,
  NAL_PPS = 34,
  SLICE_B = 0,
  SLICE_P = 1,
  SLICE_I = 2,
  LOG2_MAX_POC_LSB = 16,
};

struct known_picture {
  VASurfaceID surface;
  int32_t poc;  // the client's
};

struct hevc_state {
  // What the decoder behind keeps: the reference picture set of the last picture, and that picture.
  bool started;
  size_t known_count;
  struct known_picture known[MAX_REFERENCES + 1];
  int64_t base;  // POC of the client minus POC of the decoder behind
  int64_t last;  // the latter, of the last picture
  // The parameter sets written last.
  size_t sets_size;
  uint8_t sets[3 * 4096];
};

// One picture of the reference picture set.
struct reference {
  int32_t delta;     // its POC minus that of the current picture
  bool used;         // may be used by the current picture, not only by later ones
  bool long_term;
  uint8_t index;     // in ReferenceFrames
};

struct reference_set {
  size_t count;
  struct reference pictures[MAX_REFERENCES];  // by delta: -1, -2, …, 1, 2, …, then long-term ones
  size_t before, after;                       // how many short-term ones come first and next
  // Indexes into ReferenceFrames in the order in which list 0 and list 1 are built.
  size_t used_count;
  uint8_t used[2][MAX_REFERENCES];
};

static unsigned ceil_log2(uint32_t value) {
  unsigned bits = 0;
  while (bits < 32 && ((uint64_t)1 << bits) < value) bits++;
  return bits;
}

static bool is_valid(const VAPictureHEVC *picture) {
  return picture->picture_id != VA_INVALID_SURFACE &&
         (picture->flags & VA_PICTURE_HEVC_INVALID) == 0;
}

// MARK: - Parameter sets

static void put_profile_tier_level(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters) {
  unsigned profile = parameters->bit_depth_luma_minus8 > 0 ? 2 : 1;
  softva_put(bits, 2, 0);  // general_profile_space
  softva_put(bits, 1, 0);  // general_tier_flag
  softva_put(bits, 5, profile);
  softva_put(bits, 32, 0x60000000);  // compatible with Main and Main 10
  softva_put(bits, 4, 0x9);          // progressive, frames only
  softva_put(bits, 32, 0);           // reserved bits
  softva_put(bits, 12, 0);
  softva_put(bits, 8, 186);  // general_level_idc: 6.2
}

static void put_picture_buffering(struct softva_bits *bits) {
  softva_put(bits, 1, 1);                 // sub_layer_ordering_info_present_flag
  softva_put_ue(bits, MAX_REFERENCES);    // max_dec_pic_buffering_minus1
  softva_put_ue(bits, 0);                 // max_num_reorder_pics: nothing waits for its turn
  softva_put_ue(bits, 0);                 // max_latency_increase_plus1
}

static void put_vps(struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters) {
  softva_put(bits, 4, 0);   // vps_video_parameter_set_id
  softva_put(bits, 2, 3);   // base layer internal and available
  softva_put(bits, 6, 0);   // vps_max_layers_minus1
  softva_put(bits, 3, 0);   // vps_max_sub_layers_minus1
  softva_put(bits, 1, 1);   // vps_temporal_id_nesting_flag
  softva_put(bits, 16, 0xffff);
  put_profile_tier_level(bits, parameters);
  put_picture_buffering(bits);
  softva_put(bits, 6, 0);  // vps_max_layer_id
  softva_put_ue(bits, 0);  // vps_num_layer_sets_minus1
  softva_put(bits, 1, 0);  // vps_timing_info_present_flag
  softva_put(bits, 1, 0);  // vps_extension_flag
  softva_put_trailing(bits);
}

static void put_sps(struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters) {
  softva_put(bits, 4, 0);  // sps_video_parameter_set_id
  softva_put(bits, 3, 0);  // sps_max_sub_layers_minus1
  softva_put(bits, 1, 1);  // sps_temporal_id_nesting_flag
  put_profile_tier_level(bits, parameters);
  softva_put_ue(bits, 0);  // sps_seq_parameter_set_id
  softva_put_ue(bits, parameters->pic_fields.bits.chroma_format_idc);
  softva_put_ue(bits, parameters->pic_width_in_luma_samples);
  softva_put_ue(bits, parameters->pic_height_in_luma_samples);
  softva_put(bits, 1, 0);  // conformance_window_flag: surfaces hold the whole picture
  softva_put_ue(bits, parameters->bit_depth_luma_minus8);
  softva_put_ue(bits, parameters->bit_depth_chroma_minus8);
  softva_put_ue(bits, LOG2_MAX_POC_LSB - 4);
  put_picture_buffering(bits);
  softva_put_ue(bits, parameters->log2_min_luma_coding_block_size_minus3);
  softva_put_ue(bits, parameters->log2_diff_max_min_luma_coding_block_size);
  softva_put_ue(bits, parameters->log2_min_transform_block_size_minus2);
  softva_put_ue(bits, parameters->log2_diff_max_min_transform_block_size);
  softva_put_ue(bits, parameters->max_transform_hierarchy_depth_inter);
  softva_put_ue(bits, parameters->max_transform_hierarchy_depth_intra);
  softva_put(bits, 1, parameters->pic_fields.bits.scaling_list_enabled_flag);
  if (parameters->pic_fields.bits.scaling_list_enabled_flag)
    softva_put(bits, 1, 0);  // sps_scaling_list_data_present_flag: the PPS has them
  softva_put(bits, 1, parameters->pic_fields.bits.amp_enabled_flag);
  softva_put(bits, 1, parameters->slice_parsing_fields.bits.sample_adaptive_offset_enabled_flag);
  softva_put(bits, 1, parameters->pic_fields.bits.pcm_enabled_flag);
  if (parameters->pic_fields.bits.pcm_enabled_flag) {
    softva_put(bits, 4, parameters->pcm_sample_bit_depth_luma_minus1);
    softva_put(bits, 4, parameters->pcm_sample_bit_depth_chroma_minus1);
    softva_put_ue(bits, parameters->log2_min_pcm_luma_coding_block_size_minus3);
    softva_put_ue(bits, parameters->log2_diff_max_min_pcm_luma_coding_block_size);
    softva_put(bits, 1, parameters->pic_fields.bits.pcm_loop_filter_disabled_flag);
  }
  softva_put_ue(bits, 0);  // num_short_term_ref_pic_sets: each slice has its own
  softva_put(bits, 1, 1);  // long_term_ref_pics_present_flag
  softva_put_ue(bits, 0);  // num_long_term_ref_pics_sps
  softva_put(bits, 1, parameters->slice_parsing_fields.bits.sps_temporal_mvp_enabled_flag);
  softva_put(bits, 1, parameters->pic_fields.bits.strong_intra_smoothing_enabled_flag);
  softva_put(bits, 1, 0);  // vui_parameters_present_flag
  softva_put(bits, 1, 0);  // sps_extension_present_flag
  softva_put_trailing(bits);
}

// One list of (1 << log2_side)² entries, given in raster order and written along the diagonals
// that go up to the right; `dc` is NULL where there is none.
static void put_scaling_list(
    struct softva_bits *bits, const uint8_t *raster, unsigned log2_side, const uint8_t *dc) {
  unsigned side = 1u << log2_side;
  int last = 8;
  softva_put(bits, 1, 1);  // scaling_list_pred_mode_flag: written out
  if (dc) {
    softva_put_se(bits, *dc - 8);
    last = *dc;
  }
  for (unsigned diagonal = 0; diagonal < 2 * side - 1; diagonal++) {
    for (unsigned x = 0; x <= diagonal; x++) {
      unsigned y = diagonal - x;
      if (x >= side || y >= side) continue;
      int value = raster[(y << log2_side) + x];
      int delta = value - last;
      softva_put_se(bits, delta > 127 ? delta - 256 : delta < -128 ? delta + 256 : delta);
      last = value;
    }
  }
}

static void put_scaling_lists(struct softva_bits *bits, const VAIQMatrixBufferHEVC *matrix) {
  for (int i = 0; i < 6; i++) put_scaling_list(bits, matrix->ScalingList4x4[i], 2, NULL);
  for (int i = 0; i < 6; i++) put_scaling_list(bits, matrix->ScalingList8x8[i], 3, NULL);
  for (int i = 0; i < 6; i++)
    put_scaling_list(bits, matrix->ScalingList16x16[i], 3, &matrix->ScalingListDC16x16[i]);
  for (int i = 0; i < 2; i++)
    put_scaling_list(bits, matrix->ScalingList32x32[i], 3, &matrix->ScalingListDC32x32[i]);
}

static void put_pps(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters,
    const VAIQMatrixBufferHEVC *matrix) {
  softva_put_ue(bits, 0);  // pps_pic_parameter_set_id
  softva_put_ue(bits, 0);  // pps_seq_parameter_set_id
  softva_put(bits, 1, parameters->slice_parsing_fields.bits.dependent_slice_segments_enabled_flag);
  softva_put(bits, 1, 0);  // output_flag_present_flag
  softva_put(bits, 3, 0);  // num_extra_slice_header_bits
  softva_put(bits, 1, parameters->pic_fields.bits.sign_data_hiding_enabled_flag);
  softva_put(bits, 1, parameters->slice_parsing_fields.bits.cabac_init_present_flag);
  softva_put_ue(bits, 0);  // num_ref_idx_l0_default_active_minus1
  softva_put_ue(bits, 0);  // num_ref_idx_l1_default_active_minus1
  softva_put_se(bits, parameters->init_qp_minus26);
  softva_put(bits, 1, parameters->pic_fields.bits.constrained_intra_pred_flag);
  softva_put(bits, 1, parameters->pic_fields.bits.transform_skip_enabled_flag);
  softva_put(bits, 1, parameters->pic_fields.bits.cu_qp_delta_enabled_flag);
  if (parameters->pic_fields.bits.cu_qp_delta_enabled_flag)
    softva_put_ue(bits, parameters->diff_cu_qp_delta_depth);
  softva_put_se(bits, parameters->pps_cb_qp_offset);
  softva_put_se(bits, parameters->pps_cr_qp_offset);
  softva_put(bits, 1, 1);  // pps_slice_chroma_qp_offsets_present_flag
  softva_put(bits, 1, parameters->pic_fields.bits.weighted_pred_flag);
  softva_put(bits, 1, parameters->pic_fields.bits.weighted_bipred_flag);
  softva_put(bits, 1, parameters->pic_fields.bits.transquant_bypass_enabled_flag);
  softva_put(bits, 1, parameters->pic_fields.bits.tiles_enabled_flag);
  softva_put(bits, 1, parameters->pic_fields.bits.entropy_coding_sync_enabled_flag);
  if (parameters->pic_fields.bits.tiles_enabled_flag) {
    softva_put_ue(bits, parameters->num_tile_columns_minus1);
    softva_put_ue(bits, parameters->num_tile_rows_minus1);
    softva_put(bits, 1, 0);  // uniform_spacing_flag
    for (unsigned i = 0; i < parameters->num_tile_columns_minus1; i++)
      softva_put_ue(bits, parameters->column_width_minus1[i]);
    for (unsigned i = 0; i < parameters->num_tile_rows_minus1; i++)
      softva_put_ue(bits, parameters->row_height_minus1[i]);
    softva_put(bits, 1, parameters->pic_fields.bits.loop_filter_across_tiles_enabled_flag);
  }
  softva_put(bits, 1, parameters->pic_fields.bits.pps_loop_filter_across_slices_enabled_flag);
  softva_put(bits, 1, 1);  // deblocking_filter_control_present_flag
  softva_put(bits, 1, 1);  // deblocking_filter_override_enabled_flag
  softva_put(bits, 1, 1);  // pps_deblocking_filter_disabled_flag: each slice overrides it
  softva_put(bits, 1, matrix != NULL);  // pps_scaling_list_data_present_flag
  if (matrix) put_scaling_lists(bits, matrix);
  softva_put(bits, 1, 1);  // lists_modification_present_flag
  softva_put_ue(bits, parameters->log2_parallel_merge_level_minus2);
  softva_put(bits, 1, 0);  // slice_segment_header_extension_present_flag
  softva_put(bits, 1, 0);  // pps_extension_present_flag
  softva_put_trailing(bits);
}

static bool append_unit(
    struct softva_bytes *packet, unsigned type, const struct softva_bits *payload,
    const struct softva_slice *slice, size_t skip) {
  struct softva_nal nal = softva_nal_begin(packet);
  const uint8_t header[2] = {(uint8_t)(type << 1), 1};  // nuh_layer_id 0, TemporalId 0
  softva_nal_put(&nal, header, sizeof header);
  softva_nal_put(&nal, payload->bytes, payload->position / 8);
  if (slice) softva_nal_put_unit(&nal, slice->data, slice->size, skip);
  return softva_nal_end(&nal);
}

// Writes the parameter sets, unless they are those written last.
static VAStatus append_sets(
    struct hevc_state *state, const VAPictureParameterBufferHEVC *parameters,
    const VAIQMatrixBufferHEVC *matrix, struct softva_bytes *packet) {
  struct softva_bits vps = {.position = 0}, sps = {.position = 0}, pps = {.position = 0};
  put_vps(&vps, parameters);
  put_sps(&sps, parameters);
  put_pps(&pps, parameters, matrix);
  if (vps.overflow || sps.overflow || pps.overflow) return VA_STATUS_ERROR_INVALID_PARAMETER;

  const struct softva_bits *sets[3] = {&vps, &sps, &pps};
  static const unsigned types[3] = {NAL_VPS, NAL_SPS, NAL_PPS};
  size_t size = 0;
  bool same = true;
  for (int i = 0; i < 3; i++) {
    size_t set_size = sets[i]->position / 8;
    if (size + set_size > state->sets_size ||
        memcmp(state->sets + size, sets[i]->bytes, set_size) != 0)
      same = false;
    size += set_size;
  }
  if (same && size == state->sets_size) return VA_STATUS_SUCCESS;

  state->sets_size = 0;
  for (int i = 0; i < 3; i++) {
    size_t set_size = sets[i]->position / 8;
    memcpy(state->sets + state->sets_size, sets[i]->bytes, set_size);
    state->sets_size += set_size;
    if (!append_unit(packet, types[i], sets[i], NULL, 0)) {
      state->sets_size = 0;
      return VA_STATUS_ERROR_ALLOCATION_FAILED;
    }
  }
  return VA_STATUS_SUCCESS;
}

// MARK: - Reference pictures

// Whether `a` comes before `b` in a reference picture set.
static bool precedes(const struct reference *a, const struct reference *b) {
  if (a->long_term != b->long_term) return b->long_term;
  if (a->long_term) return a->index < b->index;
  if ((a->delta < 0) != (b->delta < 0)) return a->delta < 0;
  return a->delta < 0 ? a->delta > b->delta : a->delta < b->delta;
}

// Returns false when no reference picture set can say what the client says.
static bool collect_references(
    const VAPictureParameterBufferHEVC *parameters, struct reference_set *set) {
  const uint32_t used_flags = VA_PICTURE_HEVC_RPS_ST_CURR_BEFORE |
                              VA_PICTURE_HEVC_RPS_ST_CURR_AFTER | VA_PICTURE_HEVC_RPS_LT_CURR;
  *set = (struct reference_set){.count = 0};
  for (uint8_t i = 0; i < MAX_REFERENCES; i++) {
    const VAPictureHEVC *picture = &parameters->ReferenceFrames[i];
    if (!is_valid(picture)) continue;
    int64_t delta = (int64_t)picture->pic_order_cnt - parameters->CurrPic.pic_order_cnt;
    struct reference reference = {
        .delta = (int32_t)delta,
        .used = (picture->flags & used_flags) != 0,
        .long_term = (picture->flags & VA_PICTURE_HEVC_LONG_TERM_REFERENCE) != 0,
        .index = i,
    };
    if (delta == 0 || delta != (int32_t)delta) return false;
    if (!reference.long_term && (delta > 32767 || delta < -32768)) return false;
    size_t at = set->count;
    while (at > 0 && precedes(&reference, &set->pictures[at - 1])) {
      set->pictures[at] = set->pictures[at - 1];
      at--;
    }
    set->pictures[at] = reference;
    set->count++;
  }

  for (size_t i = 0; i < set->count; i++) {
    const struct reference *reference = &set->pictures[i];
    if (i > 0 && reference->delta == set->pictures[i - 1].delta) return false;
    if (!reference->long_term) *(reference->delta < 0 ? &set->before : &set->after) += 1;
    if (reference->used) set->used[0][set->used_count++] = reference->index;
  }
  // List 1 begins with the short-term pictures that come after.
  size_t count = 0;
  for (size_t i = set->before; i < set->before + set->after; i++)
    if (set->pictures[i].used) set->used[1][count++] = set->pictures[i].index;
  for (size_t i = 0; i < set->before; i++)
    if (set->pictures[i].used) set->used[1][count++] = set->pictures[i].index;
  for (size_t i = set->before + set->after; i < set->count; i++)
    if (set->pictures[i].used) set->used[1][count++] = set->pictures[i].index;
  return true;
}

static bool is_known(const struct hevc_state *state, const VAPictureHEVC *picture) {
  for (size_t i = 0; i < state->known_count; i++)
    if (state->known[i].surface == picture->picture_id &&
        state->known[i].poc == picture->pic_order_cnt)
      return true;
  return false;
}

// Chooses between an IDR picture and a TRAIL_R one, and the base of the POCs.
static unsigned choose_type(
    struct hevc_state *state, const VAPictureParameterBufferHEVC *parameters,
    const struct reference_set *set, bool intra) {
  int32_t poc = parameters->CurrPic.pic_order_cnt;
  bool continues = false;
  for (size_t i = 0; i < set->count; i++)
    if (is_known(state, &parameters->ReferenceFrames[set->pictures[i].index])) continues = true;
  // A POC that is there already, or too far from the last for its low bits to tell: the client
  // has begun again, and its surfaces look known by chance.
  for (size_t i = 0; i < state->known_count; i++)
    if (state->known[i].poc == poc) continues = false;
  int64_t distance = poc - state->base - state->last;
  if (!state->started || distance >= 32768 || distance < -32768) continues = false;
  if (continues) return NAL_TRAIL_R;
  if (intra) {
    // Also a CRA picture after a seek: what it lists was never decoded and only serves pictures
    // that the client skips.
    state->base = poc;
    return NAL_IDR_N_LP;
  }
  // Pictures without their references (a stream that begins anywhere). The decoder behind makes
  // up what it does not find, as a software decoder in front would; keep it from finding others.
  state->base = poc - (state->last >= 0 ? state->last - 16384 : state->last + 16384);
  return NAL_TRAIL_R;
}

static void remember(
    struct hevc_state *state, const VAPictureParameterBufferHEVC *parameters,
    const struct reference_set *set) {
  state->started = true;
  state->last = parameters->CurrPic.pic_order_cnt - state->base;
  state->known_count = 0;
  for (size_t i = 0; i < set->count; i++) {
    const VAPictureHEVC *picture = &parameters->ReferenceFrames[set->pictures[i].index];
    state->known[state->known_count++] =
        (struct known_picture){picture->picture_id, picture->pic_order_cnt};
  }
  state->known[state->known_count++] = (struct known_picture){
      parameters->CurrPic.picture_id, parameters->CurrPic.pic_order_cnt};
}

// MARK: - Slices

static void put_reference_set(
    struct softva_bits *bits, const struct reference_set *set, int64_t poc) {
  softva_put(bits, 1, 0);  // short_term_ref_pic_set_sps_flag
  softva_put_ue(bits, (uint32_t)set->before);
  softva_put_ue(bits, (uint32_t)set->after);
  int32_t last = 0;
  for (size_t i = 0; i < set->before; i++) {
    softva_put_ue(bits, (uint32_t)(last - set->pictures[i].delta - 1));
    softva_put(bits, 1, set->pictures[i].used);
    last = set->pictures[i].delta;
  }
  last = 0;
  for (size_t i = set->before; i < set->before + set->after; i++) {
    softva_put_ue(bits, (uint32_t)(set->pictures[i].delta - last - 1));
    softva_put(bits, 1, set->pictures[i].used);
    last = set->pictures[i].delta;
  }
  softva_put_ue(bits, (uint32_t)(set->count - set->before - set->after));  // num_long_term_pics
  for (size_t i = set->before + set->after; i < set->count; i++) {
    softva_put(bits, LOG2_MAX_POC_LSB, (uint32_t)((poc + set->pictures[i].delta) & 0xffff));
    softva_put(bits, 1, set->pictures[i].used);
    softva_put(bits, 1, 0);  // delta_poc_msb_present_flag: the low bits are enough
  }
}

static void put_list_order(
    struct softva_bits *bits, const struct reference_set *set, int list,
    const uint8_t *wanted, unsigned count) {
  softva_put(bits, 1, 1);  // ref_pic_list_modification_flag
  for (unsigned i = 0; i < count; i++) {
    uint32_t entry = 0;
    for (uint32_t j = 0; j < set->used_count; j++)
      if (set->used[list][j] == wanted[i]) entry = j;
    softva_put(bits, ceil_log2((uint32_t)set->used_count), entry);
  }
}

static void put_weights_of_list(
    struct softva_bits *bits, unsigned count, unsigned chroma_denominator,
    const int8_t *luma_weight, const int8_t *luma_offset, const int8_t (*chroma_weight)[2],
    const int8_t (*chroma_offset)[2]) {
  bool luma[MAX_REFERENCES], chroma[MAX_REFERENCES];
  for (unsigned i = 0; i < count; i++) {
    luma[i] = luma_weight[i] != 0 || luma_offset[i] != 0;
    softva_put(bits, 1, luma[i]);
  }
  for (unsigned i = 0; i < count; i++) {
    chroma[i] = chroma_weight[i][0] != 0 || chroma_weight[i][1] != 0 ||
                chroma_offset[i][0] != 0 || chroma_offset[i][1] != 0;
    softva_put(bits, 1, chroma[i]);
  }
  for (unsigned i = 0; i < count; i++) {
    if (luma[i]) {
      softva_put_se(bits, luma_weight[i]);
      softva_put_se(bits, luma_offset[i]);
    }
    for (int plane = 0; chroma[i] && plane < 2; plane++) {
      // delta_chroma_offset is what makes the decoder arrive at ChromaOffset.
      int weight = (1 << chroma_denominator) + chroma_weight[i][plane];
      softva_put_se(bits, chroma_weight[i][plane]);
      softva_put_se(
          bits, chroma_offset[i][plane] - 128 + ((128 * weight) >> chroma_denominator));
    }
  }
}

static void put_weights(struct softva_bits *bits, const VASliceParameterBufferHEVC *slice) {
  unsigned chroma_denominator =
      (unsigned)(slice->luma_log2_weight_denom + slice->delta_chroma_log2_weight_denom);
  softva_put_ue(bits, slice->luma_log2_weight_denom);
  softva_put_se(bits, slice->delta_chroma_log2_weight_denom);
  put_weights_of_list(
      bits, slice->num_ref_idx_l0_active_minus1 + 1u, chroma_denominator,
      slice->delta_luma_weight_l0, slice->luma_offset_l0, slice->delta_chroma_weight_l0,
      slice->ChromaOffsetL0);
  if (slice->LongSliceFlags.fields.slice_type == SLICE_B)
    put_weights_of_list(
        bits, slice->num_ref_idx_l1_active_minus1 + 1u, chroma_denominator,
        slice->delta_luma_weight_l1, slice->luma_offset_l1, slice->delta_chroma_weight_l1,
        slice->ChromaOffsetL1);
}

static void put_inter_fields(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters,
    const VASliceParameterBufferHEVC *slice, const struct reference_set *set) {
  bool b = slice->LongSliceFlags.fields.slice_type == SLICE_B;
  softva_put(bits, 1, 1);  // num_ref_idx_active_override_flag
  softva_put_ue(bits, slice->num_ref_idx_l0_active_minus1);
  if (b) softva_put_ue(bits, slice->num_ref_idx_l1_active_minus1);
  if (set->used_count > 1) {
    put_list_order(bits, set, 0, slice->RefPicList[0], slice->num_ref_idx_l0_active_minus1 + 1u);
    if (b)
      put_list_order(
          bits, set, 1, slice->RefPicList[1], slice->num_ref_idx_l1_active_minus1 + 1u);
  }
  if (b) softva_put(bits, 1, slice->LongSliceFlags.fields.mvd_l1_zero_flag);
  if (parameters->slice_parsing_fields.bits.cabac_init_present_flag)
    softva_put(bits, 1, slice->LongSliceFlags.fields.cabac_init_flag);
  if (parameters->slice_parsing_fields.bits.sps_temporal_mvp_enabled_flag &&
      slice->LongSliceFlags.fields.slice_temporal_mvp_enabled_flag) {
    bool from_l0 = !b || slice->LongSliceFlags.fields.collocated_from_l0_flag;
    if (b) softva_put(bits, 1, from_l0);
    if ((from_l0 ? slice->num_ref_idx_l0_active_minus1 : slice->num_ref_idx_l1_active_minus1) > 0)
      softva_put_ue(bits, slice->collocated_ref_idx);
  }
  if (b ? parameters->pic_fields.bits.weighted_bipred_flag
        : parameters->pic_fields.bits.weighted_pred_flag)
    put_weights(bits, slice);
  softva_put_ue(bits, slice->five_minus_max_num_merge_cand);
}

static void put_slice_header(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters,
    const VASliceParameterBufferHEVC *slice, const struct reference_set *set, unsigned type,
    bool first, int64_t poc) {
  bool idr = type == NAL_IDR_N_LP;
  softva_put(bits, 1, first);      // first_slice_segment_in_pic_flag
  if (idr) softva_put(bits, 1, 0);  // no_output_of_prior_pics_flag
  softva_put_ue(bits, 0);           // slice_pic_parameter_set_id
  if (!first) {
    if (parameters->slice_parsing_fields.bits.dependent_slice_segments_enabled_flag)
      softva_put(bits, 1, slice->LongSliceFlags.fields.dependent_slice_segment_flag);
    unsigned log2_size = parameters->log2_min_luma_coding_block_size_minus3 + 3u +
                         parameters->log2_diff_max_min_luma_coding_block_size;
    uint32_t size = 1u << log2_size;
    uint32_t columns = (parameters->pic_width_in_luma_samples + size - 1) >> log2_size;
    uint32_t rows = (parameters->pic_height_in_luma_samples + size - 1) >> log2_size;
    softva_put(bits, ceil_log2(columns * rows), slice->slice_segment_address);
  }
  if (!slice->LongSliceFlags.fields.dependent_slice_segment_flag) {
    bool luma = false, chroma = false;
    softva_put_ue(bits, slice->LongSliceFlags.fields.slice_type);
    if (!idr) {
      softva_put(bits, LOG2_MAX_POC_LSB, (uint32_t)(poc & 0xffff));
      put_reference_set(bits, set, poc);
      if (parameters->slice_parsing_fields.bits.sps_temporal_mvp_enabled_flag)
        softva_put(bits, 1, slice->LongSliceFlags.fields.slice_temporal_mvp_enabled_flag);
    }
    if (parameters->slice_parsing_fields.bits.sample_adaptive_offset_enabled_flag) {
      luma = slice->LongSliceFlags.fields.slice_sao_luma_flag;
      chroma = slice->LongSliceFlags.fields.slice_sao_chroma_flag;
      softva_put(bits, 1, luma);
      softva_put(bits, 1, chroma);
    }
    if (slice->LongSliceFlags.fields.slice_type != SLICE_I)
      put_inter_fields(bits, parameters, slice, set);
    softva_put_se(bits, slice->slice_qp_delta);
    softva_put_se(bits, slice->slice_cb_qp_offset);
    softva_put_se(bits, slice->slice_cr_qp_offset);
    bool deblocked = !slice->LongSliceFlags.fields.slice_deblocking_filter_disabled_flag;
    softva_put(bits, 1, 1);  // deblocking_filter_override_flag
    softva_put(bits, 1, !deblocked);
    if (deblocked) {
      softva_put_se(bits, slice->slice_beta_offset_div2);
      softva_put_se(bits, slice->slice_tc_offset_div2);
    }
    if (parameters->pic_fields.bits.pps_loop_filter_across_slices_enabled_flag &&
        (luma || chroma || deblocked))
      softva_put(bits, 1, slice->LongSliceFlags.fields.slice_loop_filter_across_slices_enabled_flag);
  }
  if (parameters->pic_fields.bits.tiles_enabled_flag ||
      parameters->pic_fields.bits.entropy_coding_sync_enabled_flag)
    softva_put_ue(bits, 0);  // num_entry_point_offsets
  softva_put_trailing(bits);  // byte_alignment(), which looks the same
}

// MARK: - The codec

static VAStatus check_picture(const VAPictureParameterBufferHEVC *parameters) {
  if (parameters->pic_fields.bits.chroma_format_idc != 1)
    return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
  if (parameters->bit_depth_luma_minus8 > 2 ||
      parameters->bit_depth_chroma_minus8 != parameters->bit_depth_luma_minus8)
    return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
  // The least that the writers here need; the decoder behind checks the rest.
  if (parameters->log2_min_luma_coding_block_size_minus3 > 3 ||
      parameters->log2_diff_max_min_luma_coding_block_size > 3 ||
      parameters->log2_min_luma_coding_block_size_minus3 +
              parameters->log2_diff_max_min_luma_coding_block_size > 3 ||
      parameters->num_tile_columns_minus1 > 19 || parameters->num_tile_rows_minus1 > 21)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  return VA_STATUS_SUCCESS;
}

static VAStatus check_slice(
    const VAPictureParameterBufferHEVC *parameters, const VASliceParameterBufferHEVC *slice,
    bool first) {
  bool dependent = slice->LongSliceFlags.fields.dependent_slice_segment_flag;
  if (first ? dependent || slice->slice_segment_address != 0
            : dependent &&
                  !parameters->slice_parsing_fields.bits.dependent_slice_segments_enabled_flag)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  int chroma_denominator = slice->luma_log2_weight_denom + slice->delta_chroma_log2_weight_denom;
  if (slice->LongSliceFlags.fields.slice_type > SLICE_I ||
      slice->num_ref_idx_l0_active_minus1 >= MAX_REFERENCES ||
      slice->num_ref_idx_l1_active_minus1 >= MAX_REFERENCES ||
      slice->luma_log2_weight_denom > 7 || chroma_denominator < 0 || chroma_denominator > 7)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  return VA_STATUS_SUCCESS;
}

static VAStatus append_slices(
    const VAPictureParameterBufferHEVC *parameters, const struct softva_picture *picture,
    const struct reference_set *set, unsigned type, int64_t poc, struct softva_bytes *packet) {
  for (size_t i = 0; i < picture->slice_count; i++) {
    const struct softva_slice *slice = &picture->slices[i];
    const VASliceParameterBufferHEVC *slice_parameters = slice->parameters;
    struct softva_bits header = {.position = 0};
    put_slice_header(&header, parameters, slice_parameters, set, type, i == 0, poc);
    if (header.overflow) return VA_STATUS_ERROR_INVALID_PARAMETER;
    if (!append_unit(packet, type, &header, slice, slice_parameters->slice_data_byte_offset))
      return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  return VA_STATUS_SUCCESS;
}

static VAStatus assemble(
    void *memory, const struct softva_picture *picture, struct softva_bytes *packet) {
  struct hevc_state *state = memory;
  const VAPictureParameterBufferHEVC *parameters = picture->parameters;
  const VAIQMatrixBufferHEVC *matrix = NULL;
  if (picture->parameters_size < sizeof *parameters || picture->slice_count == 0)
    return VA_STATUS_ERROR_INVALID_BUFFER;
  VAStatus status = check_picture(parameters);
  if (status != VA_STATUS_SUCCESS) return status;
  if (picture->iq_matrix_size > 0 && parameters->pic_fields.bits.scaling_list_enabled_flag) {
    if (picture->iq_matrix_size < sizeof *matrix) return VA_STATUS_ERROR_INVALID_BUFFER;
    matrix = picture->iq_matrix;
  }
  bool intra = true;
  for (size_t i = 0; i < picture->slice_count; i++) {
    const VASliceParameterBufferHEVC *slice = picture->slices[i].parameters;
    if (picture->slices[i].parameters_size < sizeof *slice || picture->slices[i].size < 3)
      return VA_STATUS_ERROR_INVALID_BUFFER;
    if (slice->slice_data_byte_offset >= picture->slices[i].size)
      return VA_STATUS_ERROR_INVALID_PARAMETER;
    status = check_slice(parameters, slice, i == 0);
    if (status != VA_STATUS_SUCCESS) return status;
    if (!slice->LongSliceFlags.fields.dependent_slice_segment_flag &&
        slice->LongSliceFlags.fields.slice_type != SLICE_I)
      intra = false;
  }
  struct reference_set set;
  if (!collect_references(parameters, &set)) return VA_STATUS_ERROR_INVALID_PARAMETER;

  status = append_sets(state, parameters, matrix, packet);
  if (status != VA_STATUS_SUCCESS) return status;
  unsigned type = choose_type(state, parameters, &set, intra);
  int64_t poc = parameters->CurrPic.pic_order_cnt - state->base;
  if (type == NAL_IDR_N_LP) set = (struct reference_set){.count = 0};
  remember(state, parameters, &set);
  return append_slices(parameters, picture, &set, type, poc, packet);
}

static size_t references(
    const struct softva_picture *picture, VASurfaceID *surfaces, size_t capacity) {
  const VAPictureParameterBufferHEVC *parameters = picture->parameters;
  size_t count = 0;
  if (picture->parameters_size < sizeof *parameters) return 0;
  for (size_t i = 0; i < MAX_REFERENCES && count < capacity; i++)
    if (is_valid(&parameters->ReferenceFrames[i]))
      surfaces[count++] = parameters->ReferenceFrames[i].picture_id;
  return count;
}

const struct softva_codec softva_hevc = {
    .name = "hevc",
    .id = AV_CODEC_ID_HEVC,
    .capture = SOFTVA_CAPTURE_FIRST,
    .state_size = sizeof(struct hevc_state),
    .assemble = assemble,
    .references = references,
};
