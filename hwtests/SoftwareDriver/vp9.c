// VP9 behind the driver: the slice data that a client submits is the whole frame, headers
// included, so the packet is that data as it stands.

#include "picture.h"

static VAStatus assemble(
    void *state, const struct softva_picture *picture, struct softva_bytes *packet) {
  (void)state;
  if (picture->parameters_size < sizeof(VADecPictureParameterBufferVP9) ||
      picture->slice_count != 1 ||
      picture->slices[0].parameters_size < sizeof(VASliceParameterBufferVP9))
    return VA_STATUS_ERROR_INVALID_BUFFER;
  const struct softva_slice *frame = &picture->slices[0];
  if (frame->size == 0) return VA_STATUS_ERROR_INVALID_BUFFER;
  if (!softva_bytes_append(packet, frame->data, frame->size))
    return VA_STATUS_ERROR_ALLOCATION_FAILED;
  // libavcodec looks for a superframe index in the last byte. The client has split superframes
  // already, so a frame that happens to end like one is told apart by a zero byte, which the
  // last tile ignores.
  if ((frame->data[frame->size - 1] & 0xe0) == 0xc0) {
    static const uint8_t zero = 0;
    if (!softva_bytes_append(packet, &zero, 1)) return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  return VA_STATUS_SUCCESS;
}

// All eight slots: also those that this frame does not predict from are kept by it for later
// frames. A keyframe replaces all of them.
static size_t references(
    const struct softva_picture *picture, VASurfaceID *surfaces, size_t capacity) {
  if (picture->parameters_size < sizeof(VADecPictureParameterBufferVP9)) return 0;
  const VADecPictureParameterBufferVP9 *parameters = picture->parameters;
  if (parameters->pic_fields.bits.frame_type == 0) return 0;
  size_t count = 0;
  for (size_t slot = 0; slot < 8 && count < capacity; slot++) {
    VASurfaceID surface = parameters->reference_frames[slot];
    if (surface == VA_INVALID_SURFACE) continue;
    size_t i = 0;
    while (i < count && surfaces[i] != surface) i++;
    if (i == count) surfaces[count++] = surface;
  }
  return count;
}

const struct softva_codec softva_vp9 = {
    .name = "vp9",
    .id = AV_CODEC_ID_VP9,
    .capture = SOFTVA_CAPTURE_LAST,
    .state_size = 0,
    .assemble = assemble,
    .references = references,
};
