// The sequence header and the frame headers of AV1, written from VA parameters. What VA does not
// say (the tools of the sequence, the frame size limits) is allowed in the sequence header and
// then said in each frame.

#include "av1.h"

typedef VADecPictureParameterBufferAV1 parameters_t;

enum { SIZE_BITS = 13, MOST_SIZE = 1 << SIZE_BITS };

static unsigned floor_log2(uint32_t value) {
  unsigned log2 = 0;
  while (value >> (log2 + 1)) log2++;
  return log2;
}

// su(count)
static void put_su(struct softva_bits *bits, unsigned count, int value) {
  softva_put(bits, count, (uint32_t)value & ((1u << count) - 1));
}

// ns(limit)
static void put_ns(struct softva_bits *bits, uint32_t limit, uint32_t value) {
  unsigned width = floor_log2(limit) + 1;
  uint32_t most = (1u << width) - limit;
  if (value < most) {
    softva_put(bits, width - 1, value);
  } else {
    softva_put(bits, width - 1, (value + most) >> 1);
    softva_put(bits, 1, (value + most) & 1);
  }
}

static void put_increment(struct softva_bits *bits, unsigned low, unsigned high, unsigned value) {
  for (unsigned i = low; i < high; i++) {
    softva_put(bits, 1, value > i);
    if (value <= i) break;
  }
}

void softva_av1_put_sequence(struct softva_bits *bits, const parameters_t *parameters) {
  bool order_hint = parameters->seq_info_fields.fields.enable_order_hint;
  softva_put(bits, 3, parameters->profile);
  softva_put(bits, 1, 0);    // still_picture
  softva_put(bits, 1, 0);    // reduced_still_picture_header
  softva_put(bits, 1, 0);    // timing_info_present_flag
  softva_put(bits, 1, 0);    // initial_display_delay_present_flag
  softva_put(bits, 5, 0);    // operating_points_cnt_minus_1
  softva_put(bits, 12, 0);   // operating_point_idc
  softva_put(bits, 5, 31);   // seq_level_idx: no limit
  softva_put(bits, 1, 0);    // seq_tier
  softva_put(bits, 4, SIZE_BITS - 1);          // frame_width_bits_minus_1
  softva_put(bits, 4, SIZE_BITS - 1);          // frame_height_bits_minus_1
  softva_put(bits, SIZE_BITS, MOST_SIZE - 1);  // max_frame_width_minus_1
  softva_put(bits, SIZE_BITS, MOST_SIZE - 1);  // max_frame_height_minus_1
  softva_put(bits, 1, 0);  // frame_id_numbers_present_flag
  softva_put(bits, 1, parameters->seq_info_fields.fields.use_128x128_superblock);
  softva_put(bits, 1, parameters->seq_info_fields.fields.enable_filter_intra);
  softva_put(bits, 1, parameters->seq_info_fields.fields.enable_intra_edge_filter);
  softva_put(bits, 1, parameters->seq_info_fields.fields.enable_interintra_compound);
  softva_put(bits, 1, parameters->seq_info_fields.fields.enable_masked_compound);
  softva_put(bits, 1, 1);  // enable_warped_motion
  softva_put(bits, 1, parameters->seq_info_fields.fields.enable_dual_filter);
  softva_put(bits, 1, order_hint);
  if (order_hint) {
    softva_put(bits, 1, parameters->seq_info_fields.fields.enable_jnt_comp);
    softva_put(bits, 1, 1);  // enable_ref_frame_mvs
  }
  softva_put(bits, 1, 1);  // seq_choose_screen_content_tools
  softva_put(bits, 1, 1);  // seq_choose_integer_mv
  if (order_hint) softva_put(bits, 3, parameters->order_hint_bits_minus_1);
  softva_put(bits, 1, 1);  // enable_superres
  softva_put(bits, 1, parameters->seq_info_fields.fields.enable_cdef);
  softva_put(bits, 1, 1);                               // enable_restoration
  softva_put(bits, 1, parameters->bit_depth_idx == 1);  // high_bitdepth
  softva_put(bits, 1, 0);                               // mono_chrome
  softva_put(bits, 1, 0);                               // color_description_present_flag
  softva_put(bits, 1, parameters->seq_info_fields.fields.color_range);
  softva_put(bits, 2, 0);  // chroma_sample_position
  softva_put(bits, 1, 1);  // separate_uv_delta_q
  softva_put(bits, 1, parameters->seq_info_fields.fields.film_grain_params_present);
  softva_put_trailing(bits);
}

