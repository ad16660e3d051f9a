// Slice segment headers of HEVC, written from VA parameters.

#include "hevc.h"

static unsigned ceil_log2(uint32_t value) {
  unsigned bits = 0;
  while (bits < 32 && ((uint64_t)1 << bits) < value) bits++;
  return bits;
}

static void put_reference_set(
    struct softva_bits *bits, const struct softva_hevc_set *set, int64_t poc) {
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
    uint32_t low = (uint32_t)((poc + set->pictures[i].delta) & 0xffff);
    softva_put(bits, SOFTVA_HEVC_LOG2_MAX_POC_LSB, low);
    softva_put(bits, 1, set->pictures[i].used);
    softva_put(bits, 1, 0);  // delta_poc_msb_present_flag: the low bits are enough
  }
}

static void put_list_order(
    struct softva_bits *bits, const struct softva_hevc_set *set, int list,
    const uint8_t *wanted, unsigned count) {
  bool modified = false;
  for (unsigned i = 0; i < count; i++)
    if (wanted[i] != set->used[list][i % set->used_count]) modified = true;
  softva_put(bits, 1, modified);  // ref_pic_list_modification_flag
  for (unsigned i = 0; modified && i < count; i++) {
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
  bool luma[SOFTVA_HEVC_REFERENCES], chroma[SOFTVA_HEVC_REFERENCES];
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
  if (slice->LongSliceFlags.fields.slice_type == SOFTVA_HEVC_SLICE_B)
    put_weights_of_list(
        bits, slice->num_ref_idx_l1_active_minus1 + 1u, chroma_denominator,
        slice->delta_luma_weight_l1, slice->luma_offset_l1, slice->delta_chroma_weight_l1,
        slice->ChromaOffsetL1);
}

static void put_inter_fields(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters,
    const VASliceParameterBufferHEVC *slice, const struct softva_hevc_set *set) {
  bool b = slice->LongSliceFlags.fields.slice_type == SOFTVA_HEVC_SLICE_B;
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

// A slice that is like the PPS says so: libavcodec then takes the offsets over even where the
// filter is off, and uses them at edges with slices where it is on.
static void put_deblocking(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters,
    const VASliceParameterBufferHEVC *slice) {
  unsigned disabled = slice->LongSliceFlags.fields.slice_deblocking_filter_disabled_flag;
  bool override =
      disabled != parameters->slice_parsing_fields.bits.pps_disable_deblocking_filter_flag ||
      slice->slice_beta_offset_div2 != parameters->pps_beta_offset_div2 ||
      slice->slice_tc_offset_div2 != parameters->pps_tc_offset_div2;
  softva_put(bits, 1, override);  // deblocking_filter_override_flag
  if (!override) return;
  softva_put(bits, 1, disabled);
  if (disabled) return;
  softva_put_se(bits, slice->slice_beta_offset_div2);
  softva_put_se(bits, slice->slice_tc_offset_div2);
}

void softva_hevc_put_slice_header(
    struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters,
    const VASliceParameterBufferHEVC *slice, const struct softva_hevc_set *set, unsigned type,
    bool first, int64_t poc) {
  bool idr = type == SOFTVA_HEVC_IDR_N_LP;
  softva_put(bits, 1, first);                        // first_slice_segment_in_pic_flag
  if (type != SOFTVA_HEVC_TRAIL_R) softva_put(bits, 1, 0);  // no_output_of_prior_pics_flag
  softva_put_ue(bits, 0);                            // slice_pic_parameter_set_id
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
      softva_put(bits, SOFTVA_HEVC_LOG2_MAX_POC_LSB, (uint32_t)(poc & 0xffff));
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
    if (slice->LongSliceFlags.fields.slice_type != SOFTVA_HEVC_SLICE_I)
      put_inter_fields(bits, parameters, slice, set);
    softva_put_se(bits, slice->slice_qp_delta);
    softva_put_se(bits, slice->slice_cb_qp_offset);
    softva_put_se(bits, slice->slice_cr_qp_offset);
    bool deblocked = !slice->LongSliceFlags.fields.slice_deblocking_filter_disabled_flag;
    put_deblocking(bits, parameters, slice);
    if (parameters->pic_fields.bits.pps_loop_filter_across_slices_enabled_flag &&
        (luma || chroma || deblocked))
      softva_put(
          bits, 1, slice->LongSliceFlags.fields.slice_loop_filter_across_slices_enabled_flag);
  }
  if (parameters->pic_fields.bits.tiles_enabled_flag ||
      parameters->pic_fields.bits.entropy_coding_sync_enabled_flag)
    softva_put_ue(bits, 0);  // num_entry_point_offsets
  softva_put_trailing(bits);  // byte_alignment(), which looks the same
}
