#pragma once
// A Swift file that imports one of FFmpeg's modules imports all four: each of them has libavutil's headers in it, and which
// one a declaration belongs to depends on the order of compilation.
#include <libavutil/avutil.h>
#include <libavutil/buffer.h>
#include <libavutil/cpu.h>
#include <libavutil/dict.h>
#include <libavutil/display.h>
#include <libavutil/error.h>
#include <libavutil/frame.h>
#include <libavutil/hwcontext.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/md5.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <errno.h>

// Swift cannot import these: they are macros with casts or function-like macros.
static const int64_t VABUF_NOPTS_VALUE = AV_NOPTS_VALUE;
static const int VABUF_ERROR_EOF = AVERROR_EOF;
static const int VABUF_ERROR_EAGAIN = AVERROR(EAGAIN);
static const int VABUF_ERROR_ENOMEM = AVERROR(ENOMEM);
static const int VABUF_ERROR_EIO = AVERROR(EIO);
static const int VABUF_ERROR_EINVAL = AVERROR(EINVAL);
static const int VABUF_ERROR_ENOSYS = AVERROR(ENOSYS);
static const int VABUF_ERROR_EXIT = AVERROR_EXIT;
static const int VABUF_ERROR_INVALIDDATA = AVERROR_INVALIDDATA;
static const int VABUF_ERROR_DECODER_NOT_FOUND = AVERROR_DECODER_NOT_FOUND;
static const int VABUF_ERROR_ENCODER_NOT_FOUND = AVERROR_ENCODER_NOT_FOUND;
static const int VABUF_ERROR_PATCHWELCOME = AVERROR_PATCHWELCOME;
static const int VABUF_ERROR_STRING_SIZE = AV_ERROR_MAX_STRING_SIZE;
