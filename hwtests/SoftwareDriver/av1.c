// AV1 behind the driver. A client submits what the frame header says, except which of the eight
// slots the frame is kept in (refresh_frame_flags), and the tiles. So the frame is coded again in
// a stream of our own, with slots of our own:
//
// - A frame goes to a slot whose picture the client has no more: ref_frame_map lists what it has.
// - Where all eight are still there, the frame is decoded and not kept. The next ref_frame_map
//   tells whether it had to be kept, and in whose place; if so it is coded once more, not shown,
//   into that slot, before the next frame. Nothing has changed in between, so it is the same
//   picture.
// - All frames are shown, for the decoder gives out what is shown. A keyframe that the stream
//   does not show keeps other slots as they are, which a shown one cannot: it becomes an
//   intra-only frame.
//
// With film grain the decoder gives out what is to be displayed, and keeps what is referred to.
// So the target of such a picture gets no pixels: no client can tell.

#include <string.h>

#include "av1.h"

enum {
  OBU_SEQUENCE_HEADER = 1,
  OBU_TEMPORAL_DELIMITER = 2,
  OBU_FRAME = 6,
  MOST_TILES = 64 * 64,
  MOST_KEPT = 8 << 20,
};

struct av1_state {
  struct softva_av1_slot slots[SOFTVA_AV1_SLOTS];
  // The sequence header written last.
  size_t sequence_size;
  uint8_t sequence[64];
  // A frame that is in no slot and may have to be.
  bool waiting;
  struct softva_av1_slot waiting_slot;
  struct softva_av1_frame waiting_frame;
  VADecPictureParameterBufferAV1 waiting_parameters;
  size_t waiting_size;
  uint8_t waiting_tiles[MOST_KEPT];  // as in the tile group
};

static bool append_obu_header(struct softva_bytes *packet, unsigned type, size_t size) {
  uint8_t bytes[12] = {(uint8_t)(type << 3 | 2)};  // obu_has_size_field
  size_t count = 1;
  do {
    bytes[count++] = (uint8_t)((size & 0x7f) | (size > 0x7f ? 0x80 : 0));
    size >>= 7;
  } while (size > 0);
  return softva_bytes_append(packet, bytes, count);
}

static bool append_obu(
    struct softva_bytes *packet, unsigned type, const struct softva_bits *payload,
    const struct softva_bytes *tiles) {
  size_t header = payload ? payload->position / 8 : 0;
  return append_obu_header(packet, type, header + (tiles ? tiles->size : 0)) &&
         (header == 0 || softva_bytes_append(packet, payload->bytes, header)) &&
         (!tiles || softva_bytes_append(packet, tiles->data, tiles->size));
}

static VAStatus append_frame(
    const struct av1_state *state, const VADecPictureParameterBufferAV1 *parameters,
    const struct softva_av1_frame *frame, const struct softva_bytes *tiles,
    struct softva_bytes *packet) {
  struct softva_bits header = {.position = 0};
  if (!softva_av1_put_frame(&header, parameters, state->slots, frame))
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  return append_obu(packet, OBU_FRAME, &header, tiles) ? VA_STATUS_SUCCESS
                                                       : VA_STATUS_ERROR_ALLOCATION_FAILED;
}

static VAStatus append_sequence(
    struct av1_state *state, const VADecPictureParameterBufferAV1 *parameters,
    struct softva_bytes *packet) {
  struct softva_bits bits = {.position = 0};
  softva_av1_put_sequence(&bits, parameters);
  size_t size = bits.position / 8;
  if (size > sizeof state->sequence) return VA_STATUS_ERROR_INVALID_PARAMETER;
  if (size == state->sequence_size && memcmp(state->sequence, bits.bytes, size) == 0)
    return VA_STATUS_SUCCESS;
  if (!append_obu(packet, OBU_SEQUENCE_HEADER, &bits, NULL))
    return VA_STATUS_ERROR_ALLOCATION_FAILED;
  memcpy(state->sequence, bits.bytes, size);
  state->sequence_size = size;
  return VA_STATUS_SUCCESS;
}

