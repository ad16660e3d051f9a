// Profiles, entry points, configurations and what their surfaces can be.

#include <stdlib.h>

#include <va/va_drmcommon.h>

#include "decode.h"
#include "entries.h"

static unsigned rt_formats(const struct softva_profile *profile) {
  return VA_RT_FORMAT_YUV420 | (profile->ten_bit ? VA_RT_FORMAT_YUV420_10 : 0);
}

VAStatus softva_query_profiles(softva_driver *driver, VAProfile *list, int *count) {
  (void)driver;
  const struct softva_profile *found[SOFTVA_MAX_PROFILES];
  *count = (int)softva_profiles(found, SOFTVA_MAX_PROFILES);
  for (int index = 0; index < *count; index++) list[index] = found[index]->profile;
  return VA_STATUS_SUCCESS;
}

VAStatus softva_query_entrypoints(
    softva_driver *driver, VAProfile profile, VAEntrypoint *list, int *count) {
  (void)driver;
  *count = 0;
  if (softva_profile_find(profile) == NULL) return VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
  list[(*count)++] = VAEntrypointVLD;
  return VA_STATUS_SUCCESS;
}

static VAStatus check(
    VAProfile id, VAEntrypoint entrypoint, const struct softva_profile **profile) {
  *profile = softva_profile_find(id);
  if (*profile == NULL) return VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
  return entrypoint == VAEntrypointVLD ? VA_STATUS_SUCCESS
                                       : VA_STATUS_ERROR_UNSUPPORTED_ENTRYPOINT;
}

VAStatus softva_get_config_attributes(
    softva_driver *driver, VAProfile id, VAEntrypoint entrypoint, VAConfigAttrib *list,
    int count) {
  (void)driver;
  const struct softva_profile *profile;
  VAStatus status = check(id, entrypoint, &profile);
  if (status != VA_STATUS_SUCCESS) return status;
  for (int index = 0; index < count; index++) {
    switch (list[index].type) {
      case VAConfigAttribRTFormat: list[index].value = rt_formats(profile); break;
      case VAConfigAttribMaxPictureWidth: list[index].value = profile->max_width; break;
      case VAConfigAttribMaxPictureHeight: list[index].value = profile->max_height; break;
      case VAConfigAttribDecSliceMode: list[index].value = VA_DEC_SLICE_MODE_NORMAL; break;
      default: list[index].value = VA_ATTRIB_NOT_SUPPORTED;
    }
  }
  return VA_STATUS_SUCCESS;
}

VAStatus softva_create_config(
    softva_driver *driver, VAProfile profile_id, VAEntrypoint entrypoint, VAConfigAttrib *list,
    int count, VAConfigID *id) {
  const struct softva_profile *profile;
  VAStatus status = check(profile_id, entrypoint, &profile);
  if (status != VA_STATUS_SUCCESS) return status;
  for (int index = 0; index < count; index++)
    if (list[index].type == VAConfigAttribRTFormat &&
        (list[index].value & ~rt_formats(profile)) != 0)
      return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;

  struct softva_config *config = calloc(1, sizeof *config);
  if (config == NULL) return VA_STATUS_ERROR_ALLOCATION_FAILED;
  config->profile = profile;
  pthread_mutex_lock(&driver->lock);
  config->id = *id = softva_add(driver, SOFTVA_CONFIGS, config);
  pthread_mutex_unlock(&driver->lock);
  if (*id != VA_INVALID_ID) return VA_STATUS_SUCCESS;
  free(config);
  return VA_STATUS_ERROR_ALLOCATION_FAILED;
}

VAStatus softva_destroy_config(softva_driver *driver, VAConfigID id) {
  pthread_mutex_lock(&driver->lock);
  struct softva_config *config = softva_find(driver, SOFTVA_CONFIGS, id, "vaDestroyConfig");
  if (config != NULL) softva_remove(driver, SOFTVA_CONFIGS, id);
  pthread_mutex_unlock(&driver->lock);
  if (config == NULL) return VA_STATUS_ERROR_INVALID_CONFIG;
  free(config);
  return VA_STATUS_SUCCESS;
}

