// The driver's table: every entry passes softva_enter, then does its work.

#include <sched.h>

#include "controls.h"
#include "decode.h"
#include "entries.h"

#define EXPORT __attribute__((visibility("default")))

static softva_driver *of(VADriverContextP va) { return va->pDriverData; }

// A call that hung until its display was terminated has nothing left to work on.
#define HUNG VA_STATUS_ERROR_OPERATION_FAILED

// A call that does nothing when it is made to fail.
#define ENTRY(name, parameters, work)                                \
  static VAStatus name##_entry parameters {                          \
    softva_driver *driver = of(va);                                  \
    VAStatus status;                                                 \
    if (!softva_enter(driver, SOFTVA_##name, NULL, &status)) return HUNG; \
    return status != VA_STATUS_SUCCESS ? status : work;              \
  }

// A client that is told that waiting failed knows that what it exported is not to be read.
#define SYNC(name, parameters, work)                                 \
  static VAStatus name##_entry parameters {                          \
    softva_driver *driver = of(va);                                  \
    VAStatus status;                                                 \
    if (!softva_enter(driver, SOFTVA_##name, NULL, &status)) return HUNG; \
    if (status == VA_STATUS_SUCCESS) return work;                    \
    softva_refuse_sync(driver, id);                                  \
    return status;                                                   \
  }

// A call that gives something back does so even when it is made to fail: a client has no other way
// to be rid of it, and what is live at the end stays a measure of the client alone.
#define RELEASE(name, parameters, work)                              \
  static VAStatus name##_entry parameters {                          \
    softva_driver *driver = of(va);                                  \
    VAStatus status;                                                 \
    if (!softva_enter(driver, SOFTVA_##name, NULL, &status)) return HUNG; \
    VAStatus result = work;                                          \
    return status != VA_STATUS_SUCCESS ? status : result;            \
  }

// A call that the driver has because libva wants it.
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define UNIMPLEMENTED(name, parameters) ENTRY(name, parameters, VA_STATUS_ERROR_UNIMPLEMENTED)

#define VA VADriverContextP va

ENTRY(vaQueryConfigProfiles, (VA, VAProfile *list, int *count),
      softva_query_profiles(driver, list, count))
ENTRY(vaQueryConfigEntrypoints, (VA, VAProfile profile, VAEntrypoint *list, int *count),
      softva_query_entrypoints(driver, profile, list, count))
ENTRY(vaGetConfigAttributes,
      (VA, VAProfile profile, VAEntrypoint entrypoint, VAConfigAttrib *list, int count),
      softva_get_config_attributes(driver, profile, entrypoint, list, count))
ENTRY(vaCreateConfig,
      (VA, VAProfile profile, VAEntrypoint entrypoint, VAConfigAttrib *list, int count,
       VAConfigID *id),
      softva_create_config(driver, profile, entrypoint, list, count, id))
RELEASE(vaDestroyConfig, (VA, VAConfigID id), softva_destroy_config(driver, id))
ENTRY(vaQueryConfigAttributes,
      (VA, VAConfigID id, VAProfile *profile, VAEntrypoint *entrypoint, VAConfigAttrib *list,
       int *count),
      softva_query_config_attributes(driver, id, profile, entrypoint, list, count))
ENTRY(vaQuerySurfaceAttributes, (VA, VAConfigID id, VASurfaceAttrib *list, unsigned *count),
      softva_query_surface_attributes(driver, id, list, count))

static VAStatus vaCreateSurfaces_entry(
    VA, int width, int height, int format, int count, VASurfaceID *surfaces) {
  softva_driver *driver = of(va);
  VAStatus status;
  if (!softva_enter(driver, SOFTVA_vaCreateSurfaces, NULL, &status)) return HUNG;
  if (status != VA_STATUS_SUCCESS) return status;
  if (width <= 0 || height <= 0 || count <= 0) return VA_STATUS_ERROR_INVALID_PARAMETER;
  return softva_create_surfaces(
      driver, (unsigned)format, (unsigned)width, (unsigned)height, surfaces, (unsigned)count, NULL,
      0);
}
static VAStatus vaCreateSurfaces2_entry(
    VA, unsigned format, unsigned width, unsigned height, VASurfaceID *surfaces, unsigned count,
    VASurfaceAttrib *list, unsigned list_count) {
  softva_driver *driver = of(va);
  VAStatus status;
  if (!softva_enter(driver, SOFTVA_vaCreateSurfaces, NULL, &status)) return HUNG;
  if (status != VA_STATUS_SUCCESS) return status;
  return softva_create_surfaces(
      driver, format, width, height, surfaces, count, list, list_count);
}
RELEASE(vaDestroySurfaces, (VA, VASurfaceID *list, int count),
        softva_destroy_surfaces(driver, list, count))
SYNC(vaSyncSurface, (VA, VASurfaceID id),
      softva_sync_surface(driver, id, VA_TIMEOUT_INFINITE, "vaSyncSurface"))
SYNC(vaSyncSurface2, (VA, VASurfaceID id, uint64_t timeout),
      softva_sync_surface(driver, id, timeout, "vaSyncSurface2"))
ENTRY(vaQuerySurfaceStatus, (VA, VASurfaceID id, VASurfaceStatus *status_out),
      softva_query_surface_status(driver, id, status_out))
ENTRY(vaQuerySurfaceError, (VA, VASurfaceID id, VAStatus error, void **info),
      softva_query_surface_error(driver, id, error, info))
ENTRY(vaExportSurfaceHandle,
      (VA, VASurfaceID id, uint32_t memory_type, uint32_t flags, void *descriptor),
      softva_export_surface(driver, id, memory_type, flags, descriptor))

ENTRY(vaCreateContext,
      (VA, VAConfigID config, int width, int height, int flag, VASurfaceID *list, int count,
       VAContextID *id),
      softva_create_context(driver, config, width, height, flag, list, count, id))
RELEASE(vaDestroyContext, (VA, VAContextID id), softva_destroy_context(driver, id))
ENTRY(vaCreateBuffer,
      (VA, VAContextID context, VABufferType type, unsigned size, unsigned count, void *data,
       VABufferID *id),
      softva_create_buffer(driver, context, type, size, count, data, id))
ENTRY(vaBufferSetNumElements, (VA, VABufferID id, unsigned count),
      softva_set_buffer_elements(driver, id, count))
ENTRY(vaMapBuffer, (VA, VABufferID id, void **data), softva_map_buffer(driver, id, data))
RELEASE(vaUnmapBuffer, (VA, VABufferID id), softva_unmap_buffer(driver, id))
RELEASE(vaDestroyBuffer, (VA, VABufferID id), softva_destroy_buffer(driver, id))
ENTRY(vaBufferInfo, (VA, VABufferID id, VABufferType *type, unsigned *size, unsigned *count),
      softva_buffer_info(driver, id, type, size, count))

static VAStatus vaBeginPicture_entry(VA, VAContextID context, VASurfaceID target) {
  softva_driver *driver = of(va);
  VAStatus status;
  if (!softva_enter(driver, SOFTVA_vaBeginPicture, NULL, &status)) return HUNG;
  if (status == VA_STATUS_SUCCESS) return softva_begin_picture(driver, context, target);
  softva_context_spoil(driver, context);
  return status;
}
static VAStatus vaRenderPicture_entry(VA, VAContextID context, VABufferID *list, int count) {
  softva_driver *driver = of(va);
  VAStatus status;
  if (!softva_enter(driver, SOFTVA_vaRenderPicture, NULL, &status)) return HUNG;
  if (status == VA_STATUS_SUCCESS) return softva_render_picture(driver, context, list, count);
  softva_context_spoil(driver, context);
  return status;
}
static VAStatus vaEndPicture_entry(VA, VAContextID context) {
  softva_driver *driver = of(va);
  VAStatus status;
  if (!softva_enter(driver, SOFTVA_vaEndPicture, NULL, &status)) return HUNG;
  if (status == VA_STATUS_SUCCESS) return softva_end_picture(driver, context);
  softva_context_abandon(driver, context);
  return status;
}

ENTRY(vaQueryImageFormats, (VA, VAImageFormat *list, int *count),
      softva_query_image_formats(driver, list, count))
ENTRY(vaCreateImage, (VA, VAImageFormat *format, int width, int height, VAImage *image),
      softva_create_image(driver, format, width, height, image))
ENTRY(vaDeriveImage, (VA, VASurfaceID id, VAImage *image), softva_derive_image(driver, id, image))
RELEASE(vaDestroyImage, (VA, VAImageID id), softva_destroy_image(driver, id))
ENTRY(vaGetImage,
      (VA, VASurfaceID id, int x, int y, unsigned width, unsigned height, VAImageID image),
      softva_get_image(driver, id, x, y, width, height, image))
ENTRY(vaPutImage,
      (VA, VASurfaceID id, VAImageID image, int source_x, int source_y, unsigned source_width,
       unsigned source_height, int x, int y, unsigned width, unsigned height),
      softva_put_image(
          driver, id, image, source_x, source_y, source_width, source_height, x, y, width, height))

static VAStatus no_display_attributes(int *count) {
  *count = 0;
  return VA_STATUS_SUCCESS;
}
ENTRY(vaQueryDisplayAttributes, (VA, VADisplayAttribute *list, int *count),
      ((void)list, no_display_attributes(count)))
UNIMPLEMENTED(vaGetDisplayAttributes, (VA, VADisplayAttribute *list, int count))
UNIMPLEMENTED(vaSetDisplayAttributes, (VA, VADisplayAttribute *list, int count))
UNIMPLEMENTED(vaPutSurface,
              (VA, VASurfaceID id, void *draw, short sx, short sy, unsigned short sw,
               unsigned short sh, short dx, short dy, unsigned short dw, unsigned short dh,
               VARectangle *clips, unsigned clip_count, unsigned flags))
UNIMPLEMENTED(vaSetImagePalette, (VA, VAImageID id, unsigned char *palette))

static VAStatus no_subpictures(unsigned *count) {
  *count = 0;
  return VA_STATUS_SUCCESS;
}
ENTRY(vaQuerySubpictureFormats,
      (VA, VAImageFormat *list, unsigned *flags, unsigned *count),
      ((void)list, (void)flags, no_subpictures(count)))
UNIMPLEMENTED(vaCreateSubpicture, (VA, VAImageID image, VASubpictureID *id))
UNIMPLEMENTED(vaDestroySubpicture, (VA, VASubpictureID id))
UNIMPLEMENTED(vaSetSubpictureImage, (VA, VASubpictureID id, VAImageID image))
UNIMPLEMENTED(vaSetSubpictureChromakey,
              (VA, VASubpictureID id, unsigned minimum, unsigned maximum, unsigned mask))
UNIMPLEMENTED(vaSetSubpictureGlobalAlpha, (VA, VASubpictureID id, float alpha))
UNIMPLEMENTED(vaAssociateSubpicture,
              (VA, VASubpictureID id, VASurfaceID *list, int count, short sx, short sy,
               unsigned short sw, unsigned short sh, short dx, short dy, unsigned short dw,
               unsigned short dh, unsigned flags))
UNIMPLEMENTED(vaDeassociateSubpicture,
              (VA, VASubpictureID id, VASurfaceID *list, int count))

static VAStatus vaTerminate_entry(VA) {
  softva_driver *driver = of(va);
  VAStatus status;
  if (!softva_enter(driver, SOFTVA_vaTerminate, NULL, &status)) return HUNG;
  // What waits or hangs is let go before its display goes away.
  pthread_mutex_lock(&driver->lock);
  atomic_store(&driver->terminating, true);
  pthread_cond_broadcast(&driver->changed);
  pthread_mutex_unlock(&driver->lock);
  while (atomic_load(&driver->waiting) > 0) sched_yield();
  pthread_mutex_lock(&driver->lock);  // the last waiter has let go of the lock
  pthread_mutex_unlock(&driver->lock);
  softva_driver_destroy(driver);
  va->pDriverData = NULL;
  return status;
}

EXPORT VAStatus __vaDriverInit_1_0(VADriverContextP va);
EXPORT VAStatus __vaDriverInit_1_0(VADriverContextP va) {
  if (!softva_controls_read()) return VA_STATUS_ERROR_INVALID_VALUE;
  softva_driver *driver = softva_driver_create();
  if (driver == NULL) return VA_STATUS_ERROR_ALLOCATION_FAILED;
  VAStatus status;
  if (!softva_enter(driver, SOFTVA_vaInitialize, NULL, &status)) return HUNG;
  if (status != VA_STATUS_SUCCESS) {
    softva_driver_destroy(driver);
    return status;
  }

  va->pDriverData = driver;
  va->version_major = VA_MAJOR_VERSION;
  va->version_minor = VA_MINOR_VERSION;
  va->max_profiles = SOFTVA_MAX_PROFILES;
  va->max_entrypoints = 1;
  va->max_attributes = SOFTVA_MAX_CONFIG_ATTRIBUTES;
  va->max_image_formats = 2;
  va->max_subpic_formats = 1;
  va->max_display_attributes = 1;
  driver->binds = softva_controls_binds();
  va->str_vendor = driver->binds > 0 ? "vabuf software VA driver 1.0, like NVDEC"
                                     : "vabuf software VA driver 1.0";

#define SET(name) va->vtable->name = name##_entry;
  SOFTVA_TABLE(SET)
#undef SET
  va->vtable->vaCreateSurfaces2 = vaCreateSurfaces2_entry;
  return VA_STATUS_SUCCESS;
}
