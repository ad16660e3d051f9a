#pragma once
// Swift's program has a main of its own.
#define SDL_MAIN_HANDLED
// Not by pkg-config, whose -D_REENTRANT SwiftPM refuses with a warning; glibc has not needed it for decades.
#include <SDL2/SDL.h>

// Swift cannot import these: macros with casts, or with arithmetic on unsigned numbers.
static const Uint32 VABUF_SDL_INIT_VIDEO = SDL_INIT_VIDEO;
static const int VABUF_SDL_WINDOWPOS_CENTERED = SDL_WINDOWPOS_CENTERED;
static const Uint32 VABUF_SDL_BUTTON_LEFT_MASK = SDL_BUTTON_LMASK;