// The tiles in their order, each but the last with its size before it.
static VAStatus collect_tiles(const struct softva_picture *picture, struct softva_bytes *tiles) {
  const VADecPictureParameterBufferAV1 *parameters = picture->parameters;
  size_t count = (size_t)parameters->tile_cols * parameters->tile_rows;
  if (count == 0 || count > MOST_TILES || picture->slice_count != count)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  for (size_t index = 0; index < count; index++) {
    const struct softva_slice *tile = NULL;
    // They come in order from every client known; look further only if not.
    for (size_t i = 0; i < count && tile == NULL; i++) {
      const struct softva_slice *slice = &picture->slices[(index + i) % count];
      const VASliceParameterBufferAV1 *slice_parameters = slice->parameters;
      if (slice_parameters->tile_row == index / parameters->tile_cols &&
          slice_parameters->tile_column == index % parameters->tile_cols)
        tile = slice;
    }
    if (tile == NULL || tile->size == 0 || tile->size > UINT32_MAX)
      return VA_STATUS_ERROR_INVALID_PARAMETER;
    uint32_t size = (uint32_t)tile->size - 1;
    const uint8_t bytes[4] = {
        (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16), (uint8_t)(size >> 24)};
    if ((index + 1 < count && !softva_bytes_append(tiles, bytes, sizeof bytes)) ||
        !softva_bytes_append(tiles, tile->data, tile->size))
      return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  return VA_STATUS_SUCCESS;
}

// MARK: - Slots

static bool is_live(const VADecPictureParameterBufferAV1 *parameters, VASurfaceID surface) {
  for (int i = 0; i < SOFTVA_AV1_SLOTS; i++)
    if (parameters->ref_frame_map[i] == surface) return true;
  return false;
}

// Whether a slot may be written: its picture is in an earlier slot too, or the client has it no
// more.
static bool is_free(
    const struct av1_state *state, const VADecPictureParameterBufferAV1 *parameters,
    unsigned slot) {
  if (!state->slots[slot].valid) return true;
  for (unsigned i = 0; i < slot; i++)
    if (state->slots[i].valid && state->slots[i].surface == state->slots[slot].surface)
      return true;
  return !is_live(parameters, state->slots[slot].surface);
}

// SOFTVA_AV1_SLOTS if there is none.
static unsigned find_free_slot(
    const struct av1_state *state, const VADecPictureParameterBufferAV1 *parameters) {
  unsigned slot = 0;
  while (slot < SOFTVA_AV1_SLOTS && !is_free(state, parameters, slot)) slot++;
  return slot;
}

static struct softva_av1_slot describe(
    const struct softva_picture *picture, const VADecPictureParameterBufferAV1 *parameters) {
  struct softva_av1_slot slot = {
      .valid = true, .surface = picture->target, .order_hint = parameters->order_hint};
  for (int i = 0; i < SOFTVA_AV1_REFERENCES; i++)
    for (int j = 0; j < 6; j++) {
      bool inter = parameters->pic_info_fields.bits.frame_type == SOFTVA_AV1_INTER ||
                   parameters->pic_info_fields.bits.frame_type == SOFTVA_AV1_SWITCH;
      slot.motion[i][j] = inter ? parameters->wm[i].wmmat[j] : j % 3 == 2 ? 1 << 16 : 0;
    }
  return slot;
}

// Keeps the frame that waits, if the client has kept it.
static VAStatus settle_waiting(
    struct av1_state *state, const VADecPictureParameterBufferAV1 *parameters,
    struct softva_bytes *packet) {
  if (!state->waiting) return VA_STATUS_SUCCESS;
  state->waiting = false;
  if (!is_live(parameters, state->waiting_slot.surface)) return VA_STATUS_SUCCESS;
  unsigned slot = find_free_slot(state, parameters);
  if (slot == SOFTVA_AV1_SLOTS) return VA_STATUS_ERROR_INVALID_PARAMETER;
  struct softva_av1_frame frame = state->waiting_frame;
  frame.shown = false;
  frame.refresh = (uint8_t)(1u << slot);
  const struct softva_bytes tiles = {.data = state->waiting_tiles, .size = state->waiting_size};
  VAStatus status = append_frame(state, &state->waiting_parameters, &frame, &tiles, packet);
  if (status == VA_STATUS_SUCCESS) state->slots[slot] = state->waiting_slot;
  return status;
}

// Chooses the slots that the frame refers to. Returns false when there is none for one of them.
static bool find_references(
    const struct av1_state *state, const VADecPictureParameterBufferAV1 *parameters,
    struct softva_av1_frame *frame) {
  for (int i = 0; i < SOFTVA_AV1_REFERENCES; i++) {
    VASurfaceID surface = parameters->ref_frame_map[parameters->ref_frame_idx[i] & 7];
    uint8_t slot = 0;
    while (slot < SOFTVA_AV1_SLOTS &&
           !(state->slots[slot].valid && state->slots[slot].surface == surface))
      slot++;
    if (slot == SOFTVA_AV1_SLOTS) return false;
    frame->slots[i] = slot;
  }
  return true;
}

// MARK: - The codec

static VAStatus check(const struct softva_picture *picture) {
  const VADecPictureParameterBufferAV1 *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters) return VA_STATUS_ERROR_INVALID_BUFFER;
  for (size_t i = 0; i < picture->slice_count; i++)
    if (picture->slices[i].parameters_size < sizeof(VASliceParameterBufferAV1))
      return VA_STATUS_ERROR_INVALID_BUFFER;
  if (parameters->profile != 0 || parameters->bit_depth_idx > 1 ||
      parameters->seq_info_fields.fields.mono_chrome)
    return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
  if (parameters->pic_info_fields.bits.large_scale_tile ||
      (parameters->pic_info_fields.bits.use_superres &&
       (parameters->superres_scale_denominator < 9 ||
        parameters->superres_scale_denominator > 16)) ||
      parameters->order_hint_bits_minus_1 > 7 || parameters->cdef_bits > 3)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  return VA_STATUS_SUCCESS;
}