static void put_size(struct softva_bits *bits, const parameters_t *parameters) {
  softva_put(bits, SIZE_BITS, parameters->frame_width_minus1);
  softva_put(bits, SIZE_BITS, parameters->frame_height_minus1);
  softva_put(bits, 1, parameters->pic_info_fields.bits.use_superres);
  if (parameters->pic_info_fields.bits.use_superres)
    softva_put(bits, 3, parameters->superres_scale_denominator - 9u);
  softva_put(bits, 1, 0);  // render_and_frame_size_different
}

// The width that is coded, before super-resolution widens it.
static uint32_t coded_width(const parameters_t *parameters) {
  uint32_t width = parameters->frame_width_minus1 + 1u;
  uint32_t denominator = parameters->superres_scale_denominator;
  if (!parameters->pic_info_fields.bits.use_superres) return width;
  return (width * 8 + denominator / 2) / denominator;
}

// The smallest k with size << k >= target.
static unsigned tile_log2(uint32_t size, uint32_t target) {
  unsigned k = 0;
  while ((size << k) < target) k++;
  return k;
}

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

// Uniform tiles: how often a dimension is halved for `count` tiles; false when it gives another
// number of them.
static bool find_uniform(
    uint32_t size, uint32_t count, unsigned low, unsigned high, unsigned *log2) {
  for (*log2 = low; *log2 <= high; ++*log2) {
    uint32_t tile = (size + (1u << *log2) - 1) >> *log2;
    if ((size + tile - 1) / tile == count) return true;
  }
  return false;
}

static bool put_tiles(struct softva_bits *bits, const parameters_t *parameters) {
  unsigned log2 = parameters->seq_info_fields.fields.use_128x128_superblock ? 7 : 6;
  uint32_t columns = (((coded_width(parameters) + 7) & ~7u) + (1u << log2) - 1) >> log2;
  uint32_t rows = (((parameters->frame_height_minus1 + 8u) & ~7u) + (1u << log2) - 1) >> log2;
  uint32_t widest = 4096u >> log2, area = (4096u * 2304u) >> (2 * log2);
  unsigned least_columns = tile_log2(widest, columns);
  unsigned most_columns = tile_log2(1, least(columns, 64));
  unsigned most_rows = tile_log2(1, least(rows, 64));
  unsigned least_tiles = tile_log2(area, rows * columns);
  if (least_tiles < least_columns) least_tiles = least_columns;
  unsigned columns_log2, rows_log2;

  if (parameters->tile_cols == 0 || parameters->tile_rows == 0 || parameters->tile_cols > 64 ||
      parameters->tile_rows > 64)
    return false;
  softva_put(bits, 1, parameters->pic_info_fields.bits.uniform_tile_spacing_flag);
  if (parameters->pic_info_fields.bits.uniform_tile_spacing_flag) {
    if (!find_uniform(columns, parameters->tile_cols, least_columns, most_columns, &columns_log2))
      return false;
    put_increment(bits, least_columns, most_columns, columns_log2);
    unsigned least_rows = least_tiles > columns_log2 ? least_tiles - columns_log2 : 0;
    if (!find_uniform(rows, parameters->tile_rows, least_rows, most_rows, &rows_log2)) return false;
    put_increment(bits, least_rows, most_rows, rows_log2);
  } else {
    // VA has no room for the size of a 64th column or row: the last one takes what is left.
    uint32_t start = 0, most_width = 0;
    for (unsigned i = 0; i < parameters->tile_cols; i++) {
      if (start >= columns) return false;
      uint32_t size = i + 1 == parameters->tile_cols ? columns - start
                                                     : parameters->width_in_sbs_minus_1[i] + 1u;
      if (size > least(columns - start, widest)) return false;
      put_ns(bits, least(columns - start, widest), size - 1);
      if (size > most_width) most_width = size;
      start += size;
    }
    if (start != columns) return false;
    area = least_tiles > 0 ? (rows * columns) >> (least_tiles + 1) : rows * columns;
    uint32_t tallest = area / most_width > 1 ? area / most_width : 1;
    start = 0;
    for (unsigned i = 0; i < parameters->tile_rows; i++) {
      if (start >= rows) return false;
      uint32_t size = i + 1 == parameters->tile_rows ? rows - start
                                                     : parameters->height_in_sbs_minus_1[i] + 1u;
      if (size > least(rows - start, tallest)) return false;
      put_ns(bits, least(rows - start, tallest), size - 1);
      start += size;
    }
    if (start != rows) return false;
    columns_log2 = tile_log2(1, parameters->tile_cols);
    rows_log2 = tile_log2(1, parameters->tile_rows);
  }
  if (columns_log2 + rows_log2 > 0) {
    softva_put(bits, columns_log2 + rows_log2, parameters->context_update_tile_id);
    softva_put(bits, 2, 3);  // tile_size_bytes_minus_1
  }
  return true;
}

