#pragma once
// Swift's program has a main of its own.
#define SDL_MAIN_HANDLED
// Not by pkg-config, whose -D_REENTRANT SwiftPM refuses with a warning; glibc has not needed it for decades.
#include <dlfcn.h>
#include <stddef.h>

#include <SDL2/SDL.h>
#include <SDL2/SDL_vulkan.h>

// Swift cannot import these: macros with casts, or with arithmetic on unsigned numbers.
static const Uint32 VABUF_SDL_INIT_VIDEO = SDL_INIT_VIDEO;
static const int VABUF_SDL_WINDOWPOS_CENTERED = SDL_WINDOWPOS_CENTERED;
static const Uint32 VABUF_SDL_BUTTON_LEFT_MASK = SDL_BUTTON_LMASK;

// Xlib ends the process at an error of the server, as a GLX without drivers gives while SDL looks at it. What fails is
// also seen by what it returns. SDL loads Xlib by itself; nothing of it is linked here, and Wayland has none.
static inline int vabuf_x11_error_is_no_end(void *display, void *event) { return 0; }

static inline void vabuf_x11_survive_errors(void) {
  void *library = dlopen("libX11.so.6", RTLD_LAZY | RTLD_NOLOAD);
  if (!library) return;
  typedef int (*handler)(void *, void *);
  handler (*set)(handler) = (handler (*)(handler)) dlsym(library, "XSetErrorHandler");
  if (set) set(vabuf_x11_error_is_no_end);
  dlclose(library);
}
