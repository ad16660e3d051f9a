// Surfaces: memory that others can map, and who may read it when.

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <va/va_drmcommon.h>

#include "controls.h"
#include "decode.h"
#include "entries.h"
#include "pixels.h"

void softva_check_synced(
    softva_driver *driver, const struct softva_surface *surface, const char *call) {
  if (surface->unsynced)
    softva_report(driver, "%s: surface %#x is read and was not synced", call, surface->id);
}

void softva_expose(struct softva_surface *surface) {
  if (surface->decoder == 0 || surface->hashed || surface->pending > 0) return;
  surface->hash = softva_hash(surface->memory->data, &surface->layout);
  surface->hashed = true;
}

// After an export nobody can see a read; but a picture that nobody ever waited for cannot have
// been read rightly. Under the lock.
static void check_export(softva_driver *driver, struct softva_surface *surface, const char *call) {
  if (surface->exported_unsynced)
    softva_report(
        driver, "%s: surface %#x was exported and never synced", call, surface->id);
  surface->exported_unsynced = false;
}

static VAStatus parse_attributes(
    VASurfaceAttrib *attributes, unsigned count, uint32_t *fourcc, uint32_t *memory_type,
    const VADRMPRIMESurfaceDescriptor **descriptors) {
  for (unsigned index = 0; index < count; index++) {
    const VASurfaceAttrib *attribute = &attributes[index];
    if ((attribute->flags & VA_SURFACE_ATTRIB_SETTABLE) == 0) continue;
    switch (attribute->type) {
      case VASurfaceAttribPixelFormat: *fourcc = (uint32_t)attribute->value.value.i; break;
      case VASurfaceAttribMemoryType: *memory_type = (uint32_t)attribute->value.value.i; break;
      case VASurfaceAttribExternalBufferDescriptor:
        *descriptors = attribute->value.value.p;
        break;
      case VASurfaceAttribUsageHint: break;
      default: return VA_STATUS_ERROR_ATTR_NOT_SUPPORTED;
    }
  }
  return VA_STATUS_SUCCESS;
}

// `prime`: the client's memory, or NULL.
static struct softva_surface *create(
    const struct softva_layout *layout, const VADRMPRIMESurfaceDescriptor *prime) {
  struct softva_surface *surface = calloc(1, sizeof *surface);
  if (surface == NULL) return NULL;
  *surface = (struct softva_surface){
      .id = VA_INVALID_SURFACE,
      .references = 1,
      .layout = *layout,
      .exported = prime != NULL};
  if (prime == NULL)
    surface->memory = softva_memory_create(layout->size, true);
  else
    surface->memory =
        softva_import(prime, layout->fourcc, layout->width, layout->height, &surface->layout);
  if (surface->memory != NULL) return surface;
  free(surface);
  return NULL;
}

VAStatus softva_create_surfaces(
    softva_driver *driver, unsigned format, unsigned width, unsigned height,
    VASurfaceID *surfaces, unsigned count, VASurfaceAttrib *attributes,
    unsigned attribute_count) {
  uint32_t fourcc = 0;
  uint32_t memory_type = VA_SURFACE_ATTRIB_MEM_TYPE_VA;
  const VADRMPRIMESurfaceDescriptor *descriptors = NULL;
  VAStatus status =
      parse_attributes(attributes, attribute_count, &fourcc, &memory_type, &descriptors);
  if (status != VA_STATUS_SUCCESS) return status;
  bool import = memory_type == VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2;
  if (!import && memory_type != VA_SURFACE_ATTRIB_MEM_TYPE_VA)
    return VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE;
  if (import != (descriptors != NULL)) return VA_STATUS_ERROR_INVALID_PARAMETER;
  if (format != VA_RT_FORMAT_YUV420 && format != VA_RT_FORMAT_YUV420_10)
    return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
  if (fourcc == 0) fourcc = format == VA_RT_FORMAT_YUV420_10 ? VA_FOURCC_P010 : VA_FOURCC_NV12;
  struct softva_layout layout;
  if (!softva_layout_make(&layout, fourcc, width, height))
    return fourcc == VA_FOURCC_NV12 || fourcc == VA_FOURCC_P010
               ? VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED
               : VA_STATUS_ERROR_INVALID_IMAGE_FORMAT;

  pthread_mutex_lock(&driver->lock);
  long limit = softva_controls_max_surfaces();
  unsigned made = 0;
  if (limit < 0 || driver->tables[SOFTVA_SURFACES].live + count <= (size_t)limit) {
    for (; made < count; made++) {
      struct softva_surface *surface = create(&layout, import ? &descriptors[made] : NULL);
      if (surface == NULL) break;
      surface->id = softva_add(driver, SOFTVA_SURFACES, surface);
      if (surface->id == VA_INVALID_ID) {
        softva_surface_release(surface);
        break;
      }
      surfaces[made] = surface->id;
    }
  }
  bool all = made == count;
  while (!all && made > 0) {
    VASurfaceID id = surfaces[--made];
    struct softva_surface *surface = softva_find(driver, SOFTVA_SURFACES, id, "vaCreateSurfaces");
    softva_remove(driver, SOFTVA_SURFACES, id);
    softva_surface_release(surface);
  }
  pthread_mutex_unlock(&driver->lock);
  return all ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_ALLOCATION_FAILED;
}

