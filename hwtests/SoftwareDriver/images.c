// Images: pixels in the client's reach, of their own or a surface's.

#include <stdlib.h>
#include <string.h>

#include "entries.h"
#include "pixels.h"

static const VAImageFormat formats[] = {
    {.fourcc = VA_FOURCC_NV12, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 12},
    {.fourcc = VA_FOURCC_P010, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 24},
};
#define FORMAT_COUNT (sizeof formats / sizeof *formats)

VAStatus softva_query_image_formats(softva_driver *driver, VAImageFormat *list, int *count) {
  (void)driver;
  *count = FORMAT_COUNT;
  memcpy(list, formats, sizeof formats);
  return VA_STATUS_SUCCESS;
}

// Takes over a reference to `memory`. Under the lock.
static VAStatus add(
    softva_driver *driver, const struct softva_layout *layout, struct softva_memory *memory,
    VASurfaceID surface, VAImage *answer) {
  struct softva_image *image = calloc(1, sizeof *image);
  struct softva_buffer *buffer = calloc(1, sizeof *buffer);
  if (image == NULL || buffer == NULL) {
    free(image);
    free(buffer);
    softva_memory_release(memory);
    return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  *buffer = (struct softva_buffer){
      .references = 1,
      .type = VAImageBufferType,
      .element_size = layout->size,
      .element_count = 1,
      .data = memory->data,
      .memory = memory,
      .surface = surface,
      .of_image = true};
  *image = (struct softva_image){.surface = surface, .layout = *layout};
  buffer->id = softva_add(driver, SOFTVA_BUFFERS, buffer);
  if (buffer->id == VA_INVALID_ID) {
    softva_buffer_release(buffer);
    free(image);
    return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  image->buffer = buffer->id;
  image->id = softva_add(driver, SOFTVA_IMAGES, image);
  if (image->id == VA_INVALID_ID) {
    softva_remove(driver, SOFTVA_BUFFERS, buffer->id);
    softva_buffer_release(buffer);
    free(image);
    return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  *answer = (VAImage){
      .image_id = image->id,
      .buf = buffer->id,
      .width = (uint16_t)layout->width,
      .height = (uint16_t)layout->height,
      .data_size = (uint32_t)layout->size,
      .num_planes = 2};
  for (size_t index = 0; index < FORMAT_COUNT; index++)
    if (formats[index].fourcc == layout->fourcc) answer->format = formats[index];
  for (unsigned plane = 0; plane < 2; plane++) {
    answer->pitches[plane] = layout->strides[plane];
    answer->offsets[plane] = layout->offsets[plane];
  }
  return VA_STATUS_SUCCESS;
}

VAStatus softva_create_image(
    softva_driver *driver, VAImageFormat *format, int width, int height, VAImage *answer) {
  answer->image_id = answer->buf = VA_INVALID_ID;
  struct softva_layout layout;
  if (format->fourcc != VA_FOURCC_NV12 && format->fourcc != VA_FOURCC_P010)
    return VA_STATUS_ERROR_INVALID_IMAGE_FORMAT;
  if (width <= 0 || height <= 0 ||
      !softva_layout_make(&layout, format->fourcc, (uint32_t)width, (uint32_t)height))
    return VA_STATUS_ERROR_INVALID_PARAMETER;
  struct softva_memory *memory = softva_memory_create(layout.size, false);
  if (memory == NULL) return VA_STATUS_ERROR_ALLOCATION_FAILED;
  pthread_mutex_lock(&driver->lock);
  VAStatus status = add(driver, &layout, memory, VA_INVALID_SURFACE, answer);
  pthread_mutex_unlock(&driver->lock);
  return status;
}

VAStatus softva_derive_image(softva_driver *driver, VASurfaceID id, VAImage *answer) {
  answer->image_id = answer->buf = VA_INVALID_ID;
  if (driver->binds > 0) return VA_STATUS_ERROR_OPERATION_FAILED;
  VAStatus status = VA_STATUS_ERROR_INVALID_SURFACE;
  pthread_mutex_lock(&driver->lock);
  struct softva_surface *surface = softva_find(driver, SOFTVA_SURFACES, id, "vaDeriveImage");
  if (surface != NULL) {
    softva_memory_retain(surface->memory);
    status = add(driver, &surface->layout, surface->memory, id, answer);
    if (status == VA_STATUS_SUCCESS) {
      softva_expose(surface);
      surface->derived++;
    }
  }
  pthread_mutex_unlock(&driver->lock);
  return status;
}

VAStatus softva_destroy_image(softva_driver *driver, VAImageID id) {
  pthread_mutex_lock(&driver->lock);
  struct softva_image *image = softva_find(driver, SOFTVA_IMAGES, id, "vaDestroyImage");
  if (image != NULL) {
    struct softva_buffer *buffer =
        softva_find(driver, SOFTVA_BUFFERS, image->buffer, "vaDestroyImage");
    if (buffer->mapped > 0) softva_report(driver, "vaDestroyImage: %#x is mapped", id);
    softva_remove(driver, SOFTVA_BUFFERS, image->buffer);
    softva_buffer_release(buffer);
    if (image->surface != VA_INVALID_SURFACE) {
      struct softva_surface *surface =
          softva_find(driver, SOFTVA_SURFACES, image->surface, "vaDestroyImage");
      if (surface != NULL) surface->derived--;
    }
    softva_remove(driver, SOFTVA_IMAGES, id);
    free(image);
  }
  pthread_mutex_unlock(&driver->lock);
  return image != NULL ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_IMAGE;
}

static bool inside(const struct softva_layout *layout, int x, int y, unsigned width, unsigned height) {
  return x >= 0 && y >= 0 && width > 0 && height > 0 && (uint64_t)x + width <= layout->width &&
         (uint64_t)y + height <= layout->height;
}

// Finds both. Under the lock.
static VAStatus find(
    softva_driver *driver, VASurfaceID surface_id, VAImageID image_id, const char *call,
    struct softva_surface **surface, struct softva_image **image, struct softva_buffer **buffer) {
  *surface = softva_find(driver, SOFTVA_SURFACES, surface_id, call);
  if (*surface == NULL) return VA_STATUS_ERROR_INVALID_SURFACE;
  *image = softva_find(driver, SOFTVA_IMAGES, image_id, call);
  if (*image == NULL) return VA_STATUS_ERROR_INVALID_IMAGE;
  *buffer = softva_find(driver, SOFTVA_BUFFERS, (*image)->buffer, call);
  if (*buffer == NULL) return VA_STATUS_ERROR_INVALID_IMAGE;
  if ((*image)->surface == surface_id) return VA_STATUS_ERROR_SURFACE_BUSY;
  if ((*surface)->layout.fourcc != (*image)->layout.fourcc)
    return VA_STATUS_ERROR_INVALID_IMAGE_FORMAT;
  return VA_STATUS_SUCCESS;
}

VAStatus softva_get_image(
    softva_driver *driver, VASurfaceID surface_id, int x, int y, unsigned width, unsigned height,
    VAImageID image_id) {
  struct softva_surface *surface;
  struct softva_image *image;
  struct softva_buffer *buffer;
  pthread_mutex_lock(&driver->lock);
  VAStatus status =
      find(driver, surface_id, image_id, "vaGetImage", &surface, &image, &buffer);
  if (status == VA_STATUS_SUCCESS &&
      (!inside(&surface->layout, x, y, width, height) ||
       !inside(&image->layout, 0, 0, width, height)))
    status = VA_STATUS_ERROR_INVALID_PARAMETER;
  if (status == VA_STATUS_SUCCESS && driver->binds > 0 && surface->context == 0)
    status = VA_STATUS_ERROR_INVALID_CONTEXT;
  if (status == VA_STATUS_SUCCESS) {
    softva_check_synced(driver, surface, "vaGetImage");
    softva_surface_retain(surface);
    softva_buffer_retain(buffer);
  }
  struct softva_layout layout = status == VA_STATUS_SUCCESS ? image->layout : (struct softva_layout){0};
  pthread_mutex_unlock(&driver->lock);
  if (status != VA_STATUS_SUCCESS) return status;

  softva_copy_rectangle(
      buffer->data, &layout, 0, 0, surface->memory->data, &surface->layout,
      (struct softva_rectangle){(uint32_t)x, (uint32_t)y, width, height});
  softva_surface_release(surface);
  softva_buffer_release(buffer);
  return VA_STATUS_SUCCESS;
}

VAStatus softva_put_image(
    softva_driver *driver, VASurfaceID surface_id, VAImageID image_id, int source_x, int source_y,
    unsigned source_width, unsigned source_height, int x, int y, unsigned width,
    unsigned height) {
  if (driver->binds > 0) return VA_STATUS_SUCCESS;
  struct softva_surface *surface;
  struct softva_image *image;
  struct softva_buffer *buffer;
  pthread_mutex_lock(&driver->lock);
  VAStatus status =
      find(driver, surface_id, image_id, "vaPutImage", &surface, &image, &buffer);
  if (status == VA_STATUS_SUCCESS &&
      (source_width != width || source_height != height ||  // it does not scale
       !inside(&image->layout, source_x, source_y, width, height) ||
       !inside(&surface->layout, x, y, width, height)))
    status = VA_STATUS_ERROR_INVALID_PARAMETER;
  if (status == VA_STATUS_SUCCESS) {
    if (surface->pending > 0)
      softva_report(
          driver, "vaPutImage: a picture is still on its way into surface %#x", surface_id);
    softva_expose(surface);
    softva_surface_retain(surface);
    softva_buffer_retain(buffer);
  }
  struct softva_layout layout = status == VA_STATUS_SUCCESS ? image->layout : (struct softva_layout){0};
  pthread_mutex_unlock(&driver->lock);
  if (status != VA_STATUS_SUCCESS) return status;

  softva_copy_rectangle(
      surface->memory->data, &surface->layout, (uint32_t)x, (uint32_t)y, buffer->data, &layout,
      (struct softva_rectangle){(uint32_t)source_x, (uint32_t)source_y, width, height});
  softva_surface_release(surface);
  softva_buffer_release(buffer);
  return VA_STATUS_SUCCESS;
}
