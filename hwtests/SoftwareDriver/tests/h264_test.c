// When H.264 believes that its client started over: the codec's file alone, without libva.

#include <stdio.h>
#include <stdlib.h>

#include "../bits.h"
#include "../picture.h"

static int checks, failures;
#define CHECK(condition)                                     \
  do {                                                       \
    checks++;                                                \
    if (!(condition)) {                                      \
      failures++;                                            \
      printf("h264_test.c:%d: %s\n", __LINE__, #condition);  \
    }                                                        \
  } while (0)

static VAPictureH264 reference(VASurfaceID surface, unsigned frame_num, int order) {
  return (VAPictureH264){
      .picture_id = surface,
      .frame_idx = frame_num,
      .flags = VA_PICTURE_H264_SHORT_TERM_REFERENCE,
      .TopFieldOrderCnt = order,
      .BottomFieldOrderCnt = order};
}

struct picture {
  VASurfaceID target;
  unsigned frame_num;
  int order;
  bool idr, clears, field;
  VAPictureH264 references[2];
  size_t reference_count;
};

// Gives the picture to the codec; whether it asked for a restart first.
static bool submit(void *state, struct picture wanted) {
  VAPictureParameterBufferH264 parameters = {
      .CurrPic = reference(wanted.target, wanted.frame_num, wanted.order),
      .picture_width_in_mbs_minus1 = 3,
      .picture_height_in_mbs_minus1 = 3,
      .num_ref_frames = 4,
      .frame_num = (uint16_t)wanted.frame_num,
      .seq_fields.bits = {.chroma_format_idc = 1, .frame_mbs_only_flag = !wanted.field},
      .pic_fields.bits = {.reference_pic_flag = 1, .field_pic_flag = wanted.field}};
  for (size_t index = 0; index < 16; index++)
    parameters.ReferenceFrames[index] =
        index < wanted.reference_count
            ? wanted.references[index]
            : (VAPictureH264){.picture_id = VA_INVALID_SURFACE, .flags = VA_PICTURE_H264_INVALID};
  struct softva_bits bits = {.position = 0};
  softva_put(&bits, 8, wanted.idr ? 0x65 : 0x61);
  softva_put_ue(&bits, 0);
  softva_put_ue(&bits, 7);  // I
  softva_put_ue(&bits, 0);
  softva_put(&bits, 4, wanted.frame_num);
  if (wanted.field) softva_put(&bits, 2, 2);
  if (wanted.idr) softva_put_ue(&bits, 0);
  softva_put(&bits, 4, (uint32_t)wanted.order & 15);
  if (wanted.idr) {
    softva_put(&bits, 2, 0);
  } else {
    softva_put(&bits, 1, wanted.clears);
    if (wanted.clears) {
      softva_put_ue(&bits, 5);
      softva_put_ue(&bits, 0);
    }
  }
  softva_put_se(&bits, 0);
  softva_put_trailing(&bits);
  VASliceParameterBufferH264 slice = {.slice_data_size = (uint32_t)(bits.position / 8)};
  struct softva_slice slices = {
      .parameters = &slice,
      .parameters_size = sizeof slice,
      .data = bits.bytes,
      .size = bits.position / 8};
  struct softva_picture picture = {
      .target = wanted.target,
      .parameters = &parameters,
      .parameters_size = sizeof parameters,
      .slices = &slices,
      .slice_count = 1};
  bool restart = softva_h264.restarts(state, &picture);
  struct softva_bytes packet = {0};
  CHECK(softva_h264.assemble(state, &picture, &packet) == VA_STATUS_SUCCESS);
  // After a restart the parameter sets are written again.
  if (restart) CHECK(packet.size > 5 && (packet.data[4] & 0x1f) == 7);
  softva_bytes_free(&packet);
  return restart;
}

int main(void) {
  const struct picture start = {.target = 10, .idr = true};
  const struct picture next = {
      .target = 11,
      .frame_num = 1,
      .order = 2,
      .references = {reference(10, 0, 0)},
      .reference_count = 1};
  void *state = calloc(1, softva_h264.state_size);
  CHECK(!submit(state, start));
  CHECK(!submit(state, next));
  // An IDR picture: the decoder forgets by itself.
  CHECK(!submit(state, start));
  CHECK(!submit(state, next));
  // The older reference is gone, the newer one is there.
  CHECK(!submit(
      state, (struct picture){
                 .target = 12,
                 .frame_num = 2,
                 .order = 4,
                 .references = {reference(11, 1, 2)},
                 .reference_count = 1}));
  // A seek to an I picture: no references at all.
  CHECK(submit(state, (struct picture){.target = 10, .frame_num = 9, .order = 40}));
  CHECK(!submit(
      state, (struct picture){
                 .target = 11,
                 .frame_num = 10,
                 .order = 42,
                 .references = {reference(10, 9, 40)},
                 .reference_count = 1}));
  // A seek, with pictures made up for a gap in the surfaces that were free: not those before.
  CHECK(submit(
      state, (struct picture){
                 .target = 12,
                 .frame_num = 5,
                 .order = 60,
                 .references = {reference(11, 4, 0), reference(10, 3, 0)},
                 .reference_count = 2}));
  // Marking is reset: the picture goes on under another number.
  CHECK(!submit(
      state, (struct picture){
                 .target = 13,
                 .frame_num = 6,
                 .order = 62,
                 .clears = true,
                 .references = {reference(12, 5, 60)},
                 .reference_count = 1}));
  CHECK(!submit(
      state, (struct picture){
                 .target = 14,
                 .frame_num = 1,
                 .order = 2,
                 .references = {reference(13, 0, 0)},
                 .reference_count = 1}));
  // A second field refers to nothing but the first.
  struct picture field = {.target = 15, .frame_num = 4, .order = 90, .field = true};
  CHECK(submit(state, field));
  field.order = 91;
  field.references[0] = reference(15, 4, 90);
  field.reference_count = 1;
  CHECK(!submit(state, field));
  free(state);
  printf("h264: %d checks, %d failed\n", checks, failures);
  return failures > 0;
}
