// HEVC behind the driver. A client submits what a slice header says, but not the parameter sets,
// and not the tables of reference picture sets that a header may point into. So the headers are
// written anew, all of them, from the VA parameters alone, for a stream of our own in front of
// the same slice data:
//
// - One VPS, SPS and PPS, written again when their bytes change. They leave to each slice what a
//   slice can say (deblocking, numbers of references, chroma QP offsets).
// - Each picture is an IDR or BLA picture (nothing is kept from before) or a TRAIL_R one, whatever
//   it was, so nothing is skipped as leading picture and the picture order count (POC) of the
//   decoder behind depends on the picture before only.
// - POCs are the client's minus a base, which is mostly 0. Only differences between them matter to
//   decoding, so a new base starts where the client has begun somewhere else (a seek): pictures of
//   before can then not be mistaken for pictures of now. The decoder behind is flushed there too:
//   from FFmpeg 7.1 on it refuses a picture whose POC is that of one it holds, also a BLA picture,
//   which keeps its own POC (5.1 lets them be in different sequences).
// - Reference picture sets are written out in each slice, from ReferenceFrames, and the order of
//   the reference lists with them, from RefPicList.
// - Entry points are left out. They serve parallel decoding only.

#include <string.h>

#include "hevc.h"
#include "nal.h"

struct known_picture {
  VASurfaceID surface;
  int32_t poc;  // the client's
};

struct hevc_state {
  // What the decoder behind keeps: the reference picture set of the last picture, and that picture.
  bool started;
  size_t known_count;
  struct known_picture known[SOFTVA_HEVC_REFERENCES + 1];
  int64_t base;  // POC of the client minus POC of the decoder behind
  int64_t last;  // the latter, of the last picture
  // The parameter sets written last.
  size_t sets_size;
  uint8_t sets[3 * 4096];
};

static bool is_valid(const VAPictureHEVC *picture) {
  return picture->picture_id != VA_INVALID_SURFACE &&
         (picture->flags & VA_PICTURE_HEVC_INVALID) == 0;
}

// MARK: - Parameter sets

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
  softva_hevc_put_vps(&vps, parameters);
  softva_hevc_put_sps(&sps, parameters);
  softva_hevc_put_pps(&pps, parameters, matrix);
  if (vps.overflow || sps.overflow || pps.overflow) return VA_STATUS_ERROR_INVALID_PARAMETER;

  const struct softva_bits *sets[3] = {&vps, &sps, &pps};
  static const unsigned types[3] = {SOFTVA_HEVC_VPS, SOFTVA_HEVC_SPS, SOFTVA_HEVC_PPS};
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
static bool precedes(const struct softva_hevc_reference *a, const struct softva_hevc_reference *b) {
  if (a->long_term != b->long_term) return b->long_term;
  if (a->long_term) return a->rank != b->rank ? a->rank < b->rank : a->index < b->index;
  if ((a->delta < 0) != (b->delta < 0)) return a->delta < 0;
  return a->delta < 0 ? a->delta > b->delta : a->delta < b->delta;
}

// Where a picture of ReferenceFrames is named first in the lists of the slices. Long-term pictures
// are in lists in the order of the set, unless the stream reorders them.
static uint8_t rank(const struct softva_picture *picture, uint8_t index) {
  for (size_t i = 0; i < picture->slice_count; i++) {
    const VASliceParameterBufferHEVC *slice = picture->slices[i].parameters;
    for (uint8_t j = 0; j < 2 * SOFTVA_HEVC_REFERENCES; j++)
      if (slice->RefPicList[j / SOFTVA_HEVC_REFERENCES][j % SOFTVA_HEVC_REFERENCES] == index)
        return j;
    if (slice->RefPicList[0][0] < SOFTVA_HEVC_REFERENCES) break;  // one slice with lists will do
  }
  return 2 * SOFTVA_HEVC_REFERENCES;
}

