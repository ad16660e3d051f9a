#include "client.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <va/va_drm.h>

#include "../bits.h"

// libva asks libdrm whether the descriptor is a render node: here it is.
__attribute__((visibility("default"))) int drmGetNodeTypeFromFd(int descriptor);
int drmGetNodeTypeFromFd(int descriptor) {
  (void)descriptor;
  return 2;
}

VAStatus client_open_display(struct client *client) {
  *client = (struct client){
      .config = VA_INVALID_ID, .context = VA_INVALID_ID, .descriptor = open("/dev/null", O_RDWR)};
  client->display = vaGetDisplayDRM(client->descriptor);
  vaSetInfoCallback(client->display, NULL, NULL);
  vaSetErrorCallback(client->display, NULL, NULL);
  int major, minor;
  return vaInitialize(client->display, &major, &minor);
}

VAStatus client_open(struct client *client) {
  VAStatus status = client_open_display(client);
  if (status == VA_STATUS_SUCCESS)
    status = vaCreateConfig(
        client->display, VAProfileMPEG2Main, VAEntrypointVLD, NULL, 0, &client->config);
  if (status == VA_STATUS_SUCCESS)
    status = vaCreateSurfaces(
        client->display, VA_RT_FORMAT_YUV420, WIDTH, HEIGHT, client->surfaces, SURFACES, NULL, 0);
  if (status == VA_STATUS_SUCCESS)
    status = vaCreateContext(
        client->display, client->config, WIDTH, HEIGHT, VA_PROGRESSIVE, NULL, 0, &client->context);
  return status;
}

VAStatus client_terminate(struct client *client) {
  VAStatus status = vaTerminate(client->display);
  close(client->descriptor);
  return status;
}

void client_close(struct client *client) {
  vaDestroyContext(client->display, client->context);
  vaDestroySurfaces(client->display, client->surfaces, SURFACES);
  vaDestroyConfig(client->display, client->config);
  client_terminate(client);
}

static void put_intra_block(struct softva_bits *bits, bool luma, int difference) {
  // dct_dc_size 0, or 3 (4 to 7, signed); then end of block.
  if (difference == 0)
    softva_put(bits, luma ? 3 : 2, luma ? 4 : 0);
  else {
    softva_put(bits, 3, luma ? 5 : 6);
    softva_put(bits, 3, difference > 0 ? (unsigned)difference : (unsigned)(difference + 7));
  }
  softva_put(bits, 2, 2);
}

// One row of macroblocks.
static void put_slice(struct softva_bits *bits, unsigned row, int level, bool intra) {
  softva_put(bits, 24, 1);
  softva_put(bits, 8, row + 1);
  softva_put(bits, 5, 1);
  softva_put(bits, 1, 0);
  for (unsigned column = 0; column < WIDTH / 16; column++) {
    softva_put(bits, 1, 1);
    if (intra) {
      softva_put(bits, 1, 1);
      for (unsigned block = 0; block < 6; block++)
        put_intra_block(bits, block < 4, column == 0 && block == 0 ? level : 0);
    } else {
      softva_put(bits, 3, 1);  // motion, not coded
      softva_put(bits, 2, 3);  // no difference
    }
  }
  while (bits->position % 8 != 0) softva_put(bits, 1, 0);
}

VAStatus client_decode(
    struct client *client, VASurfaceID target, int level, VASurfaceID reference) {
  bool intra = reference == VA_INVALID_SURFACE;
  VAPictureParameterBufferMPEG2 picture = {
      .horizontal_size = WIDTH,
      .vertical_size = HEIGHT,
      .forward_reference_picture = reference,
      .backward_reference_picture = VA_INVALID_SURFACE,
      .picture_coding_type = intra ? 1 : 2,
      .f_code = intra ? 0xffff : 0x11ff,
      .picture_coding_extension.bits = {
          .picture_structure = 3, .frame_pred_frame_dct = 1, .progressive_frame = 1}};
  VABufferID buffers[1 + 2 * HEIGHT / 16];
  int count = 0;
  VAStatus status = vaCreateBuffer(
      client->display, client->context, VAPictureParameterBufferType, sizeof picture, 1, &picture,
      &buffers[0]);
  if (status == VA_STATUS_SUCCESS) count++;
  for (unsigned row = 0; row < HEIGHT / 16 && status == VA_STATUS_SUCCESS; row++) {
    struct softva_bits bits = {.position = 0};
    put_slice(&bits, row, level, intra);
    VASliceParameterBufferMPEG2 slice = {
        .slice_data_size = (uint32_t)(bits.position / 8),
        .slice_vertical_position = row,
        .quantiser_scale_code = 1,
        .macroblock_offset = 38};
    status = vaCreateBuffer(
        client->display, client->context, VASliceParameterBufferType, sizeof slice, 1, &slice,
        &buffers[count]);
    if (status != VA_STATUS_SUCCESS) break;
    count++;
    status = vaCreateBuffer(
        client->display, client->context, VASliceDataBufferType, slice.slice_data_size, 1,
        bits.bytes, &buffers[count]);
    if (status == VA_STATUS_SUCCESS) count++;
  }
  if (status == VA_STATUS_SUCCESS) {
    status = vaBeginPicture(client->display, client->context, target);
    if (status == VA_STATUS_SUCCESS)
      status = vaRenderPicture(client->display, client->context, buffers, count);
    VAStatus ended = vaEndPicture(client->display, client->context);
    if (status == VA_STATUS_SUCCESS) status = ended;
  }
  for (int index = 0; index < count; index++) vaDestroyBuffer(client->display, buffers[index]);
  return status;
}

int client_read(struct client *client, VASurfaceID surface, bool sync) {
  if (sync && vaSyncSurface(client->display, surface) != VA_STATUS_SUCCESS) return -1;
  VAImageFormat format = {.fourcc = VA_FOURCC_NV12};
  VAImage image;
  if (vaCreateImage(client->display, &format, WIDTH, HEIGHT, &image) != VA_STATUS_SUCCESS)
    return -1;
  int sample = -1;
  void *data;
  if (vaGetImage(client->display, surface, 0, 0, WIDTH, HEIGHT, image.image_id) ==
          VA_STATUS_SUCCESS &&
      vaMapBuffer(client->display, image.buf, &data) == VA_STATUS_SUCCESS) {
    sample = ((const uint8_t *)data)[image.offsets[0]];
    int middle = ((const uint8_t *)data)[image.offsets[0] + image.pitches[0] * (HEIGHT / 3)];
    if (middle != sample) sample = 1000 + middle;
    vaUnmapBuffer(client->display, image.buf);
  }
  vaDestroyImage(client->display, image.image_id);
  return sample;
}
