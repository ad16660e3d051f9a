// MPEG-2: the sequence and picture headers are written again; slices come whole, with their start
// codes.

#include <string.h>

#include "bits.h"
#include "picture.h"

enum { I_PICTURE = 1, P_PICTURE = 2, B_PICTURE = 3, FRAME_STRUCTURE = 3 };

struct state {
  uint8_t sequence[32];  // as written last
  size_t sequence_size;
  bool progressive;
};

static void put_start_code(struct softva_bits *bits, unsigned code) {
  softva_put(bits, 24, 1);
  softva_put(bits, 8, code);
}

static void put_alignment(struct softva_bits *bits) {
  while (bits->position % 8 != 0) softva_put(bits, 1, 0);
}

static void write_sequence(
    struct softva_bits *bits, const VAPictureParameterBufferMPEG2 *picture, bool progressive) {
  put_start_code(bits, 0xb3);
  softva_put(bits, 12, picture->horizontal_size & 0xfff);
  softva_put(bits, 12, picture->vertical_size & 0xfff);
  softva_put(bits, 4, 1);  // square pixels
  softva_put(bits, 4, 3);  // 25 frames a second
  softva_put(bits, 18, 0x3ffff);
  softva_put(bits, 1, 1);
  softva_put(bits, 10, 112);
  softva_put(bits, 3, 0);  // not constrained; the matrices come with each picture

  put_start_code(bits, 0xb5);
  softva_put(bits, 4, 1);     // sequence extension
  softva_put(bits, 8, 0x44);  // main profile, high level
  softva_put(bits, 1, progressive);
  softva_put(bits, 2, 1);  // 4:2:0
  softva_put(bits, 2, picture->horizontal_size >> 12);
  softva_put(bits, 2, picture->vertical_size >> 12);
  softva_put(bits, 12, 0);
  softva_put(bits, 1, 1);
  softva_put(bits, 8, 0);
  softva_put(bits, 1, 0);  // low_delay
  softva_put(bits, 7, 0);
  put_alignment(bits);
}

static void write_picture(
    struct softva_bits *bits, const VAPictureParameterBufferMPEG2 *picture,
    const VAIQMatrixBufferMPEG2 *matrix) {
  put_start_code(bits, 0x00);
  softva_put(bits, 10, 0);  // temporal_reference
  softva_put(bits, 3, (uint32_t)picture->picture_coding_type);
  softva_put(bits, 16, 0xffff);
  if (picture->picture_coding_type != I_PICTURE) softva_put(bits, 4, 7);
  if (picture->picture_coding_type == B_PICTURE) softva_put(bits, 4, 7);
  softva_put(bits, 1, 0);
  put_alignment(bits);

  put_start_code(bits, 0xb5);
  softva_put(bits, 4, 8);  // picture coding extension
  softva_put(bits, 16, (uint32_t)picture->f_code & 0xffff);
  softva_put(bits, 2, picture->picture_coding_extension.bits.intra_dc_precision);
  softva_put(bits, 2, picture->picture_coding_extension.bits.picture_structure);
  softva_put(bits, 1, picture->picture_coding_extension.bits.top_field_first);
  softva_put(bits, 1, picture->picture_coding_extension.bits.frame_pred_frame_dct);
  softva_put(bits, 1, picture->picture_coding_extension.bits.concealment_motion_vectors);
  softva_put(bits, 1, picture->picture_coding_extension.bits.q_scale_type);
  softva_put(bits, 1, picture->picture_coding_extension.bits.intra_vlc_format);
  softva_put(bits, 1, picture->picture_coding_extension.bits.alternate_scan);
  softva_put(bits, 1, picture->picture_coding_extension.bits.repeat_first_field);
  softva_put(bits, 1, 1);  // chroma_420_type
  softva_put(bits, 1, picture->picture_coding_extension.bits.progressive_frame);
  softva_put(bits, 1, 0);
  put_alignment(bits);

  if (matrix == NULL) return;
  put_start_code(bits, 0xb5);
  softva_put(bits, 4, 3);  // quant matrix extension
  const struct {
    bool load;
    const uint8_t *values;
  } lists[4] = {
      {matrix->load_intra_quantiser_matrix, matrix->intra_quantiser_matrix},
      {matrix->load_non_intra_quantiser_matrix, matrix->non_intra_quantiser_matrix},
      {false, NULL},
      {false, NULL},  // chroma has its own in 4:2:2 only
  };
  for (size_t list = 0; list < 4; list++) {
    softva_put(bits, 1, lists[list].load);
    for (size_t index = 0; lists[list].load && index < 64; index++)
      softva_put(bits, 8, lists[list].values[index]);
  }
  put_alignment(bits);
}

