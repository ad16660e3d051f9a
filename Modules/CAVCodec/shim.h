#pragma once
#include <libavcodec/avcodec.h>
#include <libavcodec/version.h>

// Swift cannot import function-like macros and sums of casts.
static const int VABUF_INPUT_PADDING = AV_INPUT_BUFFER_PADDING_SIZE;
