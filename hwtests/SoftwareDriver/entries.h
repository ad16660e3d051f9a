// What the calls of the driver's table do once the controls have let them pass (driver.c).

#ifndef SOFTVA_ENTRIES_H
#define SOFTVA_ENTRIES_H

#include <va/va_drmcommon.h>

#include "objects.h"

typedef struct softva_driver softva_driver;

// configs.c
VAStatus softva_query_profiles(softva_driver *, VAProfile *list, int *count);
VAStatus softva_query_entrypoints(softva_driver *, VAProfile, VAEntrypoint *list, int *count);
VAStatus softva_get_config_attributes(
    softva_driver *, VAProfile, VAEntrypoint, VAConfigAttrib *list, int count);
VAStatus softva_create_config(
    softva_driver *, VAProfile, VAEntrypoint, VAConfigAttrib *list, int count, VAConfigID *id);
VAStatus softva_destroy_config(softva_driver *, VAConfigID);
VAStatus softva_query_config_attributes(
    softva_driver *, VAConfigID, VAProfile *, VAEntrypoint *, VAConfigAttrib *list, int *count);
VAStatus softva_query_surface_attributes(
    softva_driver *, VAConfigID, VASurfaceAttrib *list, unsigned *count);

// surfaces.c
VAStatus softva_create_surfaces(
    softva_driver *, unsigned format, unsigned width, unsigned height, VASurfaceID *surfaces,
    unsigned count, VASurfaceAttrib *attributes, unsigned attribute_count);
VAStatus softva_destroy_surfaces(softva_driver *, VASurfaceID *surfaces, int count);
// A sync was made to fail.
void softva_refuse_sync(softva_driver *, VASurfaceID);
VAStatus softva_sync_surface(softva_driver *, VASurfaceID, uint64_t timeout, const char *call);
VAStatus softva_query_surface_status(softva_driver *, VASurfaceID, VASurfaceStatus *);
VAStatus softva_query_surface_error(softva_driver *, VASurfaceID, VAStatus, void **);

// export.c
VAStatus softva_export_surface(
    softva_driver *, VASurfaceID, uint32_t memory_type, uint32_t flags, void *descriptor);
// The memory that the client describes, and its layout; NULL if it cannot be used.
struct softva_memory *softva_import(
    const VADRMPRIMESurfaceDescriptor *, uint32_t fourcc, uint32_t width, uint32_t height,
    struct softva_layout *);

// buffers.c
VAStatus softva_create_buffer(
    softva_driver *, VAContextID, VABufferType, unsigned size, unsigned count, void *data,
    VABufferID *id);
VAStatus softva_set_buffer_elements(softva_driver *, VABufferID, unsigned count);
VAStatus softva_map_buffer(softva_driver *, VABufferID, void **data);
VAStatus softva_unmap_buffer(softva_driver *, VABufferID);
VAStatus softva_destroy_buffer(softva_driver *, VABufferID);
VAStatus softva_buffer_info(
    softva_driver *, VABufferID, VABufferType *, unsigned *size, unsigned *count);

// contexts.c
VAStatus softva_create_context(
    softva_driver *, VAConfigID, int width, int height, int flag, VASurfaceID *targets,
    int target_count, VAContextID *id);
VAStatus softva_destroy_context(softva_driver *, VAContextID);
VAStatus softva_begin_picture(softva_driver *, VAContextID, VASurfaceID);
VAStatus softva_render_picture(softva_driver *, VAContextID, VABufferID *buffers, int count);
VAStatus softva_end_picture(softva_driver *, VAContextID);

// images.c
VAStatus softva_query_image_formats(softva_driver *, VAImageFormat *list, int *count);
VAStatus softva_create_image(
    softva_driver *, VAImageFormat *format, int width, int height, VAImage *image);
VAStatus softva_derive_image(softva_driver *, VASurfaceID, VAImage *image);
VAStatus softva_destroy_image(softva_driver *, VAImageID);
VAStatus softva_get_image(
    softva_driver *, VASurfaceID, int x, int y, unsigned width, unsigned height, VAImageID);
VAStatus softva_put_image(
    softva_driver *, VASurfaceID, VAImageID, int source_x, int source_y, unsigned source_width,
    unsigned source_height, int x, int y, unsigned width, unsigned height);

// A picture is on its way into the surface. Under the lock.
void softva_retarget(softva_driver *, struct softva_surface *);
// Reports a read of pixels that nobody waited for. Under the lock.
void softva_check_synced(softva_driver *, const struct softva_surface *, const char *call);
// Others may write to the surface from now on: keeps the hash of what was decoded. Under the lock.
void softva_expose(struct softva_surface *);

#endif