// Returns false when no reference picture set can say what the client says.
static bool collect_references(
    const struct softva_picture *submitted, struct softva_hevc_set *set) {
  const VAPictureParameterBufferHEVC *parameters = submitted->parameters;
  const uint32_t used_flags = VA_PICTURE_HEVC_RPS_ST_CURR_BEFORE |
                              VA_PICTURE_HEVC_RPS_ST_CURR_AFTER | VA_PICTURE_HEVC_RPS_LT_CURR;
  *set = (struct softva_hevc_set){.count = 0};
  for (uint8_t i = 0; i < SOFTVA_HEVC_REFERENCES; i++) {
    const VAPictureHEVC *picture = &parameters->ReferenceFrames[i];
    if (!is_valid(picture)) continue;
    int64_t delta = (int64_t)picture->pic_order_cnt - parameters->CurrPic.pic_order_cnt;
    struct softva_hevc_reference reference = {
        .delta = (int32_t)delta,
        .used = (picture->flags & used_flags) != 0,
        .long_term = (picture->flags & VA_PICTURE_HEVC_LONG_TERM_REFERENCE) != 0,
        .rank = rank(submitted, i),
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
    const struct softva_hevc_reference *reference = &set->pictures[i];
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

// Whether the client has begun somewhere else.
static bool starts_over(
    const struct hevc_state *state, const VAPictureParameterBufferHEVC *parameters,
    const struct softva_hevc_set *set) {
  int32_t poc = parameters->CurrPic.pic_order_cnt;
  bool restart = set->count > 0 || parameters->slice_parsing_fields.bits.RapPicFlag;
  for (size_t i = 0; i < set->count; i++)
    if (is_known(state, &parameters->ReferenceFrames[set->pictures[i].index])) restart = false;
  // A POC that is there already, or too far from the last for its low bits to tell: the client
  // has begun again, and its surfaces look known by chance.
  for (size_t i = 0; i < state->known_count; i++)
    if (state->known[i].poc == poc) restart = true;
  int64_t distance = poc - state->base - state->last;
  return restart || !state->started || distance >= 32768 || distance < -32768;
}

// Chooses what the picture becomes, and the base of the POCs.
static unsigned choose_type(
    struct hevc_state *state, const VAPictureParameterBufferHEVC *parameters,
    const struct softva_hevc_set *set, bool intra) {
  int32_t poc = parameters->CurrPic.pic_order_cnt;
  if (!starts_over(state, parameters, set)) return SOFTVA_HEVC_TRAIL_R;
  if (intra) {
    // Also a CRA picture after a seek: what it lists was never decoded and only serves pictures
    // that the client skips.
    state->base = poc & ~(int64_t)0xffff;
    return poc == state->base ? SOFTVA_HEVC_IDR_N_LP : SOFTVA_HEVC_BLA_N_LP;
  }
  // Pictures without their references (a stream that begins anywhere). The decoder behind makes
  // up what it does not find, as a software decoder in front would; keep it from finding others.
  state->base = poc - (state->last >= 0 ? state->last - 16384 : state->last + 16384);
  return SOFTVA_HEVC_TRAIL_R;
}

static void remember(
    struct hevc_state *state, const VAPictureParameterBufferHEVC *parameters,
    const struct softva_hevc_set *set) {
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
  if (slice->LongSliceFlags.fields.slice_type > SOFTVA_HEVC_SLICE_I ||
      slice->num_ref_idx_l0_active_minus1 >= SOFTVA_HEVC_REFERENCES ||
      slice->num_ref_idx_l1_active_minus1 >= SOFTVA_HEVC_REFERENCES ||
      slice->luma_log2_weight_denom > 7 || chroma_denominator < 0 || chroma_denominator > 7)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  return VA_STATUS_SUCCESS;
}

static VAStatus append_slices(
    const VAPictureParameterBufferHEVC *parameters, const struct softva_picture *picture,
    const struct softva_hevc_set *set, unsigned type, int64_t poc, struct softva_bytes *packet) {
  for (size_t i = 0; i < picture->slice_count; i++) {
    const struct softva_slice *slice = &picture->slices[i];
    const VASliceParameterBufferHEVC *slice_parameters = slice->parameters;
    struct softva_bits header = {.position = 0};
    softva_hevc_put_slice_header(&header, parameters, slice_parameters, set, type, i == 0, poc);
    if (header.overflow) return VA_STATUS_ERROR_INVALID_PARAMETER;
    if (!append_unit(packet, type, &header, slice, slice_parameters->slice_data_byte_offset))
      return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  return VA_STATUS_SUCCESS;
}

static bool restarts(void *memory, const struct softva_picture *picture) {
  const VAPictureParameterBufferHEVC *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters) return false;
  for (size_t i = 0; i < picture->slice_count; i++)
    if (picture->slices[i].parameters_size < sizeof(VASliceParameterBufferHEVC)) return false;
  struct softva_hevc_set set;
  return collect_references(picture, &set) && starts_over(memory, parameters, &set);
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
        slice->LongSliceFlags.fields.slice_type != SOFTVA_HEVC_SLICE_I)
      intra = false;
  }
  struct softva_hevc_set set;
  if (!collect_references(picture, &set)) return VA_STATUS_ERROR_INVALID_PARAMETER;

  status = append_sets(state, parameters, matrix, packet);
  if (status != VA_STATUS_SUCCESS) return status;
  unsigned type = choose_type(state, parameters, &set, intra);
  int64_t poc = parameters->CurrPic.pic_order_cnt - state->base;
  if (type != SOFTVA_HEVC_TRAIL_R) set = (struct softva_hevc_set){.count = 0};
  remember(state, parameters, &set);
  return append_slices(parameters, picture, &set, type, poc, packet);
}

static size_t references(
    const struct softva_picture *picture, VASurfaceID *surfaces, size_t capacity) {
  const VAPictureParameterBufferHEVC *parameters = picture->parameters;
  size_t count = 0;
  if (picture->parameters_size < sizeof *parameters) return 0;
  for (size_t i = 0; i < SOFTVA_HEVC_REFERENCES && count < capacity; i++)
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
    .restarts = restarts,
};