static void put_delta_q(struct softva_bits *bits, int value) {
  softva_put(bits, 1, value != 0);
  if (value != 0) put_su(bits, 7, value);
}

static void put_quantization(struct softva_bits *bits, const parameters_t *parameters) {
  bool different = parameters->u_dc_delta_q != parameters->v_dc_delta_q ||
                   parameters->u_ac_delta_q != parameters->v_ac_delta_q;
  softva_put(bits, 8, parameters->base_qindex);
  put_delta_q(bits, parameters->y_dc_delta_q);
  softva_put(bits, 1, different);  // diff_uv_delta
  put_delta_q(bits, parameters->u_dc_delta_q);
  put_delta_q(bits, parameters->u_ac_delta_q);
  if (different) {
    put_delta_q(bits, parameters->v_dc_delta_q);
    put_delta_q(bits, parameters->v_ac_delta_q);
  }
  softva_put(bits, 1, parameters->qmatrix_fields.bits.using_qmatrix);
  if (parameters->qmatrix_fields.bits.using_qmatrix) {
    softva_put(bits, 4, parameters->qmatrix_fields.bits.qm_y);
    softva_put(bits, 4, parameters->qmatrix_fields.bits.qm_u);
    softva_put(bits, 4, parameters->qmatrix_fields.bits.qm_v);
  }
}

static void put_segmentation(
    struct softva_bits *bits, const parameters_t *parameters, bool primary) {
  static const uint8_t widths[8] = {8, 6, 6, 6, 6, 3, 0, 0};
  const VASegmentationStructAV1 *segments = &parameters->seg_info;
  bool data = true;
  softva_put(bits, 1, segments->segment_info_fields.bits.enabled);
  if (!segments->segment_info_fields.bits.enabled) return;
  if (primary) {
    softva_put(bits, 1, segments->segment_info_fields.bits.update_map);
    if (segments->segment_info_fields.bits.update_map)
      softva_put(bits, 1, segments->segment_info_fields.bits.temporal_update);
    data = segments->segment_info_fields.bits.update_data;
    softva_put(bits, 1, data);
  }
  for (int i = 0; data && i < 8; i++) {
    for (int j = 0; j < 8; j++) {
      bool enabled = segments->feature_mask[i] >> j & 1;
      softva_put(bits, 1, enabled);
      if (!enabled || widths[j] == 0) continue;
      if (j < 5) put_su(bits, widths[j] + 1u, segments->feature_data[i][j]);
      else softva_put(bits, widths[j], (uint32_t)segments->feature_data[i][j] & 7);
    }
  }
}

static bool is_coded_lossless(const parameters_t *parameters) {
  if (parameters->y_dc_delta_q || parameters->u_dc_delta_q || parameters->u_ac_delta_q ||
      parameters->v_dc_delta_q || parameters->v_ac_delta_q)
    return false;
  for (int i = 0; i < 8; i++) {
    int index = parameters->base_qindex;
    if (parameters->seg_info.segment_info_fields.bits.enabled &&
        (parameters->seg_info.feature_mask[i] & 1))
      index += parameters->seg_info.feature_data[i][0];
    if (index > 0) return false;
  }
  return true;
}

