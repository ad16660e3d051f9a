// DRM_PRIME_2. A surface's memory is a memfd: an export duplicates the descriptor and copies
// nothing, an import maps the client's.

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <va/va_drmcommon.h>

#include "decode.h"
#include "entries.h"
#include "pixels.h"

#define DRM_CODE(a, b, c, d) \
  ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define DRM_R8 DRM_CODE('R', '8', ' ', ' ')
#define DRM_GR88 DRM_CODE('G', 'R', '8', '8')
#define DRM_R16 DRM_CODE('R', '1', '6', ' ')
#define DRM_GR1616 DRM_CODE('G', 'R', '3', '2')
#define DRM_NV12 DRM_CODE('N', 'V', '1', '2')
#define DRM_P010 DRM_CODE('P', '0', '1', '0')

static void describe(
    const struct softva_layout *layout, bool composed, VADRMPRIMESurfaceDescriptor *descriptor) {
  bool ten = layout->fourcc == VA_FOURCC_P010;
  descriptor->fourcc = layout->fourcc;
  descriptor->width = layout->width;
  descriptor->height = layout->height;
  descriptor->num_objects = 1;
  descriptor->objects[0].size = (uint32_t)layout->size;
  descriptor->objects[0].drm_format_modifier = 0;  // linear
  descriptor->num_layers = composed ? 1 : 2;
  if (composed) {
    descriptor->layers[0].drm_format = ten ? DRM_P010 : DRM_NV12;
  } else {
    descriptor->layers[0].drm_format = ten ? DRM_R16 : DRM_R8;
    descriptor->layers[1].drm_format = ten ? DRM_GR1616 : DRM_GR88;
  }
  for (unsigned plane = 0; plane < 2; plane++) {
    unsigned layer = composed ? 0 : plane;
    unsigned index = descriptor->layers[layer].num_planes++;
    descriptor->layers[layer].object_index[index] = 0;
    descriptor->layers[layer].offset[index] = layout->offsets[plane];
    descriptor->layers[layer].pitch[index] = layout->strides[plane];
  }
}

VAStatus softva_export_surface(
    softva_driver *driver, VASurfaceID id, uint32_t memory_type, uint32_t flags, void *answer) {
  bool composed = (flags & VA_EXPORT_SURFACE_COMPOSED_LAYERS) != 0;
  bool separate = (flags & VA_EXPORT_SURFACE_SEPARATE_LAYERS) != 0;
  VAStatus status = VA_STATUS_SUCCESS;
  pthread_mutex_lock(&driver->lock);
  struct softva_surface *surface =
      softva_find(driver, SOFTVA_SURFACES, id, "vaExportSurfaceHandle");
  if (surface == NULL) {
    status = VA_STATUS_ERROR_INVALID_SURFACE;
  } else if (memory_type != VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2) {
    status = VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE;
  } else if (composed == separate) {
    status = VA_STATUS_ERROR_INVALID_PARAMETER;
  } else {
    int descriptor = fcntl(surface->memory->descriptor, F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0) {
      status = VA_STATUS_ERROR_ALLOCATION_FAILED;
    } else {
      VADRMPRIMESurfaceDescriptor *prime = answer;
      memset(prime, 0, sizeof *prime);
      describe(&surface->layout, composed, prime);
      prime->objects[0].fd = descriptor;
      softva_expose(surface);
      surface->exported = true;
      surface->exported_unsynced = surface->unsynced;
    }
  }
  pthread_mutex_unlock(&driver->lock);
  return status;
}

// The layout that the client describes, if it is linear NV12 or P010 in one object.
static bool read_layout(
    const VADRMPRIMESurfaceDescriptor *prime, uint32_t fourcc, uint32_t width, uint32_t height,
    struct softva_layout *layout) {
  const uint64_t invalid_modifier = 0x00ffffffffffffff;  // DRM_FORMAT_MOD_INVALID: not told
  if (!softva_layout_make(layout, fourcc, width, height) || prime->fourcc != fourcc ||
      prime->num_objects != 1 ||
      (prime->objects[0].drm_format_modifier != 0 &&
       prime->objects[0].drm_format_modifier != invalid_modifier))
    return false;
  bool composed = prime->num_layers == 1 && prime->layers[0].num_planes == 2;
  bool separate = prime->num_layers == 2 && prime->layers[0].num_planes == 1 &&
                  prime->layers[1].num_planes == 1;
  if (!composed && !separate) return false;
  uint32_t row = (width + 1) / 2 * 2 * (fourcc == VA_FOURCC_P010 ? 2 : 1);
  off_t end = lseek(prime->objects[0].fd, 0, SEEK_END);
  for (unsigned plane = 0; plane < 2; plane++) {
    unsigned layer = composed ? 0 : plane, index = composed ? plane : 0;
    layout->offsets[plane] = prime->layers[layer].offset[index];
    layout->strides[plane] = prime->layers[layer].pitch[index];
    uint64_t rows = plane == 0 ? height : (height + 1) / 2;
    if (layout->strides[plane] < row ||
        layout->offsets[plane] + rows * layout->strides[plane] > (uint64_t)(end < 0 ? 0 : end))
      return false;
  }
  layout->size = (size_t)end;
  return true;
}

struct softva_memory *softva_import(
    const VADRMPRIMESurfaceDescriptor *prime, uint32_t fourcc, uint32_t width, uint32_t height,
    struct softva_layout *layout) {
  if (!read_layout(prime, fourcc, width, height, layout)) return NULL;
  return softva_memory_map(prime->objects[0].fd, layout->size);
}
