#pragma once
// Not by pkg-config, whose -pthread (Debian 13) SwiftPM refuses with a warning.
#include <libplacebo/colorspace.h>
#include <libplacebo/gpu.h>
#include <libplacebo/log.h>
#include <libplacebo/opengl.h>
#include <libplacebo/renderer.h>
#include <libplacebo/swapchain.h>
#include <libplacebo/utils/upload.h>
#include <libplacebo/vulkan.h>

// All that differs between libplacebo 4.208 (Debian 12) and 7.349 (Debian 13), and what Swift cannot import: macros.

// In 4.208 these are also the names of structs, which makes them ambiguous in Swift.
typedef pl_log vabuf_pl_log;
typedef pl_gpu vabuf_pl_gpu;
typedef pl_tex vabuf_pl_tex;
typedef pl_fmt vabuf_pl_fmt;
typedef pl_opengl vabuf_pl_opengl;
typedef pl_swapchain vabuf_pl_swapchain;
typedef pl_renderer vabuf_pl_renderer;
typedef pl_vulkan vabuf_pl_vulkan;
typedef pl_vk_inst vabuf_pl_vk_inst;

// The name of this function is a macro with the version of the interface in it.
static inline pl_log vabuf_pl_log_create(const struct pl_log_params *params) { return pl_log_create(PL_API_VER, params); }

// GL that runs on a GPU, or also one that runs on the processor. 7 can use OpenGL ES, too, and says so beforehand.
static inline pl_opengl vabuf_pl_opengl_create(pl_log log, bool allow_software, void *display, void *context) {
  struct pl_opengl_params params = pl_opengl_default_params;
  params.allow_software = allow_software;
  params.egl_display = display;
  params.egl_context = context;
  return pl_opengl_create(log, &params);
}

// Pictures of 8 bits, as OpenGL's are. 7 would take up to 16 where there are any, which nobody sees and all pay for.
static inline struct pl_vulkan_swapchain_params vabuf_pl_vulkan_swapchain_params(
    VkSurfaceKHR surface, VkPresentModeKHR mode, int depth) {
  struct pl_vulkan_swapchain_params params = {.surface = surface, .present_mode = mode, .swapchain_depth = depth};
#if PL_API_VER >= 349
  params.disable_10bit_sdr = true;
#endif
  return params;
}

// SDL gives vkGetInstanceProcAddr as data, and Swift casts no data to functions.
static inline PFN_vkGetInstanceProcAddr vabuf_vk_get_instance_proc_addr(void *function) { return (PFN_vkGetInstanceProcAddr) function; }

// SDL makes a window's surface; its end is Vulkan's own, which is reached through vkGetInstanceProcAddr only: nothing is
// linked.
static inline bool vabuf_vk_destroy_surface(pl_vk_inst instance, VkSurfaceKHR surface) {
  PFN_vkDestroySurfaceKHR destroy =
      (PFN_vkDestroySurfaceKHR) instance->get_proc_addr(instance->instance, "vkDestroySurfaceKHR");
  if (destroy) destroy(instance->instance, surface, NULL);
  return destroy != NULL;
}

// Luminance of a mastering display; the same fields in both, within a struct that differs around them.
static inline void vabuf_pl_set_luminance(struct pl_color_space *space, float darkest, float brightest) {
  space->hdr.min_luma = darkest;
  space->hdr.max_luma = brightest;
}

static inline void vabuf_pl_set_light_levels(struct pl_color_space *space, float max_cll, float max_fall) {
  space->hdr.max_cll = max_cll;
  space->hdr.max_fall = max_fall;
}