static void put_loop_filter(struct softva_bits *bits, const parameters_t *parameters) {
  softva_put(bits, 6, parameters->filter_level[0]);
  softva_put(bits, 6, parameters->filter_level[1]);
  if (parameters->filter_level[0] || parameters->filter_level[1]) {
    softva_put(bits, 6, parameters->filter_level_u);
    softva_put(bits, 6, parameters->filter_level_v);
  }
  softva_put(bits, 3, parameters->loop_filter_info_fields.bits.sharpness_level);
  softva_put(bits, 1, parameters->loop_filter_info_fields.bits.mode_ref_delta_enabled);
  if (!parameters->loop_filter_info_fields.bits.mode_ref_delta_enabled) return;
  softva_put(bits, 1, parameters->loop_filter_info_fields.bits.mode_ref_delta_update);
  if (!parameters->loop_filter_info_fields.bits.mode_ref_delta_update) return;
  for (int i = 0; i < 8; i++) {
    softva_put(bits, 1, 1);
    put_su(bits, 7, parameters->ref_deltas[i]);
  }
  for (int i = 0; i < 2; i++) {
    softva_put(bits, 1, 1);
    put_su(bits, 7, parameters->mode_deltas[i]);
  }
}

static void put_cdef(struct softva_bits *bits, const parameters_t *parameters) {
  softva_put(bits, 2, parameters->cdef_damping_minus_3);
  softva_put(bits, 2, parameters->cdef_bits);
  for (int i = 0; i < 1 << (parameters->cdef_bits & 3); i++) {
    softva_put(bits, 6, parameters->cdef_y_strengths[i]);
    softva_put(bits, 6, parameters->cdef_uv_strengths[i]);
  }
}

static void put_restoration(struct softva_bits *bits, const parameters_t *parameters) {
  // FrameRestorationType to lr_type: none, Wiener, self-guided, switchable.
  static const uint8_t codes[4] = {0, 2, 3, 1};
  unsigned y = parameters->loop_restoration_fields.bits.yframe_restoration_type;
  unsigned u = parameters->loop_restoration_fields.bits.cbframe_restoration_type;
  unsigned v = parameters->loop_restoration_fields.bits.crframe_restoration_type;
  softva_put(bits, 2, codes[y]);
  softva_put(bits, 2, codes[u]);
  softva_put(bits, 2, codes[v]);
  if (y == 0 && u == 0 && v == 0) return;
  put_increment(
      bits, parameters->seq_info_fields.fields.use_128x128_superblock ? 1 : 0, 2,
      parameters->loop_restoration_fields.bits.lr_unit_shift);
  if (u != 0 || v != 0)
    softva_put(bits, 1, parameters->loop_restoration_fields.bits.lr_uv_shift);
}

static int distance(const parameters_t *parameters, int a, int b) {
  int sign = 1 << (parameters->order_hint_bits_minus_1 & 7);
  int difference = a - b;
  return (difference & (sign - 1)) - (difference & sign);
}

// Whether there are two references for the skip mode, so that its flag is coded.
static bool is_skip_mode_allowed(
    const parameters_t *parameters, const struct softva_av1_slot *slots,
    const struct softva_av1_frame *frame) {
  int forward = -1, backward = -1, second = -1;  // order hints
  for (int i = 0; i < SOFTVA_AV1_REFERENCES; i++) {
    int hint = slots[frame->slots[i]].order_hint;
    int apart = distance(parameters, hint, parameters->order_hint);
    if (apart < 0 && (forward < 0 || distance(parameters, hint, forward) > 0)) forward = hint;
    if (apart > 0 && (backward < 0 || distance(parameters, hint, backward) < 0)) backward = hint;
  }
  if (forward < 0) return false;
  if (backward >= 0) return true;
  for (int i = 0; i < SOFTVA_AV1_REFERENCES; i++) {
    int hint = slots[frame->slots[i]].order_hint;
    if (distance(parameters, hint, forward) < 0 &&
        (second < 0 || distance(parameters, hint, second) > 0))
      second = hint;
  }
  return second >= 0;
}

// MARK: - Global motion

static uint32_t recenter(uint32_t center, uint32_t value) {
  if (value > 2 * center) return value;
  return value >= center ? (value - center) * 2 : (center - value) * 2 - 1;
}

static void put_subexp(struct softva_bits *bits, uint32_t count, uint32_t value) {
  uint32_t base = 0;
  for (unsigned i = 0;; i++) {
    unsigned width = i > 0 ? 3 + i - 1 : 3;
    uint32_t step = 1u << width;
    if (count <= base + 3 * step) {
      put_ns(bits, count - base, value - base);
      return;
    }
    softva_put(bits, 1, value >= base + step);
    if (value < base + step) {
      softva_put(bits, width, value - base);
      return;
    }
    base += step;
  }
}

