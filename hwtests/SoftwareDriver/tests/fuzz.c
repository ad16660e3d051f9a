// Feeds damaged pictures to the codecs, to be built with the sanitizers: a codec may refuse a
// picture or write nonsense, but it reads what it was given only and ends in bounded time.
//
//   fuzz [PICTURES [SEED]]
//
// Every buffer is its own allocation of exactly its size, so that one byte too many is caught.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../picture.h"

#pragma weak softva_h264
#pragma weak softva_hevc
#pragma weak softva_vp9
#pragma weak softva_vp8
#pragma weak softva_mpeg2
#pragma weak softva_mjpeg
#pragma weak softva_av1
extern const struct softva_codec softva_av1;

enum { MOST_SLICES = 8 };

struct target {
  const struct softva_codec *codec;
  VAProfile profile;
  size_t parameters, iq_matrix, probabilities, huffman_tables, slice;
};

static uint64_t state;

static uint32_t random_word(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 24);
}

static uint32_t below(uint32_t limit) { return random_word() % limit; }

// A buffer of mostly small values, some of them wild. A size of 0 is no buffer.
static uint8_t *make_buffer(size_t size) {
  uint8_t *bytes = size > 0 ? calloc(1, size) : NULL;
  uint32_t kind = below(4);
  for (size_t i = 0; i < size; i++) {
    uint32_t chance = below(100);
    if (kind == 0) bytes[i] = (uint8_t)random_word();
    else if (chance < 10) bytes[i] = (uint8_t)below(4);
    else if (chance < 10 + kind) bytes[i] = (uint8_t)random_word();
  }
  return bytes;
}

static size_t damaged(size_t size) {
  return below(40) == 0 && size > 0 ? below((uint32_t)size) : size;
}

// Bits of a header that the codecs would refuse nearly every time if they were left to chance.
static void make_plausible(const struct target *target, struct softva_picture *picture) {
  if (target->codec == &softva_hevc && picture->parameters_size >= target->parameters) {
    VAPictureParameterBufferHEVC *parameters = (void *)picture->parameters;
    parameters->pic_fields.bits.chroma_format_idc = 1;
    parameters->bit_depth_luma_minus8 = parameters->bit_depth_chroma_minus8 = (uint8_t)below(2) * 2;
    parameters->log2_min_luma_coding_block_size_minus3 = (uint8_t)below(2);
    parameters->log2_diff_max_min_luma_coding_block_size = (uint8_t)below(3);
    if (below(4) > 0) {
      parameters->num_tile_columns_minus1 %= 20;
      parameters->num_tile_rows_minus1 %= 22;
    }
    for (size_t i = 0; i < 15 && below(10) > 0; i++) {
      parameters->ReferenceFrames[i].picture_id = below(4) > 0 ? below(20) : VA_INVALID_SURFACE;
      parameters->ReferenceFrames[i].pic_order_cnt = (int32_t)below(40) - 50;
      parameters->ReferenceFrames[i].flags = below(4) << 3;
    }
    parameters->CurrPic.pic_order_cnt = (int32_t)below(40);
    for (size_t i = 0; i < picture->slice_count; i++) {
      if (picture->slices[i].parameters_size < target->slice || below(10) == 0) continue;
      VASliceParameterBufferHEVC *slice = (void *)picture->slices[i].parameters;
      slice->LongSliceFlags.fields.dependent_slice_segment_flag &=
          i > 0 && parameters->slice_parsing_fields.bits.dependent_slice_segments_enabled_flag;
      slice->LongSliceFlags.fields.slice_type = below(3);
      slice->num_ref_idx_l0_active_minus1 %= 15;
      slice->num_ref_idx_l1_active_minus1 %= 15;
      slice->luma_log2_weight_denom = (uint8_t)below(8);
      slice->delta_chroma_log2_weight_denom =
          (int8_t)(-(int)below(slice->luma_log2_weight_denom + 1u));
      slice->slice_data_byte_offset = below(40);
      if (i == 0) slice->slice_segment_address = 0;
    }
  }
  if (target->codec == &softva_av1 && picture->parameters_size >= target->parameters) {
    VADecPictureParameterBufferAV1 *parameters = (void *)picture->parameters;
    parameters->profile = 0;
    parameters->bit_depth_idx = (uint8_t)below(2);
    parameters->seq_info_fields.fields.mono_chrome = 0;
    parameters->pic_info_fields.bits.large_scale_tile = 0;
    parameters->frame_width_minus1 = (uint16_t)below(below(3) > 0 ? 600 : 9000);
    parameters->frame_height_minus1 = (uint16_t)below(below(3) > 0 ? 600 : 9000);
    parameters->superres_scale_denominator = (uint8_t)(8 + below(9));
    parameters->order_hint_bits_minus_1 = (uint8_t)below(8);
    parameters->cdef_bits = (uint8_t)below(4);
    parameters->tile_cols = (uint8_t)(1 + below(2));
    parameters->tile_rows = (uint8_t)(picture->slice_count / parameters->tile_cols);
    for (int i = 0; i < 8; i++) parameters->ref_frame_map[i] = below(20);
    for (size_t i = 0; i < picture->slice_count; i++) {
      if (picture->slices[i].parameters_size < target->slice || below(10) == 0) continue;
      VASliceParameterBufferAV1 *tile = (void *)picture->slices[i].parameters;
      tile->tile_row = (uint16_t)(i / parameters->tile_cols);
      tile->tile_column = (uint16_t)(i % parameters->tile_cols);
    }
  }
}