static const struct softva_profile *profile_of(
    softva_driver *driver, VAConfigID id, const char *call) {
  pthread_mutex_lock(&driver->lock);
  const struct softva_config *config = softva_find(driver, SOFTVA_CONFIGS, id, call);
  const struct softva_profile *profile = config != NULL ? config->profile : NULL;
  pthread_mutex_unlock(&driver->lock);
  return profile;
}

VAStatus softva_query_config_attributes(
    softva_driver *driver, VAConfigID id, VAProfile *profile_id, VAEntrypoint *entrypoint,
    VAConfigAttrib *list, int *count) {
  const struct softva_profile *profile = profile_of(driver, id, "vaQueryConfigAttributes");
  if (profile == NULL) return VA_STATUS_ERROR_INVALID_CONFIG;
  *profile_id = profile->profile;
  *entrypoint = VAEntrypointVLD;
  const VAConfigAttrib attributes[SOFTVA_MAX_CONFIG_ATTRIBUTES] = {
      {VAConfigAttribRTFormat, rt_formats(profile)},
      {VAConfigAttribDecSliceMode, VA_DEC_SLICE_MODE_NORMAL},
      {VAConfigAttribMaxPictureWidth, profile->max_width},
      {VAConfigAttribMaxPictureHeight, profile->max_height},
  };
  for (int index = 0; index < SOFTVA_MAX_CONFIG_ATTRIBUTES; index++)
    list[index] = attributes[index];
  *count = SOFTVA_MAX_CONFIG_ATTRIBUTES;
  return VA_STATUS_SUCCESS;
}

VAStatus softva_query_surface_attributes(
    softva_driver *driver, VAConfigID id, VASurfaceAttrib *list, unsigned *count) {
  const struct softva_profile *profile = profile_of(driver, id, "vaQuerySurfaceAttributes");
  if (profile == NULL) return VA_STATUS_ERROR_INVALID_CONFIG;

  const unsigned both = VA_SURFACE_ATTRIB_GETTABLE | VA_SURFACE_ATTRIB_SETTABLE;
  const struct {
    VASurfaceAttribType type;
    unsigned flags;
    int value;
  } attributes[] = {
      {VASurfaceAttribPixelFormat, both,
       profile->ten_bit ? (int)VA_FOURCC_P010 : (int)VA_FOURCC_NV12},
      {VASurfaceAttribPixelFormat, both, (int)VA_FOURCC_NV12},
      {VASurfaceAttribMinWidth, VA_SURFACE_ATTRIB_GETTABLE, 1},
      {VASurfaceAttribMaxWidth, VA_SURFACE_ATTRIB_GETTABLE, (int)profile->max_width},
      {VASurfaceAttribMinHeight, VA_SURFACE_ATTRIB_GETTABLE, 1},
      {VASurfaceAttribMaxHeight, VA_SURFACE_ATTRIB_GETTABLE, (int)profile->max_height},
      {VASurfaceAttribMemoryType, both,
       VA_SURFACE_ATTRIB_MEM_TYPE_VA | VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2},
  };
  const unsigned total = sizeof attributes / sizeof *attributes;
  unsigned first = profile->ten_bit ? 0 : 1;
  unsigned room = *count;
  *count = total - first;
  if (list == NULL) return VA_STATUS_SUCCESS;
  if (room < total - first) return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
  for (unsigned index = first; index < total; index++)
    list[index - first] = (VASurfaceAttrib){
        .type = attributes[index].type,
        .flags = attributes[index].flags,
        .value = {.type = VAGenericValueTypeInteger, .value = {.i = attributes[index].value}}};
  return VA_STATUS_SUCCESS;
}
