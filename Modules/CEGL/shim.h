#pragma once
// No window system of its own: SDL made the context.
#define EGL_NO_X11
#define MESA_EGL_NO_X11_HEADERS
#include <EGL/egl.h>