static void run(const struct target *target, void *memory) {
  struct softva_slice slices[MOST_SLICES];
  struct softva_picture picture = {
      .profile = target->profile,
      .width = (int)below(300),
      .height = (int)below(300),
      .target = below(20),
      .parameters_size = damaged(target->parameters),
      .iq_matrix_size = below(2) ? damaged(target->iq_matrix) : 0,
      .probabilities_size = damaged(target->probabilities),
      .huffman_tables_size = below(2) ? damaged(target->huffman_tables) : 0,
      .slices = slices,
      .slice_count = below(8) > 0 ? 1 + below(below(3) > 0 ? 1 : MOST_SLICES) : 0,
  };
  picture.parameters = make_buffer(picture.parameters_size);
  picture.iq_matrix = make_buffer(picture.iq_matrix_size);
  picture.probabilities = make_buffer(picture.probabilities_size);
  picture.huffman_tables = make_buffer(picture.huffman_tables_size);
  for (size_t i = 0; i < picture.slice_count; i++) {
    slices[i].parameters_size = damaged(target->slice);
    slices[i].parameters = make_buffer(slices[i].parameters_size);
    slices[i].size = below(10) > 0 ? below(200) : 0;
    slices[i].data = make_buffer(slices[i].size);
  }
  make_plausible(target, &picture);

  struct softva_bytes packet = {0};
  VASurfaceID surfaces[4];
  size_t capacity = below(5);
  if (target->codec->references(&picture, surfaces, capacity) > capacity) abort();
  if (target->codec->output != NULL) target->codec->output(&picture);
  target->codec->assemble(memory, &picture, &packet);
  if (packet.size > ((size_t)1 << 20)) abort();
  softva_bytes_free(&packet);

  free((void *)picture.parameters);
  free((void *)picture.iq_matrix);
  free((void *)picture.probabilities);
  free((void *)picture.huffman_tables);
  for (size_t i = 0; i < picture.slice_count; i++) {
    free((void *)slices[i].parameters);
    free((void *)slices[i].data);
  }
}

int main(int count, char **arguments) {
  const struct target targets[] = {
      {&softva_h264, VAProfileH264High, sizeof(VAPictureParameterBufferH264),
       sizeof(VAIQMatrixBufferH264), 0, 0, sizeof(VASliceParameterBufferH264)},
      {&softva_hevc, VAProfileHEVCMain, sizeof(VAPictureParameterBufferHEVC),
       sizeof(VAIQMatrixBufferHEVC), 0, 0, sizeof(VASliceParameterBufferHEVC)},
      {&softva_vp9, VAProfileVP9Profile0, sizeof(VADecPictureParameterBufferVP9), 0, 0, 0,
       sizeof(VASliceParameterBufferVP9)},
      {&softva_vp8, VAProfileVP8Version0_3, sizeof(VAPictureParameterBufferVP8),
       sizeof(VAIQMatrixBufferVP8), sizeof(VAProbabilityDataBufferVP8), 0,
       sizeof(VASliceParameterBufferVP8)},
      {&softva_mpeg2, VAProfileMPEG2Main, sizeof(VAPictureParameterBufferMPEG2),
       sizeof(VAIQMatrixBufferMPEG2), 0, 0, sizeof(VASliceParameterBufferMPEG2)},
      {&softva_mjpeg, VAProfileJPEGBaseline, sizeof(VAPictureParameterBufferJPEGBaseline),
       sizeof(VAIQMatrixBufferJPEGBaseline), 0, sizeof(VAHuffmanTableBufferJPEGBaseline),
       sizeof(VASliceParameterBufferJPEGBaseline)},
      {&softva_av1, VAProfileAV1Profile0, sizeof(VADecPictureParameterBufferAV1), 0, 0, 0,
       sizeof(VASliceParameterBufferAV1)},
  };
  long pictures = count > 1 ? atol(arguments[1]) : 20000;
  state = (count > 2 ? strtoull(arguments[2], NULL, 0) : 1) * 0x9e3779b97f4a7c15u;
  for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
    const struct target *target = &targets[i];
    if (target->codec == NULL) continue;
    size_t size = target->codec->state_size > 0 ? target->codec->state_size : 1;
    void *memory = calloc(1, size);
    for (long picture = 0; picture < pictures; picture++) {
      if (below(64) == 0) memset(memory, 0, size);
      run(target, memory);
    }
    free(memory);
    printf("fuzz: %s: %ld pictures\n", target->codec->name, pictures);
  }
  return 0;
}