// VA does not say whether the sequence is progressive, which decides how many macroblock rows an
// odd number of them is rounded to: the last slice of an I picture shows it.
static bool guess_progressive(const struct softva_picture *picture, bool before) {
  const VAPictureParameterBufferMPEG2 *parameters = picture->parameters;
  if (parameters->picture_coding_extension.bits.picture_structure != FRAME_STRUCTURE ||
      !parameters->picture_coding_extension.bits.progressive_frame)
    return false;
  if (parameters->picture_coding_type != I_PICTURE) return before;
  unsigned rows = 0;
  for (size_t index = 0; index < picture->slice_count; index++) {
    const VASliceParameterBufferMPEG2 *slice = picture->slices[index].parameters;
    if (slice->slice_vertical_position + 1 > rows) rows = slice->slice_vertical_position + 1;
  }
  unsigned progressive = (parameters->vertical_size + 15u) / 16;
  unsigned interlaced = (parameters->vertical_size + 31u) / 32 * 2;
  return progressive != interlaced && rows == progressive;
}

static VAStatus check(const struct softva_picture *picture) {
  const VAPictureParameterBufferMPEG2 *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters || picture->slice_count == 0)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  if (parameters->picture_coding_type < I_PICTURE || parameters->picture_coding_type > B_PICTURE ||
      parameters->picture_coding_extension.bits.picture_structure == 0)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  if (parameters->horizontal_size == 0 || parameters->horizontal_size > 16383 ||
      parameters->vertical_size == 0 || parameters->vertical_size > 16383)
    return VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED;
  for (size_t index = 0; index < picture->slice_count; index++) {
    const struct softva_slice *slice = &picture->slices[index];
    if (slice->parameters_size < sizeof(VASliceParameterBufferMPEG2) || slice->size < 5 ||
        memcmp(slice->data, "\0\0\1", 3) != 0)
      return VA_STATUS_ERROR_INVALID_PARAMETER;
  }
  return VA_STATUS_SUCCESS;
}

static VAStatus assemble(
    void *opaque, const struct softva_picture *picture, struct softva_bytes *packet) {
  struct state *state = opaque;
  VAStatus status = check(picture);
  if (status != VA_STATUS_SUCCESS) return status;
  const VAPictureParameterBufferMPEG2 *parameters = picture->parameters;
  const VAIQMatrixBufferMPEG2 *matrix =
      picture->iq_matrix_size >= sizeof *matrix ? picture->iq_matrix : NULL;

  bool progressive = guess_progressive(picture, state->progressive);
  struct softva_bits bits = {.position = 0};
  write_sequence(&bits, parameters, progressive);
  size_t size = bits.position / 8;
  if (size > sizeof state->sequence) return VA_STATUS_ERROR_INVALID_PARAMETER;
  if (state->sequence_size != size || memcmp(state->sequence, bits.bytes, size) != 0) {
    memcpy(state->sequence, bits.bytes, size);
    state->sequence_size = size;
    state->progressive = progressive;
    if (!softva_bytes_append(packet, bits.bytes, size)) return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }

  bits.position = 0;
  write_picture(&bits, parameters, matrix);
  if (!softva_bytes_append(packet, bits.bytes, bits.position / 8))
    return VA_STATUS_ERROR_ALLOCATION_FAILED;
  for (size_t index = 0; index < picture->slice_count; index++)
    if (!softva_bytes_append(packet, picture->slices[index].data, picture->slices[index].size))
      return VA_STATUS_ERROR_ALLOCATION_FAILED;
  return VA_STATUS_SUCCESS;
}

static bool is_second_field(const struct softva_picture *picture) {
  const VAPictureParameterBufferMPEG2 *parameters = picture->parameters;
  return picture->parameters_size >= sizeof *parameters &&
         parameters->picture_coding_extension.bits.picture_structure != FRAME_STRUCTURE &&
         !parameters->picture_coding_extension.bits.is_first_field;
}

static size_t references(
    const struct softva_picture *picture, VASurfaceID *surfaces, size_t capacity) {
  const VAPictureParameterBufferMPEG2 *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters || capacity < 2) return 0;
  // A second field may refer to the first, in the same surface.
  bool second = is_second_field(picture);
  const VASurfaceID all[2] = {
      parameters->picture_coding_type >= P_PICTURE ? parameters->forward_reference_picture
                                                   : VA_INVALID_SURFACE,
      parameters->picture_coding_type == B_PICTURE ? parameters->backward_reference_picture
                                                   : VA_INVALID_SURFACE};
  size_t count = 0;
  for (size_t index = 0; index < 2; index++) {
    // The first P field after a seek has its own first field to refer to and nothing else:
    // libavcodec then gives 0.
    bool none = all[index] == VA_INVALID_SURFACE || (second && all[index] == 0);
    if (!none && !(second && all[index] == picture->target)) surfaces[count++] = all[index];
  }
  return count;
}

const struct softva_codec softva_mpeg2 = {
    .name = "mpeg2",
    .id = AV_CODEC_ID_MPEG2VIDEO,
    // What follows are stand-ins for references that are missing.
    .capture = SOFTVA_CAPTURE_FIRST,
    .state_size = sizeof(struct state),
    .assemble = assemble,
    .references = references,
    .is_second_field = is_second_field,
};
