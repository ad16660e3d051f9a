#pragma once
#include <libavcodec/avcodec.h>
#include <libavcodec/version.h>

// Swift cannot import function-like macros and sums of casts.
static const int VABUF_PROFILE_H264_BASELINE = 66;  // FF_PROFILE_ until 6.0, AV_PROFILE_ from then on
static const int VABUF_INPUT_PADDING = AV_INPUT_BUFFER_PADDING_SIZE;
