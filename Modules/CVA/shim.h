#pragma once
#include <va/va.h>
#include <va/va_drm.h>
#include <va/va_drmcommon.h>
#include <va/va_str.h>

// libva 2.21 can be told that a mapping is for reading or for writing only, which saves drivers a copy; before it
// there is one call for both. libva itself goes back to the old call where the driver lacks the new one.
static inline VAStatus vabuf_map_buffer(VADisplay display, VABufferID buffer, void **memory, int reads, int writes) {
#if VA_CHECK_VERSION(1, 21, 0)
  return vaMapBuffer2(
      display, buffer, memory, (reads ? VA_MAPBUFFER_FLAG_READ : 0) | (writes ? VA_MAPBUFFER_FLAG_WRITE : 0));
#else
  (void)reads;
  (void)writes;
  return vaMapBuffer(display, buffer, memory);
#endif
}

// The tables of an exported surface are arrays of unnamed structs, which Swift does not import.
struct vabuf_drm_object {
  int fd;
  uint32_t size;
  uint64_t modifier;
};
struct vabuf_drm_layer {
  uint32_t format;
  uint32_t num_planes;
  uint32_t object_index[4];
  uint32_t offset[4];
  uint32_t pitch[4];
};
static inline struct vabuf_drm_object vabuf_get_drm_object(const VADRMPRIMESurfaceDescriptor *surface, unsigned index) {
  return (struct vabuf_drm_object){
      surface->objects[index].fd, surface->objects[index].size, surface->objects[index].drm_format_modifier};
}
static inline struct vabuf_drm_layer vabuf_get_drm_layer(const VADRMPRIMESurfaceDescriptor *surface, unsigned index) {
  struct vabuf_drm_layer layer = {surface->layers[index].drm_format, surface->layers[index].num_planes, {0}, {0}, {0}};
  for (int plane = 0; plane < 4; plane++) {
    layer.object_index[plane] = surface->layers[index].object_index[plane];
    layer.offset[plane] = surface->layers[index].offset[plane];
    layer.pitch[plane] = surface->layers[index].pitch[plane];
  }
  return layer;
}