// `index` of the parameters of one reference. Returns false for a value that cannot be coded.
static bool put_motion_parameter(
    struct softva_bits *bits, const parameters_t *parameters, bool translation, int index,
    int32_t value, int32_t previous) {
  unsigned range = 12, precision = 15;  // of the matrix
  if (index < 2) {
    unsigned low = translation && !parameters->pic_info_fields.bits.allow_high_precision_mv;
    range = translation ? 9 - low : 12;
    precision = translation ? 3 - low : 6;
  }
  int shift = 16 - (int)precision;
  int32_t one = index % 3 == 2 ? 1 << precision : 0;
  int32_t limit = 1 << range;
  int32_t wanted = (value >> shift) - one, center = (previous >> shift) - one;
  if (wanted < -limit || wanted > limit || center < -limit || center > limit) return false;
  uint32_t count = 2 * (uint32_t)limit + 1;
  uint32_t x = (uint32_t)(wanted + limit), r = (uint32_t)(center + limit);
  put_subexp(bits, count, r * 2 <= count ? recenter(r, x) : recenter(count - 1 - r, count - 1 - x));
  return true;
}

static bool put_motion(
    struct softva_bits *bits, const parameters_t *parameters,
    const struct softva_av1_slot *primary) {
  static const int32_t identity[6] = {0, 0, 1 << 16, 0, 0, 1 << 16};
  for (int i = 0; i < SOFTVA_AV1_REFERENCES; i++) {
    const VAWarpedMotionParamsAV1 *warp = &parameters->wm[i];
    const int32_t *previous = primary ? primary->motion[i] : identity;
    bool global = warp->wmtype != VAAV1TransformationIdentity;
    bool zoom = warp->wmtype == VAAV1TransformationRotzoom;
    bool translation = warp->wmtype == VAAV1TransformationTranslation;
    bool affine = warp->wmtype == VAAV1TransformationAffine;
    softva_put(bits, 1, global);
    if (!global) continue;
    softva_put(bits, 1, zoom);
    if (!zoom) softva_put(bits, 1, translation);
    for (int j = 2; j < 6; j++)
      if ((zoom && j < 4) || affine)
        if (!put_motion_parameter(bits, parameters, false, j, warp->wmmat[j], previous[j]))
          return false;
    for (int j = 0; j < 2; j++)
      if (!put_motion_parameter(bits, parameters, translation, j, warp->wmmat[j], previous[j]))
        return false;
  }
  return true;
}

// MARK: - Film grain

static bool put_points(
    struct softva_bits *bits, unsigned count, unsigned most, const uint8_t *values,
    const uint8_t *scaling) {
  if (count > most) return false;
  softva_put(bits, 4, count);
  for (unsigned i = 0; i < count; i++) {
    softva_put(bits, 8, values[i]);
    softva_put(bits, 8, scaling[i]);
  }
  return true;
}

static void put_coefficients(struct softva_bits *bits, unsigned count, const int8_t *values) {
  for (unsigned i = 0; i < count; i++) softva_put(bits, 8, (uint32_t)(values[i] + 128));
}

