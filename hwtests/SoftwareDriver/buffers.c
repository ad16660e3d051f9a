// Buffers: parameters and slices of pictures, and the memory of images.

#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "entries.h"

#define MAX_BUFFER_SIZE (256u << 20)

// SOFTVA_BINDS: nvidia-vaapi-driver takes the header of a VP8 frame, which VA-API leaves out, from
// before the data, back to a multiple of 16. Under the lock.
static void check_header_place(
    const struct softva_context *context, VABufferType type, const void *data) {
  if (context->driver->binds == 0 || context->profile->profile != VAProfileVP8Version0_3 ||
      type != VASliceDataBufferType)
    return;
  size_t place = (uintptr_t)data % 16;
  if (place != 3 && place != 10)
    softva_report(
        context->driver, "vaCreateBuffer: %zu bytes before VP8 slice data, not a header's 3 or 10",
        place);
}

VAStatus softva_create_buffer(
    softva_driver *driver, VAContextID context, VABufferType type, unsigned size, unsigned count,
    void *data, VABufferID *id) {
  *id = VA_INVALID_ID;
  switch (type) {
    case VAPictureParameterBufferType: case VAIQMatrixBufferType: case VAProbabilityBufferType:
    case VAHuffmanTableBufferType: case VASliceParameterBufferType: case VASliceDataBufferType:
      break;
    default: return VA_STATUS_ERROR_UNSUPPORTED_BUFFERTYPE;
  }
  if (size == 0 || count == 0 || (uint64_t)size * count > MAX_BUFFER_SIZE)
    return VA_STATUS_ERROR_INVALID_PARAMETER;

  struct softva_buffer *buffer = calloc(1, sizeof *buffer);
  uint8_t *copy = calloc(count, size);
  if (buffer == NULL || copy == NULL) {
    free(buffer);
    free(copy);
    return VA_STATUS_ERROR_ALLOCATION_FAILED;
  }
  if (data != NULL) memcpy(copy, data, (size_t)size * count);
  *buffer = (struct softva_buffer){
      .references = 1,
      .type = type,
      .element_size = size,
      .element_count = count,
      .data = copy,
      .surface = VA_INVALID_SURFACE};

  pthread_mutex_lock(&driver->lock);
  VAStatus status = VA_STATUS_SUCCESS;
  const struct softva_context *found =
      softva_find(driver, SOFTVA_CONTEXTS, context, "vaCreateBuffer");
  if (found != NULL) check_header_place(found, type, data);
  if (found == NULL)
    status = VA_STATUS_ERROR_INVALID_CONTEXT;
  else if ((buffer->id = softva_add(driver, SOFTVA_BUFFERS, buffer)) == VA_INVALID_ID)
    status = VA_STATUS_ERROR_ALLOCATION_FAILED;
  if (status == VA_STATUS_SUCCESS)
    *id = buffer->id;
  else
    softva_buffer_release(buffer);
  pthread_mutex_unlock(&driver->lock);
  return status;
}

VAStatus softva_set_buffer_elements(softva_driver *driver, VABufferID id, unsigned count) {
  VAStatus status = VA_STATUS_SUCCESS;
  pthread_mutex_lock(&driver->lock);
  struct softva_buffer *buffer =
      softva_find(driver, SOFTVA_BUFFERS, id, "vaBufferSetNumElements");
  if (buffer == NULL)
    status = VA_STATUS_ERROR_INVALID_BUFFER;
  else if (count == 0 || count > buffer->element_count)
    status = VA_STATUS_ERROR_INVALID_PARAMETER;
  else
    buffer->element_count = count;
  pthread_mutex_unlock(&driver->lock);
  return status;
}

// The surface whose pixels the buffer is, or NULL. Under the lock.
static struct softva_surface *surface_of(softva_driver *driver, const struct softva_buffer *buffer) {
  if (buffer->surface == VA_INVALID_SURFACE) return NULL;
  return softva_find(driver, SOFTVA_SURFACES, buffer->surface, "vaMapBuffer");
}

VAStatus softva_map_buffer(softva_driver *driver, VABufferID id, void **data) {
  pthread_mutex_lock(&driver->lock);
  struct softva_buffer *buffer = softva_find(driver, SOFTVA_BUFFERS, id, "vaMapBuffer");
  if (buffer != NULL) {
    if (buffer->mapped > 0) softva_report(driver, "vaMapBuffer: %#x is mapped already", id);
    buffer->mapped++;
    *data = buffer->data;
    const struct softva_surface *surface = surface_of(driver, buffer);
    if (surface != NULL) softva_check_synced(driver, surface, "vaMapBuffer");
  }
  pthread_mutex_unlock(&driver->lock);
  return buffer != NULL ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_BUFFER;
}

VAStatus softva_unmap_buffer(softva_driver *driver, VABufferID id) {
  VAStatus status = VA_STATUS_SUCCESS;
  pthread_mutex_lock(&driver->lock);
  struct softva_buffer *buffer = softva_find(driver, SOFTVA_BUFFERS, id, "vaUnmapBuffer");
  if (buffer == NULL) {
    status = VA_STATUS_ERROR_INVALID_BUFFER;
  } else if (buffer->mapped == 0) {
    softva_report(driver, "vaUnmapBuffer: %#x is not mapped", id);
    status = VA_STATUS_ERROR_OPERATION_FAILED;
  } else {
    buffer->mapped--;
  }
  pthread_mutex_unlock(&driver->lock);
  return status;
}

VAStatus softva_destroy_buffer(softva_driver *driver, VABufferID id) {
  VAStatus status = VA_STATUS_SUCCESS;
  pthread_mutex_lock(&driver->lock);
  struct softva_buffer *buffer = softva_find(driver, SOFTVA_BUFFERS, id, "vaDestroyBuffer");
  if (buffer == NULL) {
    status = VA_STATUS_ERROR_INVALID_BUFFER;
  } else if (buffer->of_image) {
    softva_report(driver, "vaDestroyBuffer: %#x belongs to an image", id);
    status = VA_STATUS_ERROR_INVALID_BUFFER;
  } else {
    if (buffer->mapped > 0) softva_report(driver, "vaDestroyBuffer: %#x is mapped", id);
    softva_remove(driver, SOFTVA_BUFFERS, id);
    softva_buffer_release(buffer);
  }
  pthread_mutex_unlock(&driver->lock);
  return status;
}

VAStatus softva_buffer_info(
    softva_driver *driver, VABufferID id, VABufferType *type, unsigned *size, unsigned *count) {
  pthread_mutex_lock(&driver->lock);
  const struct softva_buffer *buffer = softva_find(driver, SOFTVA_BUFFERS, id, "vaBufferInfo");
  if (buffer != NULL) {
    *type = buffer->type;
    *size = (unsigned)buffer->element_size;
    *count = (unsigned)buffer->element_count;
  }
  pthread_mutex_unlock(&driver->lock);
  return buffer != NULL ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_BUFFER;
}
