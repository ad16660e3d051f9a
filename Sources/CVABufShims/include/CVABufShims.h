// The only C of the product: what Swift cannot say, and the differences between FFmpeg 5.1 and 7.1 in one place.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Threads. Swift does not import pthread_setname_np (it is behind _GNU_SOURCE). Returns an errno.
int vabuf_name_this_thread(const char *name);

// Log lines. Swift cannot receive a va_list from a C callback on every architecture.
typedef void (*vabuf_log_sink)(int level, const char *line);
void vabuf_set_log_sink(vabuf_log_sink sink);

// Calls `watch` with the `opaque` of each decoder whose get_buffer2 is this one, and with the format of the line, when
// the decoder logs an error or that it conceals one. FFmpeg 5.1 says no other way that a frame thread concealed.
typedef void (*vabuf_decoder_watch)(void *opaque, const char *format);
void vabuf_watch_decoders(int (*get_buffer2)(AVCodecContext *, AVFrame *, int), vabuf_decoder_watch watch);

// Feature tests: members that moved to flags in libavutil 58.7 (FFmpeg 6.1), and stream side data that moved into
// the codec parameters in libavcodec 60.30.
bool vabuf_frame_is_interlaced(const AVFrame *frame);
bool vabuf_frame_is_top_field_first(const AVFrame *frame);
struct AVStream;
const uint8_t *vabuf_stream_side_data(const struct AVStream *stream, enum AVPacketSideDataType type, size_t *size);

// Whether the codec's descriptor says that every packet decodes by itself; 0 or 1.
int vabuf_codec_is_intra_only(enum AVCodecID id);

// FFmpeg before 6.0: declares get_buffer2 thread-safe, without which it refuses frame threads.
void vabuf_allow_threaded_callbacks(AVCodecContext *context);
