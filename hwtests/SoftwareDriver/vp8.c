// VP8: the slice data is the frame without its first 3 bytes (10 at a key frame), which follow
// from the parameters. All else is in the data still.

#include "picture.h"

static VAStatus assemble(
    void *state, const struct softva_picture *picture, struct softva_bytes *packet) {
  (void)state;
  const VAPictureParameterBufferVP8 *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters || picture->slice_count != 1 ||
      picture->slices[0].parameters_size < sizeof(VASliceParameterBufferVP8))
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  const VASliceParameterBufferVP8 *slice = picture->slices[0].parameters;
  // The first partition: what the client has parsed, up to a byte, and what is left of it.
  uint64_t first = slice->partition_size[0] + ((uint64_t)slice->macroblock_offset + 7) / 8;
  if (first > picture->slices[0].size || first >= 1u << 19)
    return VA_STATUS_ERROR_INVALID_PARAMETER;

  bool key = parameters->pic_fields.bits.key_frame == 0;
  if (key && (parameters->frame_width == 0 || parameters->frame_width > 16383 ||
              parameters->frame_height == 0 || parameters->frame_height > 16383))
    return VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED;
  uint32_t tag = (key ? 0 : 1) | parameters->pic_fields.bits.version << 1 |
                 1u << 4 /* shown */ | (uint32_t)first << 5;
  const uint8_t header[10] = {
      (uint8_t)tag, (uint8_t)(tag >> 8), (uint8_t)(tag >> 16), 0x9d, 0x01, 0x2a,
      (uint8_t)parameters->frame_width, (uint8_t)(parameters->frame_width >> 8),
      (uint8_t)parameters->frame_height, (uint8_t)(parameters->frame_height >> 8)};
  if (!softva_bytes_append(packet, header, key ? 10 : 3) ||
      !softva_bytes_append(packet, picture->slices[0].data, picture->slices[0].size))
    return VA_STATUS_ERROR_ALLOCATION_FAILED;
  return VA_STATUS_SUCCESS;
}

static size_t references(
    const struct softva_picture *picture, VASurfaceID *surfaces, size_t capacity) {
  const VAPictureParameterBufferVP8 *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters || capacity < 3 ||
      parameters->pic_fields.bits.key_frame == 0)
    return 0;
  const VASurfaceID all[3] = {
      parameters->last_ref_frame, parameters->golden_ref_frame, parameters->alt_ref_frame};
  size_t count = 0;
  for (size_t index = 0; index < 3; index++) {
    bool known = all[index] == VA_INVALID_SURFACE;
    for (size_t other = 0; other < count; other++) known = known || surfaces[other] == all[index];
    if (!known) surfaces[count++] = all[index];
  }
  return count;
}

const struct softva_codec softva_vp8 = {
    .name = "vp8",
    .id = AV_CODEC_ID_VP8,
    .capture = SOFTVA_CAPTURE_LAST,
    .assemble = assemble,
    .references = references,
};