VAStatus softva_destroy_surfaces(softva_driver *driver, VASurfaceID *surfaces, int count) {
  VAStatus status = VA_STATUS_SUCCESS;
  pthread_mutex_lock(&driver->lock);
  for (int index = 0; index < count; index++) {
    struct softva_surface *surface =
        softva_find(driver, SOFTVA_SURFACES, surfaces[index], "vaDestroySurfaces");
    if (surface == NULL) {
      status = VA_STATUS_ERROR_INVALID_SURFACE;
      continue;
    }
    if (surface->pending > 0)
      softva_report(
          driver, "vaDestroySurfaces: a picture is still on its way into surface %#x",
          surface->id);
    if (surface->derived > 0)
      softva_report(
          driver, "vaDestroySurfaces: an image derived from surface %#x is left", surface->id);
    check_export(driver, surface, "vaDestroySurfaces");
    softva_remove(driver, SOFTVA_SURFACES, surface->id);
    softva_surface_release(surface);
  }
  if (driver->parked != NULL) softva_inner_collect(driver);
  pthread_mutex_unlock(&driver->lock);
  return status;
}

VAStatus softva_sync_surface(
    softva_driver *driver, VASurfaceID id, uint64_t timeout, const char *call) {
  if (driver->binds > 0 && strcmp(call, "vaSyncSurface2") == 0) return VA_STATUS_ERROR_UNIMPLEMENTED;
  struct timespec deadline;
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  uint64_t seconds = timeout / 1000000000u;
  bool forever = seconds > 1000000000u;
  if (!forever) {
    uint64_t nanoseconds = (uint64_t)deadline.tv_nsec + timeout % 1000000000u;
    deadline.tv_sec += (time_t)(seconds + nanoseconds / 1000000000u);
    deadline.tv_nsec = (long)(nanoseconds % 1000000000u);
  }

  VAStatus status = VA_STATUS_ERROR_INVALID_SURFACE;
  pthread_mutex_lock(&driver->lock);
  struct softva_surface *surface = softva_find(driver, SOFTVA_SURFACES, id, call);
  if (surface != NULL) {
    softva_surface_retain(surface);
    atomic_fetch_add(&driver->waiting, 1);
    int waited = 0;
    while (surface->pending > 0 && waited == 0 && !atomic_load(&driver->terminating))
      waited = forever ? pthread_cond_wait(&driver->changed, &driver->lock)
                       : pthread_cond_timedwait(&driver->changed, &driver->lock, &deadline);
    if (surface->pending > 0) {
      status = waited == ETIMEDOUT ? VA_STATUS_ERROR_TIMEDOUT : VA_STATUS_ERROR_OPERATION_FAILED;
    } else {
      surface->unsynced = surface->exported_unsynced = false;
      status = surface->status;
    }
    softva_surface_release(surface);
    atomic_fetch_sub(&driver->waiting, 1);
  }
  pthread_mutex_unlock(&driver->lock);
  return status;
}

VAStatus softva_query_surface_status(
    softva_driver *driver, VASurfaceID id, VASurfaceStatus *answer) {
  if (driver->binds > 0) return VA_STATUS_ERROR_UNIMPLEMENTED;
  pthread_mutex_lock(&driver->lock);
  struct softva_surface *surface =
      softva_find(driver, SOFTVA_SURFACES, id, "vaQuerySurfaceStatus");
  if (surface != NULL) {
    *answer = surface->pending > 0 ? VASurfaceRendering : VASurfaceReady;
    if (surface->pending == 0) surface->unsynced = surface->exported_unsynced = false;
  }
  pthread_mutex_unlock(&driver->lock);
  return surface != NULL ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_SURFACE;
}

// No details: the list of damaged macroblocks is its end mark.
VAStatus softva_query_surface_error(
    softva_driver *driver, VASurfaceID id, VAStatus error, void **info) {
  static VASurfaceDecodeMBErrors none[] = {{.status = -1}};
  pthread_mutex_lock(&driver->lock);
  const struct softva_surface *surface =
      softva_find(driver, SOFTVA_SURFACES, id, "vaQuerySurfaceError");
  pthread_mutex_unlock(&driver->lock);
  if (surface == NULL) return VA_STATUS_ERROR_INVALID_SURFACE;
  if (error != VA_STATUS_ERROR_DECODING_ERROR) return VA_STATUS_ERROR_INVALID_PARAMETER;
  *info = none;
  return VA_STATUS_SUCCESS;
}

void softva_refuse_sync(softva_driver *driver, VASurfaceID id) {
  pthread_mutex_lock(&driver->lock);
  struct softva_surface *surface = softva_find(driver, SOFTVA_SURFACES, id, "vaSyncSurface");
  if (surface != NULL) surface->exported_unsynced = false;
  pthread_mutex_unlock(&driver->lock);
}

void softva_retarget(softva_driver *driver, struct softva_surface *surface) {
  check_export(driver, surface, "vaEndPicture");
  surface->pending++;
  surface->unsynced = true;
  surface->exported_unsynced = surface->exported;
}
