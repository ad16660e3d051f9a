// JPEG baseline, 4:2:0 (and grey): the file is put together again from the tables and the scan.

#include "picture.h"

struct writer {
  struct softva_bytes *packet;
  bool failed;
};

static void put(struct writer *writer, const void *data, size_t size) {
  if (!writer->failed && !softva_bytes_append(writer->packet, data, size)) writer->failed = true;
}

static void put8(struct writer *writer, unsigned value) {
  uint8_t byte = (uint8_t)value;
  put(writer, &byte, 1);
}

static void put16(struct writer *writer, unsigned value) {
  put8(writer, value >> 8);
  put8(writer, value & 0xff);
}

static void put_marker(struct writer *writer, unsigned marker) { put16(writer, 0xff00 | marker); }

static void put_quantisers(struct writer *writer, const VAIQMatrixBufferJPEGBaseline *matrix) {
  for (unsigned table = 0; table < 4; table++) {
    if (!matrix->load_quantiser_table[table]) continue;
    put_marker(writer, 0xdb);
    put16(writer, 2 + 1 + 64);
    put8(writer, table);
    put(writer, matrix->quantiser_table[table], 64);
  }
}

static void put_huffman(
    struct writer *writer, unsigned class_and_id, const uint8_t counts[16], const uint8_t *values,
    size_t room) {
  size_t total = 0;
  for (size_t length = 0; length < 16; length++) total += counts[length];
  if (total > room) total = room;  // the decoder refuses the table then
  put_marker(writer, 0xc4);
  put16(writer, (unsigned)(2 + 1 + 16 + total));
  put8(writer, class_and_id);
  put(writer, counts, 16);
  put(writer, values, total);
}

static void put_frame(struct writer *writer, const VAPictureParameterBufferJPEGBaseline *picture) {
  put_marker(writer, 0xc0);
  put16(writer, 8 + 3u * picture->num_components);
  put8(writer, 8);
  put16(writer, picture->picture_height);
  put16(writer, picture->picture_width);
  put8(writer, picture->num_components);
  for (unsigned index = 0; index < picture->num_components; index++) {
    put8(writer, picture->components[index].component_id);
    put8(writer, picture->components[index].h_sampling_factor << 4 |
                     picture->components[index].v_sampling_factor);
    put8(writer, picture->components[index].quantiser_table_selector);
  }
}

static void put_scan(struct writer *writer, const struct softva_slice *slice) {
  const VASliceParameterBufferJPEGBaseline *scan = slice->parameters;
  if (scan->restart_interval > 0) {
    put_marker(writer, 0xdd);
    put16(writer, 4);
    put16(writer, scan->restart_interval);
  }
  put_marker(writer, 0xda);
  put16(writer, 6 + 2u * scan->num_components);
  put8(writer, scan->num_components);
  for (unsigned index = 0; index < scan->num_components; index++) {
    put8(writer, scan->components[index].component_selector);
    put8(writer, (unsigned)scan->components[index].dc_table_selector << 4 |
                     scan->components[index].ac_table_selector);
  }
  put8(writer, 0);
  put8(writer, 63);
  put8(writer, 0);
  put(writer, slice->data, slice->size);
}

static VAStatus check(const struct softva_picture *picture) {
  const VAPictureParameterBufferJPEGBaseline *parameters = picture->parameters;
  if (picture->parameters_size < sizeof *parameters ||
      picture->iq_matrix_size < sizeof(VAIQMatrixBufferJPEGBaseline) ||
      picture->huffman_tables_size < sizeof(VAHuffmanTableBufferJPEGBaseline) ||
      picture->slice_count == 0)
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  for (size_t index = 0; index < picture->slice_count; index++) {
    const VASliceParameterBufferJPEGBaseline *scan = picture->slices[index].parameters;
    if (picture->slices[index].parameters_size < sizeof *scan || scan->num_components == 0 ||
        scan->num_components > 4)
      return VA_STATUS_ERROR_INVALID_PARAMETER;
  }
  if (parameters->num_components == 1) return VA_STATUS_SUCCESS;
  if (parameters->num_components != 3) return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
  // 4:2:0: luma has twice the samples of either chroma, both ways.
  for (unsigned index = 1; index < 3; index++)
    if (parameters->components[0].h_sampling_factor !=
            2 * parameters->components[index].h_sampling_factor ||
        parameters->components[0].v_sampling_factor !=
            2 * parameters->components[index].v_sampling_factor)
      return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
  return VA_STATUS_SUCCESS;
}

static VAStatus assemble(
    void *state, const struct softva_picture *picture, struct softva_bytes *packet) {
  (void)state;
  VAStatus status = check(picture);
  if (status != VA_STATUS_SUCCESS) return status;
  struct writer writer = {.packet = packet};
  put_marker(&writer, 0xd8);
  put_quantisers(&writer, picture->iq_matrix);
  const VAHuffmanTableBufferJPEGBaseline *tables = picture->huffman_tables;
  for (unsigned table = 0; table < 2; table++) {
    if (!tables->load_huffman_table[table]) continue;
    put_huffman(
        &writer, table, tables->huffman_table[table].num_dc_codes,
        tables->huffman_table[table].dc_values, sizeof tables->huffman_table[table].dc_values);
    put_huffman(
        &writer, 0x10 | table, tables->huffman_table[table].num_ac_codes,
        tables->huffman_table[table].ac_values, sizeof tables->huffman_table[table].ac_values);
  }
  put_frame(&writer, picture->parameters);
  for (size_t index = 0; index < picture->slice_count; index++)
    put_scan(&writer, &picture->slices[index]);
  put_marker(&writer, 0xd9);
  return writer.failed ? VA_STATUS_ERROR_ALLOCATION_FAILED : VA_STATUS_SUCCESS;
}

static size_t references(
    const struct softva_picture *picture, VASurfaceID *surfaces, size_t capacity) {
  (void)picture;
  (void)surfaces;
  (void)capacity;
  return 0;
}

const struct softva_codec softva_mjpeg = {
    .name = "mjpeg",
    .id = AV_CODEC_ID_MJPEG,
    .capture = SOFTVA_CAPTURE_LAST,
    .assemble = assemble,
    .references = references,
};