static VAStatus append_current(
    struct av1_state *state, const struct softva_picture *picture,
    const struct softva_bytes *tiles, struct softva_bytes *packet) {
  const VADecPictureParameterBufferAV1 *parameters = picture->parameters;
  unsigned type = parameters->pic_info_fields.bits.frame_type;
  bool all = type == SOFTVA_AV1_KEY && parameters->pic_info_fields.bits.show_frame;
  struct softva_av1_frame frame = {.type = type, .shown = true};
  if (type == SOFTVA_AV1_SWITCH) frame.type = SOFTVA_AV1_INTER;
  if (type == SOFTVA_AV1_KEY && !all) frame.type = SOFTVA_AV1_INTRA_ONLY;
  if (frame.type == SOFTVA_AV1_INTER && !find_references(state, parameters, &frame))
    return VA_STATUS_ERROR_INVALID_PARAMETER;

  unsigned slot = all ? 0 : find_free_slot(state, parameters);
  bool wait = slot == SOFTVA_AV1_SLOTS;
  if (wait && tiles->size > sizeof state->waiting_tiles) return VA_STATUS_ERROR_ALLOCATION_FAILED;
  frame.refresh = all ? 0xff : wait ? 0 : (uint8_t)(1u << slot);
  VAStatus status = append_frame(state, parameters, &frame, tiles, packet);
  if (status != VA_STATUS_SUCCESS) return status;

  struct softva_av1_slot description = describe(picture, parameters);
  for (unsigned i = 0; i < SOFTVA_AV1_SLOTS; i++) {
    if (all || i == slot) state->slots[i] = description;
    else if (state->slots[i].surface == picture->target) state->slots[i].valid = false;
  }
  if (wait) {
    state->waiting = true;
    state->waiting_slot = description;
    state->waiting_frame = frame;
    state->waiting_parameters = *parameters;
    state->waiting_size = tiles->size;
    memcpy(state->waiting_tiles, tiles->data, tiles->size);
  }
  return VA_STATUS_SUCCESS;
}

static VAStatus assemble(
    void *memory, const struct softva_picture *picture, struct softva_bytes *packet) {
  struct av1_state *state = memory;
  struct softva_bytes tiles = {.size = 0};
  VAStatus status = check(picture);
  if (status != VA_STATUS_SUCCESS) return status;
  status = collect_tiles(picture, &tiles);
  if (status == VA_STATUS_SUCCESS && !append_obu(packet, OBU_TEMPORAL_DELIMITER, NULL, NULL))
    status = VA_STATUS_ERROR_ALLOCATION_FAILED;
  if (status == VA_STATUS_SUCCESS) status = settle_waiting(state, picture->parameters, packet);
  if (status == VA_STATUS_SUCCESS) status = append_sequence(state, picture->parameters, packet);
  if (status == VA_STATUS_SUCCESS) status = append_current(state, picture, &tiles, packet);
  softva_bytes_free(&tiles);
  return status;
}

static VASurfaceID output(const struct softva_picture *picture) {
  const VADecPictureParameterBufferAV1 *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters ||
      !parameters->seq_info_fields.fields.film_grain_params_present ||
      !parameters->film_grain_info.film_grain_info_fields.bits.apply_grain)
    return picture->target;
  return parameters->current_display_picture;
}

static size_t references(
    const struct softva_picture *picture, VASurfaceID *surfaces, size_t capacity) {
  const VADecPictureParameterBufferAV1 *parameters = picture->parameters;
  size_t count = 0;
  if (picture->parameters_size < sizeof *parameters) return 0;
  if (parameters->pic_info_fields.bits.frame_type == SOFTVA_AV1_KEY) return 0;
  for (int slot = 0; slot < SOFTVA_AV1_SLOTS && count < capacity; slot++) {
    VASurfaceID surface = parameters->ref_frame_map[slot];
    size_t i = 0;
    while (i < count && surfaces[i] != surface) i++;
    if (surface != VA_INVALID_SURFACE && i == count) surfaces[count++] = surface;
  }
  return count;
}

const struct softva_codec softva_av1 = {
    .name = "av1",
    .id = AV_CODEC_ID_AV1,
    .capture = SOFTVA_CAPTURE_OUTPUT,
    .state_size = sizeof(struct av1_state),
    .assemble = assemble,
    .output = output,
    .references = references,
};
