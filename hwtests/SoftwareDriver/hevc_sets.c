// The parameter sets of HEVC, written from VA parameters: one VPS, one SPS and one PPS that leave
// to each slice what a slice can say.

#include "hevc.h"

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
  softva_put_ue(bits, SOFTVA_HEVC_REFERENCES);    // max_dec_pic_buffering_minus1
  softva_put_ue(bits, 0);                 // max_num_reorder_pics: nothing waits for its turn
  softva_put_ue(bits, 0);                 // max_latency_increase_plus1
}

void softva_hevc_put_vps(struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters) {
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

void softva_hevc_put_sps(struct softva_bits *bits, const VAPictureParameterBufferHEVC *parameters) {
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
  softva_put_ue(bits, SOFTVA_HEVC_LOG2_MAX_POC_LSB - 4);
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

void softva_hevc_put_pps(
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
  softva_put(bits, 1, parameters->slice_parsing_fields.bits.pps_disable_deblocking_filter_flag);
  if (!parameters->slice_parsing_fields.bits.pps_disable_deblocking_filter_flag) {
    softva_put_se(bits, parameters->pps_beta_offset_div2);
    softva_put_se(bits, parameters->pps_tc_offset_div2);
  }
  softva_put(bits, 1, matrix != NULL);  // pps_scaling_list_data_present_flag
  if (matrix) put_scaling_lists(bits, matrix);
  softva_put(bits, 1, 1);  // lists_modification_present_flag
  softva_put_ue(bits, parameters->log2_parallel_merge_level_minus2);
  softva_put(bits, 1, 0);  // slice_segment_header_extension_present_flag
  softva_put(bits, 1, 0);  // pps_extension_present_flag
  softva_put_trailing(bits);
}