static bool put_grain(
    struct softva_bits *bits, const parameters_t *parameters,
    const struct softva_av1_frame *frame) {
  const VAFilmGrainStructAV1 *grain = &parameters->film_grain_info;
  bool from_luma = grain->film_grain_info_fields.bits.chroma_scaling_from_luma;
  softva_put(bits, 1, grain->film_grain_info_fields.bits.apply_grain);
  if (!grain->film_grain_info_fields.bits.apply_grain) return true;
  softva_put(bits, 16, grain->grain_seed);
  if (frame->type == SOFTVA_AV1_INTER) softva_put(bits, 1, 1);  // update_grain
  if (!put_points(bits, grain->num_y_points, 14, grain->point_y_value, grain->point_y_scaling))
    return false;
  softva_put(bits, 1, from_luma);
  bool chroma = !from_luma && grain->num_y_points > 0;
  unsigned cb = chroma ? grain->num_cb_points : 0, cr = chroma ? grain->num_cr_points : 0;
  if (chroma &&
      (!put_points(bits, cb, 10, grain->point_cb_value, grain->point_cb_scaling) ||
       !put_points(bits, cr, 10, grain->point_cr_value, grain->point_cr_scaling)))
    return false;
  softva_put(bits, 2, grain->film_grain_info_fields.bits.grain_scaling_minus_8);
  softva_put(bits, 2, grain->film_grain_info_fields.bits.ar_coeff_lag);
  unsigned lag = grain->film_grain_info_fields.bits.ar_coeff_lag;
  unsigned luma_count = 2 * lag * (lag + 1);  // 24 at most
  unsigned chroma_count = luma_count + (grain->num_y_points > 0);
  if (grain->num_y_points > 0) put_coefficients(bits, luma_count, grain->ar_coeffs_y);
  if (from_luma || cb > 0) put_coefficients(bits, chroma_count, grain->ar_coeffs_cb);
  if (from_luma || cr > 0) put_coefficients(bits, chroma_count, grain->ar_coeffs_cr);
  softva_put(bits, 2, grain->film_grain_info_fields.bits.ar_coeff_shift_minus_6);
  softva_put(bits, 2, grain->film_grain_info_fields.bits.grain_scale_shift);
  if (cb > 0) {
    softva_put(bits, 8, grain->cb_mult);
    softva_put(bits, 8, grain->cb_luma_mult);
    softva_put(bits, 9, grain->cb_offset);
  }
  if (cr > 0) {
    softva_put(bits, 8, grain->cr_mult);
    softva_put(bits, 8, grain->cr_luma_mult);
    softva_put(bits, 9, grain->cr_offset);
  }
  softva_put(bits, 1, grain->film_grain_info_fields.bits.overlap_flag);
  softva_put(bits, 1, grain->film_grain_info_fields.bits.clip_to_restricted_range);
  return true;
}

// MARK: - The frame header

static void put_references(
    struct softva_bits *bits, const parameters_t *parameters,
    const struct softva_av1_frame *frame, bool resilient) {
  if (parameters->seq_info_fields.fields.enable_order_hint)
    softva_put(bits, 1, 0);  // frame_refs_short_signaling
  for (int i = 0; i < SOFTVA_AV1_REFERENCES; i++) softva_put(bits, 3, frame->slots[i]);
  if (!resilient)
    for (int i = 0; i < SOFTVA_AV1_REFERENCES; i++) softva_put(bits, 1, 0);  // found_ref
  put_size(bits, parameters);
  if (!(parameters->pic_info_fields.bits.allow_screen_content_tools &&
        parameters->pic_info_fields.bits.force_integer_mv))
    softva_put(bits, 1, parameters->pic_info_fields.bits.allow_high_precision_mv);
  softva_put(bits, 1, parameters->interp_filter == 4);  // is_filter_switchable
  if (parameters->interp_filter != 4) softva_put(bits, 2, parameters->interp_filter);
  softva_put(bits, 1, parameters->pic_info_fields.bits.is_motion_mode_switchable);
  if (!resilient && parameters->seq_info_fields.fields.enable_order_hint)
    softva_put(bits, 1, parameters->pic_info_fields.bits.use_ref_frame_mvs);
}

bool softva_av1_put_frame(
    struct softva_bits *bits, const parameters_t *parameters,
    const struct softva_av1_slot slots[SOFTVA_AV1_SLOTS], const struct softva_av1_frame *frame) {
  bool shown_key = frame->type == SOFTVA_AV1_KEY && frame->shown;
  bool intra = frame->type != SOFTVA_AV1_INTER;
  bool resilient = shown_key || parameters->pic_info_fields.bits.error_resilient_mode;
  bool order_hints = parameters->seq_info_fields.fields.enable_order_hint;
  unsigned hint_bits = parameters->order_hint_bits_minus_1 + 1u;
  const struct softva_av1_slot *primary = NULL;
  if (!intra && !resilient && parameters->primary_ref_frame < SOFTVA_AV1_REFERENCES)
    primary = &slots[frame->slots[parameters->primary_ref_frame]];

  if (parameters->frame_width_minus1 >= MOST_SIZE || parameters->frame_height_minus1 >= MOST_SIZE)
    return false;
  softva_put(bits, 1, 0);  // show_existing_frame
  softva_put(bits, 2, frame->type);
  softva_put(bits, 1, frame->shown);
  if (!frame->shown) softva_put(bits, 1, 0);  // showable_frame
  if (!shown_key) softva_put(bits, 1, resilient);
  softva_put(bits, 1, parameters->pic_info_fields.bits.disable_cdf_update);
  softva_put(bits, 1, parameters->pic_info_fields.bits.allow_screen_content_tools);
  if (parameters->pic_info_fields.bits.allow_screen_content_tools)
    softva_put(bits, 1, parameters->pic_info_fields.bits.force_integer_mv);
  softva_put(bits, 1, 1);  // frame_size_override_flag
  if (order_hints) softva_put(bits, hint_bits, parameters->order_hint);
  if (!intra && !resilient)
    softva_put(bits, 3, primary ? parameters->primary_ref_frame : SOFTVA_AV1_NO_PRIMARY);
  if (!shown_key) softva_put(bits, 8, frame->refresh);
  if (!shown_key && resilient && order_hints)
    for (int i = 0; i < SOFTVA_AV1_SLOTS; i++)
      softva_put(bits, hint_bits, slots[i].valid ? slots[i].order_hint : 0);
  bool block_copy = false;
  if (intra) {
    put_size(bits, parameters);
    if (parameters->pic_info_fields.bits.allow_screen_content_tools &&
        coded_width(parameters) == parameters->frame_width_minus1 + 1u) {
      block_copy = parameters->pic_info_fields.bits.allow_intrabc;
      softva_put(bits, 1, block_copy);
    }
  } else {
    put_references(bits, parameters, frame, resilient);
  }
  if (!parameters->pic_info_fields.bits.disable_cdf_update)
    softva_put(bits, 1, parameters->pic_info_fields.bits.disable_frame_end_update_cdf);

  if (!put_tiles(bits, parameters)) return false;
  put_quantization(bits, parameters);
  put_segmentation(bits, parameters, primary != NULL);
  bool delta_q = false;
  if (parameters->base_qindex > 0) {
    delta_q = parameters->mode_control_fields.bits.delta_q_present_flag;
    softva_put(bits, 1, delta_q);
  }
  if (delta_q) {
    softva_put(bits, 2, parameters->mode_control_fields.bits.log2_delta_q_res);
    if (!block_copy) {
      softva_put(bits, 1, parameters->mode_control_fields.bits.delta_lf_present_flag);
      if (parameters->mode_control_fields.bits.delta_lf_present_flag) {
        softva_put(bits, 2, parameters->mode_control_fields.bits.log2_delta_lf_res);
        softva_put(bits, 1, parameters->mode_control_fields.bits.delta_lf_multi);
      }
    }
  }
  bool lossless = is_coded_lossless(parameters);
  if (!lossless && !block_copy) {
    put_loop_filter(bits, parameters);
    if (parameters->seq_info_fields.fields.enable_cdef) put_cdef(bits, parameters);
  }
  bool all_lossless = lossless && coded_width(parameters) == parameters->frame_width_minus1 + 1u;
  if (!all_lossless && !block_copy) put_restoration(bits, parameters);
  if (!lossless)
    softva_put(bits, 1, parameters->mode_control_fields.bits.tx_mode == 2);  // tx_mode_select
  if (!intra) {
    bool compound = parameters->mode_control_fields.bits.reference_select;
    softva_put(bits, 1, compound);
    if (compound && order_hints && is_skip_mode_allowed(parameters, slots, frame))
      softva_put(bits, 1, parameters->mode_control_fields.bits.skip_mode_present);
    if (!resilient) softva_put(bits, 1, parameters->pic_info_fields.bits.allow_warped_motion);
  }
  softva_put(bits, 1, parameters->mode_control_fields.bits.reduced_tx_set_used);
  if (!intra && !put_motion(bits, parameters, primary)) return false;
  if (parameters->seq_info_fields.fields.film_grain_params_present && frame->shown &&
      !put_grain(bits, parameters, frame))
    return false;

  // The tile group: all tiles in one.
  while (bits->position % 8 != 0) softva_put(bits, 1, 0);
  if (parameters->tile_cols * parameters->tile_rows > 1) softva_put(bits, 8, 0);
  return !bits->overflow;
}
